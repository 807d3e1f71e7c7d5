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
struct LearnerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learner",
        abstract: "Fine-tune a policy with the crystals of actors and the scores of reward workers.",
        discussion: """
            Keeps everything of the run in its directory and prints where it listens. Example: \
            learner --config Configs/quickstart.yaml --listen tcp://127.0.0.1:5555
            """, version: RoleProcess.build)

    @Option(help: "The YAML configuration, such as Configs/quickstart.yaml.")
    var config: String?

    @OptionGroup var options: RunOptions

    @Option(help: ArgumentHelp("Where to listen; overrides the configuration.", valueName: "tcp://HOST:PORT"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "Make the steps of this run again from its archive, without peers, and compare the weights; nothing is "
                + "written.", valueName: "run directory"))
    var replay: String?

    @Option(help: ArgumentHelp("Where to listen now; used by druse launch.", visibility: .hidden))
    var place: String?

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

    @OptionGroup var process: ProcessOptions

    func validate() throws {
        guard config != nil || overrides.isEmpty || (options.resume && options.runDir != nil) else {
            throw ValidationError(
                "--set, --listen, --versions and --seed change what --config says, or the run of --run-dir with "
                    + "--resume: give one of them, too")
        }
        guard replay == nil || (config == nil && options.runDir == nil && overrides.isEmpty && !options.resume) else {
            throw ValidationError("--replay takes everything from the run: leave the other options out")
        }
    }

    func run() {
        process.perform("learner") { voice in
            let logger = voice.logger
            if let replay { return try repeatSteps(of: URL(filePath: replay)).rawValue }
            let stop = process.stopToken()
            let directory = options.runDir.map { URL(filePath: $0) }
            let given = try RunConfiguration.given(
                file: config.map { URL(filePath: $0) }, directory: directory, overrides: overrides,
                resume: options.resume, note: { logger.notice("\($0)") })
            let places = LearnerKeyPlaces(keys: keys, allowed: allowed, isInsecure: options.insecure)
            let credentials = try places.credentials()
            if options.settings.dryRun {
                let plan = try RunPlan(
                    configuration: given, directory: directory, resume: options.resume, isInsecure: options.insecure,
                    credentials: credentials)
                try RoleProcess.answer(plan.text)
                return ExitStatus.complete.rawValue
            }
            if let given {
                try ListeningRule.check(given.listen, isInsecure: options.insecure, hasKeys: credentials != nil)
            }
            // Before there is a run directory: a port that is taken leaves none behind.
            let board = StatusBoard()
            let server = try process.serve(.learner(board, build: RoleProcess.build), logger: logger)
            let socket = try pageSocket(voice)
            var run = try FineTuningRun(
                configuration: given, directory: directory, resume: options.resume, build: RoleProcess.build,
                logger: logger)
            run.grace = options.graceTime
            run.isInsecure = options.insecure
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
            let summary = try run.run(resume: options.resume, stop: stop, say: voice.say)
            // Under druse launch it may be for a process that cannot live, which is known there alone.
            let advice = place == nil ? "; go on with --resume" : ""
            voice.say(
                summary.isComplete
                    ? "done: version \(summary.version)" : "stopped at version \(summary.version)\(advice)")
            return (summary.isComplete ? ExitStatus.complete : .stopped).rawValue
        }
    }

    /// Where the page listens. A learner that goes on with its run does so without a page rather than not at all.
    private func pageSocket(_ voice: RoleVoice) throws -> PageSocket? {
        guard let page = options.page else { return nil }
        do { return try LearnerPage.socket(page, isForPeople: voice.isForPeople) } catch {
            guard options.resume else { throw error }
            voice.logger.warning("\(error)")
            return nil
        }
    }

    private func repeatSteps(of directory: URL) throws -> ExitStatus {
        let replay = try RunReplay(directory: directory)
        if let caution = replay.caution { try RoleProcess.answer(caution) }
        var (differing, unknown, crystals, seconds): (String?, Int, Int, Double) = (nil, 0, 0, 0)
        try replay.run { made in
            RoleProcess.say(
                "step \(made.step)  \(made.crystals) crystals  \(HumanFormat.fixed(made.seconds, decimals: 2)) s  "
                    + "policy \(made.policy)" + (made.differs ? "  differs: the run has \(made.recorded ?? "")" : "")
                    + (made.isUnknown ? "  not compared: the run does not say what it made" : ""))
            if made.differs, differing == nil { differing = "\(made.step)" }
            if made.isUnknown { unknown += 1 }
            crystals += made.crystals
            seconds += made.seconds
        }
        let compared = replay.steps.count - unknown
        let verdict =
            if let differing {
                "the weights differ from step \(differing) on"
            } else if compared == 0 {
                "nothing is known of the weights, since none could be compared with the run's"
            } else if unknown > 0 {
                "the weights are those of the run in the \(compared) steps that could be compared; of \(unknown) "
                    + "the run does not say what they made"
            } else {
                "the weights are those of the run"
            }
        try RoleProcess.answer(
            "\(replay.steps.count) steps, \(crystals) crystals, \(HumanFormat.fixed(seconds, decimals: 1)) s of "
                + "training: \(verdict)")
        return differing == nil && compared > 0 ? .complete : .failure
    }

    private var overrides: [ConfigurationOverride] {
        ConfigurationOverride.list(
            options.settings.values,
            [
                ("listen", listen, "--listen"), ("versions", options.versions, "--versions"),
                ("seed", options.seed, "--seed"),
                ("run_dir", config == nil ? nil : options.runDir, "--run-dir"),
            ])
    }
}
