import ArgumentParser
import Base
import Coordination
import Engines
import Fleet
import Kernels
import Logging
import RoleOptions
import Trajectories

/// Scores crystals for a learner.
struct RewardWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reward-worker",
        abstract: "Score crystals for a learner: energies and distances to the convex hull.",
        discussion: """
            Asks the learner for crystals, computes their energies and heights above the hull and returns a result \
            for each. Start as many as you like; stop them at any time. The engine runs in a process of its own, so \
            that a crystal that crashes it costs neither the worker nor other crystals. With --engine it is a program \
            in any language (Documentation/engines.md), for runs whose potential is `external NAME`. \
            Examples: reward-worker --connect tcp://node1:5555 --threads 8; \
            reward-worker --connect-file runs/mine/endpoint.json; \
            reward-worker --connect tcp://node1:5555 --threads 4 --engine "python3 my_engine.py" --engine-shared
            """, version: RoleProcess.build)

    @OptionGroup var learner: PeerOptions

    @Option(help: "Threads that score.")
    var threads = 1

    @Option(
        help: ArgumentHelp(
            "How long one crystal, or a batch of --engine, may take before crystals are tried alone, then given up: "
                + "for true hangs only.",
            valueName: "seconds"))
    var timeLimit = Int(EngineGuard.defaultTimeLimit.components.seconds)

    @OptionGroup var foreign: EngineOptions

    @OptionGroup var process: ProcessOptions

    func run() {
        process.perform("reward-worker") { voice in
            let logger = voice.logger
            let stop = process.stopToken()
            var configuration = try learner.peer(threads: threads)
            try process.serve(&configuration, as: .rewardWorker, logger: logger)
            let limit = Duration.seconds(timeLimit)
            if let engine = try foreign.engine(threads: threads, timeLimit: limit, logger: logger) {
                defer { engine.close() }
                let factory = ForeignMeasurerFactory(engine)
                let role = RewardWorkerRole(
                    configuration: configuration, logger: logger, files: RecipeFileCache(),
                    children: { engine.report }, engine: { engine.brought },
                    makeMeasurer: { try factory.makeMeasurer($0) })
                return ExitStatus(of: try role.run(stop: stop)).rawValue
            }
            configuration.kernels = BLAS.coreName
            let engine = EngineGuard(threads: threads, timeLimit: limit, logger: logger)
            let role = RewardWorkerRole(
                configuration: configuration, logger: logger, files: RecipeFileCache(),
                children: { ChildReport(residentBytes: engine.residentBytes) },
                makeMeasurer: { engine.makeMeasurer($0) })
            return ExitStatus(of: try role.run(stop: stop)).rawValue
        }
    }

    func validate() throws {
        guard timeLimit > 0 else { throw ValidationError("--time-limit must be above 0 seconds, not \(timeLimit)") }
    }
}
