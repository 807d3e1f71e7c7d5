import ArgumentParser
import Base
import Configuration
import Fleet
import Foundation
import Pretraining
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

    func run() throws {
        let file = URL(filePath: config)
        var settings = try ConfigurationLoader.load(PretrainingConfiguration.self, from: file)
        if let runDir { settings.runDirectory = runDir }
        let stop = RoleProcess.stopToken(exitsWithParent: false)
        try PretrainingRun(settings, configurationFile: file, shouldStop: { stop.isStopped }).run(resume: resume)
        if let reason = stop.reason { throw RoleError.work("stopped by \(reason); go on with --resume") }
    }
}
