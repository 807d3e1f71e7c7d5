import ArgumentParser
import Roles

/// Scores crystals for a learner.
@main
struct RewardWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reward-worker",
        abstract: "Score crystals for a learner: energies and distances to the convex hull.",
        discussion: """
            Asks the learner for crystals, computes their energies and heights above the hull and returns a result for each. Start as \
            many as you like; stop them at any time. Example: reward-worker --connect tcp://node1:5555 --threads 8
            """, version: RoleProcess.build)

    @Option(help: ArgumentHelp("The learner's address.", valueName: "tcp://HOST:PORT"))
    var connect: String

    @Option(help: "Threads that score.")
    var threads = 1

    @Option(help: "The least severe messages to show: trace, debug, info, notice, warning, error.")
    var logLevel = "info"

    @Flag(help: ArgumentHelp("Leave when standard input closes; used by druse launch.", visibility: .hidden))
    var exitWithParent = false

    func run() throws {
        let logger = try RoleProcess.logger("reward-worker", level: logLevel)
        let stop = RoleProcess.stopToken(exitsWithParent: exitWithParent)
        let factory = StabilityScorerFactory()
        let role = RewardWorkerRole(
            configuration: try RoleProcess.peer(connect: connect, threads: threads), logger: logger,
            makeScorer: { try factory.makeScorer($0) })
        try role.run(stop: stop)
        RoleProcess.leave()
    }
}
