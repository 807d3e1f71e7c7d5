package import Messaging

/// What an actor or a reward worker needs to know.
package struct PeerConfiguration: Sendable {
    /// The hub.
    package var endpoint: Endpoint
    /// Threads that sample or score.
    package var threads: Int = 1
    /// The program's build, told at login.
    package var build: String
    package var host: String
    package var process: Int
    /// How often the role reports.
    package var report: Duration = .seconds(5)
    /// How long to wait for the hub's answer to a hello.
    package var loginDeadline: Duration = .seconds(5)
    /// Gives up after this long without a hub; nil: never.
    package var patience: Duration?
    /// How long leaving may take: finishing the work in hand and having it acknowledged.
    package var drain: Duration = .seconds(20)

    package init(endpoint: Endpoint, build: String, host: String, process: Int) {
        self.endpoint = endpoint
        self.build = build
        self.host = host
        self.process = process
    }

    /// What is wrong with it, in words; empty if nothing.
    package var problems: [String] {
        var problems: [String] = []
        if !endpoint.isDefinite { problems.append("\(endpoint) is nothing to connect to: name a host and a port") }
        if !(1...1024).contains(threads) { problems.append("threads must be in 1...1024") }
        return problems
    }
}

/// Why a role ended without success.
package enum RoleError: Error, Sendable, Hashable, CustomStringConvertible {
    case configuration([String])
    /// The hub does not want this peer.
    case refused(String)
    /// No hub answered.
    case noHub(Endpoint, Duration)
    /// Sampler or scorer could not be made, or fails.
    case work(String)
    /// This process cannot serve the learner, and starting it again will not help: another hull, another potential.
    case cannotServe(String)
    /// The run cannot go on, and starting it again will not help: something has to change first.
    case cannotGoOn(String)
    /// The same unit failed at every try.
    case unitFails(version: Int, unit: Int, String)
    /// The trainer's answer makes no sense.
    case trainer(String)
    case io(String)

    package var description: String {
        switch self {
        case .configuration(let problems): problems.joined(separator: "; ")
        case .refused(let reason): "the learner refused this process: \(reason)"
        case .noHub(let endpoint, let patience):
            "no learner answered at \(endpoint) for \(patience.milliseconds / 1000) s: is it running, is the address "
                + "right?"
        case .work(let reason), .cannotServe(let reason), .cannotGoOn(let reason): reason
        case .unitFails(let version, let unit, let reason):
            "unit \(unit) of version \(version) cannot be sampled: \(reason)"
        case .trainer(let reason): "the trainer: \(reason)"
        case .io(let reason): reason
        }
    }
}
