package import Base

/// Where a learner may listen.
package enum ListeningRule {
    /// What is wrong with a place to listen at; nil if nothing.
    ///
    /// - Parameters:
    ///   - isInsecure: whether other machines may connect although nothing is encrypted and nobody is authenticated.
    ///   - hasKeys: whether everything is encrypted and everybody authenticated.
    package static func problem(of endpoint: Endpoint, isInsecure: Bool, hasKeys: Bool = false) -> String? {
        do {
            if try endpoint.isLocal() || isInsecure || hasKeys { return nil }
        } catch { return "\(error)" }
        return
            "other machines can connect to \(endpoint), and connections are neither encrypted nor authenticated: "
            + "whoever reaches it can take part in the run. Give --keys (two minutes: Documentation/security.md), "
            + "listen at tcp://127.0.0.1:5555, or, in a network that you trust as a whole, give --insecure"
    }

    /// What to say time and again of a place where anybody can take part; nil if it is none.
    package static func warning(of endpoint: Endpoint, hasKeys: Bool) -> String? {
        guard !hasKeys, (try? endpoint.isLocal()) != true else { return nil }
        return "insecure: nothing between \(endpoint) and its peers is encrypted, and whoever reaches it can take part "
            + "in the run; --keys in place of --insecure ends that (Documentation/security.md)"
    }
}
