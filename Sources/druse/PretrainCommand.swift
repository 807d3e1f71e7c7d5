import ArgumentParser
import Base
import Configuration
import Fleet
import Foundation
import Pretraining
import RoleOptions
import Trajectories

/// `druse pretrain`: maximum-likelihood training on a data set.
struct PretrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pretrain", abstract: "Train a policy on a data set by maximum likelihood.")

    @Option(help: "The YAML configuration, such as Configs/pretrain.yaml.")
    var config: String

    @Flag(help: "Go on from the last checkpoint of the run directory.")
    var resume = false

    @Option(help: "Where checkpoints and metrics go; overrides the configuration.")
    var runDir: String?

    @OptionGroup var settings: SettingOptions

    func run() throws {
        let configuration = try ConfigurationLoader.load(
            PretrainingConfiguration.self, from: URL(filePath: config),
            overrides: ConfigurationOverride.list(settings.values, [("run_dir", runDir, "--run-dir")]))
        let stop = RoleProcess.stopToken(exitsWithParent: false)
        let run = PretrainingRun(configuration, shouldStop: { stop.isStopped })
        if settings.dryRun {
            try RoleProcess.answer(ConfigurationText.plan(run.check(resume: resume), configuration))
            return
        }
        if case .wasDone(let steps) = try run.run(resume: resume) {
            try RoleProcess.answer("\(configuration.runDirectory) is done: all \(steps) steps are made already")
            return
        }
        if let reason = stop.reason { throw RoleError.work("stopped by \(reason); go on with --resume") }
    }
}
