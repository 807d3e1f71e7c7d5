package import Base
package import Security
package import Trajectories

/// Where a peer finds its relay, which it asks for the pieces of blobs before the learner.
package struct RelayPlace: Sendable {
    /// Its address; nil: where its endpoint file says.
    package var endpoint: Endpoint?
    /// The path of the file in which it says where it listens.
    package var file: String?
    /// By what this peer is known there, and the only relay that it trusts; nil: a connection without keys.
    package var credentials: PeerCredentials?
    /// How long a piece may take before the learner is asked for it.
    package var patience = Duration.seconds(5)
    /// How long a peer that starts waits for its relay to answer before it asks the learner.
    package var grace = Duration.seconds(2)

    package init(endpoint: Endpoint? = nil, file: String? = nil, credentials: PeerCredentials? = nil) {
        self.endpoint = endpoint
        self.file = file
        self.credentials = credentials
    }

    /// Reads what a command line says: an address, or the path of an endpoint file.
    ///
    /// - Throws: `RoleError` for what is meant as an address and is none that can be connected to.
    package init(text: String, credentials: PeerCredentials? = nil) throws(RoleError) {
        guard text.contains("://") else {
            guard !text.isEmpty else {
                throw .configuration(["--relay is empty: give tcp://HOST:PORT, or the file that the relay writes"])
            }
            self.init(file: text, credentials: credentials)
            return
        }
        let endpoint: Endpoint
        do { endpoint = try Endpoint(text) } catch { throw .configuration(["--relay: \(error)"]) }
        guard endpoint.isDefinite else {
            throw .configuration(["--relay: \(endpoint) is nothing to connect to: name a host and a port"])
        }
        self.init(endpoint: endpoint, credentials: credentials)
    }

    /// What it is looked for by, in words.
    var name: String { endpoint.map { "the relay at \($0)" } ?? "the relay that \(file ?? "nobody") names" }
}

/// What becomes of the connection to a relay.
package enum RelayChange: Sendable, Hashable {
    /// Messages go to and fro.
    case connected
    /// The connection is gone, or its endpoint file names another place.
    case lost
    /// A connection came to nothing, for a reason that it shows.
    case failed(LoginObstacle)
}
