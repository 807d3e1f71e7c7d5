package import Base
package import Coordination
package import Security

/// What a relay needs to know.
package struct RelayConfiguration: Sendable {
    /// How it finds its learner, and is known there.
    package var peer: PeerConfiguration
    /// Where it listens for peers; port 0 takes a free one.
    package var endpoint: Endpoint
    /// Whether to listen where other machines can connect although nothing is encrypted and nobody authenticated.
    package var isInsecure = false
    /// By what its peers know it, and whom it lets in; nil: connections are neither encrypted nor authenticated.
    package var credentials: LearnerCredentials?
    /// Bytes of blobs that are kept in memory.
    package var cacheBytes = 1 << 30
    /// More connections than this are cut.
    package var connections = 4096
    /// How often it tells what it served.
    package var report = Duration.seconds(60)

    /// Where it tells what it does, for its metrics, each second; nil: nobody asks.
    package var figures: LatestValue<RelayCore.Figures>?

    package init(peer: PeerConfiguration, endpoint: Endpoint) {
        self.peer = peer
        self.endpoint = endpoint
    }

    /// What is wrong with it, in words; empty if nothing.
    package var problems: [String] {
        var problems = peer.problems
        let rule = ListeningRule.problem(of: endpoint, isInsecure: isInsecure, hasKeys: credentials != nil)
        if let rule { problems.append(rule) }
        if peer.credentials != nil, credentials == nil {
            problems.append("it has a key for its learner and none for its peers")
        }
        if cacheBytes < 0 { problems.append("the cache must have at least 0 bytes") }
        return problems
    }
}
