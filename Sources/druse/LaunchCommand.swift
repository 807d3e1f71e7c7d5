import ArgumentParser
import Base
import Configuration
import Engines
import Fleet
import Foundation
import Launch
import LivePage
import Logging
import Monitoring
import RoleOptions
import Trajectories

/// `druse launch`: learner, actors and reward workers on this machine.
struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch", abstract: "Run learner, actors and reward workers on this machine, supervised.",
        discussion: """
            Processes that end while the run is on are started again. Ctrl-C, SIGTERM and SIGHUP finish the version in \
            hand, save and stop, with status 3; a second one ends everything at once. SIGUSR1 tells when the version \
            in hand is saved.
            """)

    @Option(help: "The YAML configuration, such as Configs/quickstart.yaml.")
    var config: String

    @Option(help: "How many actors.")
    var actors = 1

    @Option(help: "How many reward workers.")
    var rewardWorkers = 2

    @OptionGroup var options: RunOptions

    @Option(
        help: ArgumentHelp(
            "The folder of keys: everything is encrypted, and everybody authenticated. Made, with a key for the "
                + "learner and one for the processes here, if it is not there (druse keys, Documentation/security.md).",
            valueName: "folder"))
    var keys: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Further options of the reward workers, split into words as a shell's, such as \"--threads 4 --engine "
                + "'python3 my_engine.py'\".", valueName: "options"))
    var workerOptions: String?

    @Option(
        help: ArgumentHelp(
            "Serve the learner's metrics at this port of this machine (0: a free one), and those of its actors and "
                + "reward workers at free ones; the run directory says where (Documentation/metrics.md).",
            valueName: "port"))
    var metricsPort: Int?

    @Option(
        help: ArgumentHelp(
            "The least severe messages of the processes to show: trace, debug, info, notice, warning, error (default: "
                + "notice). DRUSE_LOG says the same, and with json that they are written as JSON.", valueName: "level"))
    var logLevel: String?

    @OptionGroup var slurm: SlurmOptions

    func validate() throws {
        guard actors >= 1, rewardWorkers >= 1 else {
            throw ValidationError("at least one actor and one reward worker are needed")
        }
        if let metricsPort, !(0...65_535).contains(metricsPort) {
            throw ValidationError("--metrics-port must be in 0...65535, not \(metricsPort)")
        }
        guard keys != "" else { throw ValidationError("--keys is empty: name a folder") }
        if keys != nil, options.insecure { throw ValidationError("--keys and --insecure exclude each other") }
    }

    func run() {
        let settings = { try LogSettings(level: "info") }
        RoleProcess.perform(role: "launch", isSupervised: false, settings: settings) { voice in
            if slurm.slurm { return try slurm.submit(self) }
            let logger = voice.logger
            let stop = StopToken()
            TerminationSignals.install(stop, second: { stop.abort(status: 128 + $0) })
            var cluster = LocalCluster(
                configurationFile: URL(filePath: config), actors: actors, rewardWorkers: rewardWorkers,
                runDirectory: options.runDir, resume: options.resume, overrides: overrides,
                logLevel: logLevel ?? (LogSettings.isInEnvironment ? nil : "notice"))
            cluster.grace = options.graceSeconds
            cluster.isInsecure = options.insecure
            cluster.metricsPort = metricsPort
            cluster.keys = KeyEnvironment.folder(keys)
            if options.insecure, let keys = cluster.keys {
                throw RoleError.configuration([
                    "--insecure excludes keys, and the environment names \(keys): leave one of them out"
                ])
            }
            if let workerOptions {
                cluster.workerOptions = try EngineWords.split(workerOptions, option: "--worker-options")
            }
            let page = try options.page.map { try settledPage($0, isForPeople: voice.isForPeople) }
            cluster.page = page.map { "\($0.address)" }
            if let metricsPort {
                try ServedAddress(host: ServedAddress.loopback, port: metricsPort).checkFree()
            }
            if options.settings.dryRun {
                try RoleProcess.answer(cluster.plan())
                return ExitStatus.complete.rawValue
            }
            var timing = SupervisionCore.Timing()
            // For the step, the checkpoint and the peers' goodbyes.
            timing.stop = options.graceTime + .seconds(30)
            let children = try cluster.children()
            if let text = try cluster.makeKeys() { logger.notice("\(text)") }
            // The learner takes the token for one that is known, and does not tell it.
            if let page, let token = page.madeToken { voice.say("page at \(page.address.url)?token=\(token)") }
            let summary = try Supervisor(children: children, timing: timing, logger: logger).run(stop: stop)
            let restarts = summary.restarts.reduce(0, +)
            if restarts > 0 { logger.notice("\(restarts) restarts of processes that died") }
            if summary.status == ExitStatus.stopped.rawValue { voice.say("go on with --resume") }
            return summary.status
        }
    }

    /// The page's address with a port, and its token in the environment: both outlive a learner that is started again.
    private func settledPage(
        _ text: String, isForPeople: Bool
    ) throws -> (address: PageAddress, madeToken: String?) {
        let address = try PageAddress(text)
        let needsToken = try Page.needsToken(at: address, isForPeople: isForPeople)
        let socket = try PageSocket(address)
        defer { socket.close() }
        guard needsToken else { return (socket.address, nil) }
        let token = PageAccess.newToken()
        setenv(Page.tokenVariable, token, 1)
        return (socket.address, token)
    }

    var overrides: [ConfigurationOverride] {
        ConfigurationOverride.list(
            options.settings.values,
            [("versions", options.versions, "--versions"), ("seed", options.seed, "--seed")])
    }
}
