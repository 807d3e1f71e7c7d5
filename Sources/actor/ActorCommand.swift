import ArgumentParser
import Base
import Engines
import Fleet

/// Samples crystals for a learner.
@main
struct ActorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "actor", abstract: "Sample crystals from the current policy for a learner.",
        discussion: """
            Pulls the newest weights from the learner, samples the units of work it is granted and sends them in. \
            Start as many as you like, wherever the learner can be reached; stop them at any time. \
            Examples: actor --connect tcp://node1:5555; actor --connect-file runs/mine/endpoint.json
            """, version: RoleProcess.build)

    static func main() {
        StandardDescriptors.secure()
        main(nil)
    }

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

    @Option(help: "Threads that sample, each a unit of its own.")
    var threads = 1

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

    func validate() throws {
        if let problem = RoleProcess.connectionProblem(connect: connect, file: connectFile) {
            throw ValidationError(problem)
        }
        guard drain >= 0 else { throw ValidationError("--drain must not be negative") }
        guard patience >= 0 else { throw ValidationError("--patience must not be negative") }
    }

    func run() {
        RoleProcess.perform(isSupervised: exitWithParent) {
            let logger = try RoleProcess.logger("actor", level: logLevel)
            let stop = RoleProcess.stopToken(exitsWithParent: exitWithParent)
            let role = ActorRole(
                configuration: try RoleProcess.peer(
                    connect: connect, file: connectFile, threads: threads, patience: patience, drain: drain,
                    keys: PeerKeyPlaces(keys: keys, serverKey: serverKey)),
                logger: logger, makeSampler: { try PolicyUnitSampler(settings: $0) })
            try role.run(stop: stop)
            return ExitStatus.complete.rawValue
        }
    }
}
