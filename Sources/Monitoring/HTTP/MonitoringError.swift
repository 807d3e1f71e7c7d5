internal import Base

/// Why pages cannot be served.
package enum MonitoringError: Error, Sendable, Hashable, CustomStringConvertible {
    case port(Int)
    /// A name without an address.
    case host(String)
    /// The port is taken, or may not be used.
    case listen(String, reason: String)

    package var description: String {
        switch self {
        case .port(let port): "there is no port \(port): give 0 (a free one) to 65535"
        case .host(let host):
            "nothing can be served at \(host): it is no address of this machine, and no name that has one"
        case .listen(let address, let reason):
            "nothing can be served at \(address): \(reason); give another port, or 0 for a free one"
        }
    }
}
