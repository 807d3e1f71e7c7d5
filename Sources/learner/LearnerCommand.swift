import ArgumentParser
import Base
import Configuration
import Coordination
import FineTuning
import Fleet
import Foundation
import LivePage
import Logging
import Monitoring
import RoleOptions
import Security

/// Trains the policy.
@main
struct LearnerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learner",
        abstract: "Fine-tune a policy with the crystals of actors and the scores of reward workers.",
        discussion: """
            Keeps everything of the run in its directory and prints where it listens. Example: \
            learner --config Configs/quickstart.yaml --listen tcp://127.0.0.1:5555
            """, version: RoleProcess.build)

    static func main() {
        StandardDescriptors.secure()
        main(PageAddress.completing(CommandLine.arguments.dropFirst()))
    }

    @Option(help: "The YAML configuration, such as Configs/quickstart.yaml.")
    var config: String?

    @Option(help: "The run's directory; overrides the configuration.")
    var runDir: String?

    @Flag(help: "Go on with the run of the directory; begin it if there is none yet.")
    var resume = false

    @Option(help: ArgumentHelp("Where to listen; overrides the configuration.", valueName: "tcp://HOST:PORT"))
    var listen: String?

    @Option(help: "The number of versions to train; overrides the configuration.")
    var versions: Int?

    @Option(help: "The seed of the run; overrides the configuration.")
    var seed: UInt64?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "A value in place of the configuration's, such as objective.kl_weight=0.1; may be given again.",
            valueName: "key=value"))
    var settings: [String] = []

    @Flag(help: "Check everything, files included, print what would run, and change nothing.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Make the steps of this run again from its archive, without peers, and compare the weights; nothing is "
                + "written.", valueName: "run directory"))
    var replay: String?

    @Option(help: ArgumentHelp("Where to listen now; used by druse launch.", visibility: .hidden))
    var place: String?

    @Option(help: ArgumentHelp("How long the version in hand may take when asked to stop.", valueName: "seconds"))
    var grace = 60.0

    @Option(
        help: ArgumentHelp(
            "The folder with the learner's key and the keys that may take part: everything is encrypted, and everybody "
                + "authenticated (druse keys, Documentation/security.md). DRUSE_KEYS says the same.",
            valueName: "folder"))
    var keys: String?

    @Option(
        help: ArgumentHelp(
            "The folder of the keys that may take part, if it is not the folder allowed of --keys; DRUSE_ALLOWED says "
                + "the same.", valueName: "folder"))
    var allowed: String?

    @Flag(
        help: ArgumentHelp(
            "Allow to listen where other machines can connect without keys: nothing is encrypted, and nobody is "
                + "authenticated."))
    var insecure = false

    @Option(
        help: ArgumentHelp(
            "Show the run in a browser, at the address that is printed: --page alone at a port of this machine, or at "
                + "a host and port (Documentation/live-page.md).", valueName: "[host:]port"))
    var page: String?

    @OptionGroup var process: ProcessOptions

    func validate() throws {
        if let problem = ConfigurationOverride.problem(of: settings) { throw ValidationError(problem) }
        guard config != nil || overrides.isEmpty || (resume && runDir != nil) else {
            throw ValidationError(
                "--set, --listen, --versions and --seed change what --config says, or the run of --run-dir with "
                    + "--resume: give one of them, too")
        }
        guard replay == nil || (config == nil && runDir == nil && overrides.isEmpty && !resume) else {
            throw ValidationError("--replay takes everything from the run: leave the other options out")
        }
        guard runDir != "" else { throw ValidationError("--run-dir is empty: name a folder") }
        guard grace >= 0 else { throw ValidationError("--grace must not be negative") }
    }

    func run() {
        process.perform("learner") { voice in
            let logger = voice.logger
            if let replay { return try repeatSteps(of: URL(filePath: replay)).rawValue }
            let stop = process.stopToken()
            let directory = runDir.map { URL(filePath: $0) }
            let given = try RunConfiguration.given(
                file: config.map { URL(filePath: $0) }, directory: directory, overrides: overrides)
            let places = LearnerKeyPlaces(keys: keys, allowed: allowed, isInsecure: insecure)
            let credentials = try places.credentials()
            if dryRun {
                let plan = try RunPlan(
                    configuration: given, directory: directory, resume: resume, isInsecure: insecure,
                    credentials: credentials)
                RoleProcess.say(plan.text)
                return ExitStatus.complete.rawValue
            }
            if let given {
                try ListeningRule.check(given.listen, isInsecure: insecure, hasKeys: credentials != nil)
            }
            // Before there is a run directory: a port that is taken leaves none behind.
            let board = StatusBoard()
            let server = try process.serve(.learner(board, build: RoleProcess.build), logger: logger)
            let socket = try pageSocket(voice)
            var run = try FineTuningRun(
                configuration: given, directory: directory, resume: resume, build: RoleProcess.build, logger: logger)
            run.grace = .seconds(min(grace, 1e9))
            run.isInsecure = insecure
            run.credentials = credentials
            if let credentials { voice.say("encrypted; keys that may take part: \(credentials.allowed.count)") }
            run.place = try place.map { try Endpoint($0) }
            if socket != nil || server != nil { run.board = board }
            run.metrics = server?.address
            if let socket, let folder = directory ?? given.map({ URL(filePath: $0.runDirectory) }) {
                let page = try LearnerPage(socket: socket, runDirectory: folder, board: board)
                voice.say("page at \(page.announcement)")
                run.willClose = { page.close() }
            }
            let summary = try run.run(resume: resume, stop: stop, say: voice.say)
            voice.say(
                summary.isComplete
                    ? "done: version \(summary.version)"
                    : "stopped at version \(summary.version); go on with --resume")
            return (summary.isComplete ? ExitStatus.complete : .stopped).rawValue
        }
    }

    /// Where the page listens. A learner that goes on with its run does so without a page rather than not at all.
    private func pageSocket(_ voice: RoleVoice) throws -> PageSocket? {
        guard let page else { return nil }
        do { return try LearnerPage.socket(page, isForPeople: voice.isForPeople) } catch {
            guard resume else { throw error }
            voice.logger.warning("\(error)")
            return nil
        }
    }

    private func repeatSteps(of directory: URL) throws -> ExitStatus {
        let replay = try RunReplay(directory: directory)
        var (differing, crystals, seconds): (String?, Int, Double) = (nil, 0, 0)
        try replay.run { made in
            RoleProcess.say(
                "step \(made.step)  \(made.crystals) crystals  \(HumanFormat.fixed(made.seconds, decimals: 2)) s  "
                    + "policy \(made.policy)" + (made.differs ? "  differs: the run has \(made.recorded ?? "")" : ""))
            if made.differs, differing == nil { differing = "\(made.step)" }
            crystals += made.crystals
            seconds += made.seconds
        }
        let verdict = differing.map { "the weights differ from step \($0) on" } ?? "the weights are those of the run"
        RoleProcess.say(
            "\(replay.steps.count) steps, \(crystals) crystals, \(HumanFormat.fixed(seconds, decimals: 1)) s of "
                + "training: \(verdict)")
        return differing == nil ? .complete : .failure
    }

    private var overrides: [ConfigurationOverride] {
        ConfigurationOverride.list(
            settings,
            [
                ("listen", listen, "--listen"), ("versions", versions, "--versions"), ("seed", seed, "--seed"),
                ("run_dir", config == nil ? nil : runDir, "--run-dir"),
            ])
    }
}
