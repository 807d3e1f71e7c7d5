import ArgumentParser
import Base
import Engines
import Fleet
import Logging
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

    @Option(help: ArgumentHelp("The learner's address.", valueName: "tcp://HOST:PORT"))
    var connect: String?

    @Option(
        help: ArgumentHelp(
            "The learner's endpoint.json, in its run directory, in place of the address: it is waited for, and "
                + "followed when the learner is started elsewhere.", valueName: "file"))
    var connectFile: String?

    @Option(
        help: ArgumentHelp(
            "The key of this process, or a folder that holds one (druse keys, Documentation/security.md); DRUSE_KEYS "
                + "says the same.", valueName: "file"))
    var keys: String?

    @Option(
        help: ArgumentHelp(
            "The public key of the learner; else learner.pub beside --keys. DRUSE_SERVER_KEY says the same.",
            valueName: "file"))
    var serverKey: String?

    @Option(help: "Threads that score.")
    var threads = 1

    @Option(
        help: ArgumentHelp(
            "How long one crystal, or a batch of --engine, may take before crystals are tried alone, then given up: "
                + "for true hangs only.",
            valueName: "seconds"))
    var timeLimit = Int(EngineGuard.defaultTimeLimit.components.seconds)

    @OptionGroup var foreign: EngineOptions

    @Option(
        help: ArgumentHelp(
            "How long to look for a learner that does not answer; 0: for ever.", valueName: "seconds"))
    var patience = 1800.0

    @Option(
        help: ArgumentHelp(
            "How long leaving may take when asked to: what is begun is finished, the rest given back; what is not done "
                + "by then goes to others.", valueName: "seconds"))
    var drain = 20.0

    @Option(help: "The least severe messages to show: trace, debug, info, notice, warning, error.")
    var logLevel = "info"

    @Flag(help: ArgumentHelp("Leave when standard input closes; used by druse launch.", visibility: .hidden))
    var exitWithParent = false

    func run() {
        RoleProcess.perform(isSupervised: exitWithParent) {
            let logger = try RoleProcess.logger("reward-worker", level: logLevel)
            let stop = RoleProcess.stopToken(exitsWithParent: exitWithParent)
            let configuration = try RoleProcess.peer(
                connect: connect, file: connectFile, threads: threads, patience: patience, drain: drain,
                keys: PeerKeyPlaces(keys: keys, serverKey: serverKey))
            let limit = Duration.seconds(timeLimit)
            if let engine = try foreign.engine(threads: threads, timeLimit: limit, logger: logger) {
                defer { engine.close() }
                let factory = ForeignMeasurerFactory(engine)
                try RewardWorkerRole(
                    configuration: configuration, logger: logger, files: RecipeFileCache(),
                    children: { engine.report }, makeMeasurer: { try factory.makeMeasurer($0) }
                ).run(stop: stop)
                return ExitStatus.complete.rawValue
            }
            let engine = EngineGuard(threads: threads, timeLimit: limit, logger: logger)
            let role = RewardWorkerRole(
                configuration: configuration, logger: logger, files: RecipeFileCache(),
                children: { ChildReport(residentBytes: engine.residentBytes) },
                makeMeasurer: { engine.makeMeasurer($0) })
            try role.run(stop: stop)
            return ExitStatus.complete.rawValue
        }
    }

    func validate() throws {
        if let problem = RoleProcess.connectionProblem(connect: connect, file: connectFile) {
            throw ValidationError(problem)
        }
        guard timeLimit > 0 else { throw ValidationError("--time-limit must be above 0 seconds, not \(timeLimit)") }
        guard drain >= 0 else { throw ValidationError("--drain must not be negative") }
        guard patience >= 0 else { throw ValidationError("--patience must not be negative") }
    }
}
