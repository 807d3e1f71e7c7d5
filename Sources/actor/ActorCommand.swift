import ArgumentParser
import Roles

/// Samples crystals for a learner.
@main
struct ActorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "actor", abstract: "Sample crystals from the current policy for a learner.",
        discussion: """
            Pulls the newest weights from the learner, samples the units of work it is granted and sends them in. Start as many as you \
            like, wherever the learner can be reached; stop them at any time. Example: actor --connect tcp://node1:5555
            """, version: RoleProcess.build)

    @Option(help: ArgumentHelp("The learner's address.", valueName: "tcp://HOST:PORT"))
    var connect: String

    @Option(help: "Threads that sample, each a unit of its own.")
    var threads = 1

    @Option(help: "The least severe messages to show: trace, debug, info, notice, warning, error.")
    var logLevel = "info"

    @Flag(help: ArgumentHelp("Leave when standard input closes; used by druse launch.", visibility: .hidden))
    var exitWithParent = false

    func run() throws {
        let logger = try RoleProcess.logger("actor", level: logLevel)
        let stop = RoleProcess.stopToken(exitsWithParent: exitWithParent)
        let role = ActorRole(
            configuration: try RoleProcess.peer(connect: connect, threads: threads), logger: logger,
            makeSampler: { try PolicyUnitSampler(settings: $0) })
        try role.run(stop: stop)
        RoleProcess.leave()
    }
}
