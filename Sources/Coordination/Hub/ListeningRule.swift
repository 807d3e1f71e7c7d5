package import Base

/// Where a learner may listen.
package enum ListeningRule {
    /// What is wrong with a place to listen at; nil if nothing.
    ///
    /// - Parameter isInsecure: whether other machines may connect although nothing is encrypted and nobody is
    ///   authenticated.
    package static func problem(of endpoint: Endpoint, isInsecure: Bool) -> String? {
        do {
            if try endpoint.isLocal() || isInsecure { return nil }
        } catch { return "\(error)" }
        return
            "other machines can connect to \(endpoint), and connections are neither encrypted nor authenticated: "
            + "whoever reaches it can take part in the run. Listen at tcp://127.0.0.1:5555, or, in a network that you "
            + "trust as a whole, give --insecure"
    }
}
