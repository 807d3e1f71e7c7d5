package import Base
package import Security

/// What an actor or a reward worker needs to know.
package struct PeerConfiguration: Sendable {
    /// The hub; nil: where the endpoint file says.
    package var endpoint: Endpoint?
    /// The path of the file in which the learner says where it listens; peers follow it. nil: it stays at the endpoint.
    package var endpointFile: String?
    /// By what it is known, and the only learner that it trusts; nil: a connection without keys.
    package var credentials: PeerCredentials?
    /// Whom to ask for the pieces of blobs before the learner; nil: nobody.
    package var relay: RelayPlace?
    /// Threads that sample or score.
    package var threads: Int = 1
    /// The program's build, told at login.
    package var build: String
    /// The processor whose kernels its numbers are computed with, told at login; empty: none depends on them.
    package var kernels = ""
    package var host: String
    /// What whoever started it calls it; empty: its host stands for it.
    package var title = ""
    package var process: Int
    /// How often the role reports.
    package var report: Duration = .seconds(5)
    /// How long to wait for the hub's answer to a hello.
    var loginDeadline: Duration = .seconds(5)
    /// Gives up after this long without a hub; nil: never.
    package var patience: Duration?
    /// Where its metrics are served, "HOST:PORT", told at login; empty: nowhere.
    package var metrics = ""
    /// Where it notes what it has done, for those; nil: nobody asks.
    package var figures: LatestValue<PeerFigures>?
    /// How long leaving may take: finishing the work in hand and having it acknowledged.
    package var drain: Duration = .seconds(20)
    /// Faults that it makes on purpose; nil: none.
    package var chaos: ChaosRule?

    package init(endpoint: Endpoint?, build: String, host: String, process: Int) {
        self.endpoint = endpoint
        self.build = build
        self.host = host
        self.process = process
    }

    /// What it looks for its learner by, in words.
    package var learnerName: String {
        endpoint.map { "the learner at \($0)" } ?? "the learner that \(endpointFile ?? "nobody") names"
    }

    /// What is wrong with it, in words; empty if nothing.
    package var problems: [String] {
        var problems: [String] = []
        if let endpoint, !endpoint.isDefinite {
            problems.append("\(endpoint) is nothing to connect to: name a host and a port")
        }
        if endpoint == nil, endpointFile == nil { problems.append("neither a learner nor its endpoint file is named") }
        if !(1...1024).contains(threads) { problems.append("threads must be in 1...1024") }
        return problems
    }
}
