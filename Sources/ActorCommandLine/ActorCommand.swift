import ArgumentParser
import Base
import Coordination
import Engines
import Fleet
import Kernels
import RoleOptions
import Trajectories

/// Samples crystals for a learner.
struct ActorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "actor", abstract: "Sample crystals from the current policy for a learner.",
        discussion: """
            Pulls the newest weights from the learner, samples the units of work it is granted and sends them in. \
            Start as many as you like, wherever the learner can be reached; stop them at any time. \
            Examples: actor --connect tcp://node1:5555; actor --connect-file runs/mine/endpoint.json
            """, version: RoleProcess.build)

    @OptionGroup var learner: PeerOptions

    @Option(help: "Threads that sample, each a unit of its own.")
    var threads = 1

    @OptionGroup var process: ProcessOptions

    func run() {
        process.perform("actor") { voice in
            let stop = process.stopToken()
            var configuration = try learner.peer(threads: threads)
            configuration.kernels = BLAS.coreName
            try process.serve(&configuration, as: .actor, logger: voice.logger)
            let role = ActorRole(
                configuration: configuration, logger: voice.logger,
                makeSampler: { try PolicyUnitSampler(settings: $0) })
            return ExitStatus(of: try role.run(stop: stop)).rawValue
        }
    }
}
