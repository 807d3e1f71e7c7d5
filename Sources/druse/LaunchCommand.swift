import ArgumentParser
import Foundation
import Logging
import Roles

/// `druse launch`: learner, actors and reward workers on this machine.
struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch", abstract: "Run learner, actors and reward workers on this machine, supervised.",
        discussion: "Processes that die are started again; Ctrl-C finishes the version in hand, saves and stops.")

    @Option(help: "The YAML configuration, such as Configs/quickstart.yaml.")
    var config: String

    @Option(help: "How many actors.")
    var actors = 1

    @Option(help: "How many reward workers.")
    var rewardWorkers = 2

    @Option(help: "The run's directory; overrides the configuration.")
    var runDir: String?

    @Flag(help: "Go on with the run of the directory.")
    var resume = false

    @Option(help: "The number of versions to train; overrides the configuration.")
    var versions: Int?

    @Option(help: "The seed of the run; overrides the configuration.")
    var seed: UInt64?

    @Option(help: "The least severe messages to show: trace, debug, info, notice, warning, error.")
    var logLevel = "notice"

    func validate() throws {
        guard actors >= 1, rewardWorkers >= 1 else {
            throw ValidationError("at least one actor and one reward worker are needed")
        }
    }

    func run() throws {
        let logger = try RoleProcess.logger("launch", level: "info")
        let stop = RoleProcess.stopToken(exitsWithParent: false)
        let cluster = LocalCluster(
            configurationFile: URL(filePath: config), actors: actors, rewardWorkers: rewardWorkers,
            runDirectory: runDir,
            resume: resume, versions: versions, seed: seed, logLevel: logLevel)
        let children = try cluster.children()
        let summary = try Supervisor(children: children, logger: logger).run(stop: stop)
        let restarts = summary.restarts.reduce(0, +)
        if restarts > 0 { logger.notice("\(restarts) restarts of processes that died") }
        if summary.status != 0 { throw ExitCode(summary.status) }
    }
}
