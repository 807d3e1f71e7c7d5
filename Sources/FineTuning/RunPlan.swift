internal import Archive
internal import Configuration
internal import Coordination
internal import Engines
package import Foundation
internal import Policy
internal import Potentials
internal import Rewards
package import Security
internal import Stability

/// What a learner would do, found out without doing it: everything is checked that a start checks, files included, and
/// nothing is changed.
package struct RunPlan: Sendable {
    /// The configuration in effect.
    package let configuration: RunConfiguration
    /// What would run, a line each.
    package let lines: [String]

    /// All of it as a configuration file with comments.
    package var text: String { ConfigurationText.plan(lines, configuration) }

    /// - Parameters:
    ///   - configuration: with paths resolved; nil, when resuming, for the one the run was begun with.
    ///   - url: the run's directory, if it is not the configuration's.
    /// - Throws: what ``FineTuningRun`` would throw on its way to the first version.
    package init(
        configuration: RunConfiguration?, directory url: URL?, resume: Bool, isInsecure: Bool,
        credentials: LearnerCredentials? = nil
    ) throws {
        guard let folder = url ?? configuration.map({ URL(filePath: $0.runDirectory) }) else {
            throw ConfigurationError(source: "learner", problems: ["needs --config, or --run-dir with --resume"])
        }
        let standard: MeasuringStandard
        let judges: [MeasuringStandard]
        let properties: PropertyStandard
        let start: String
        var effective: RunConfiguration
        let policy: PolicyConfiguration
        let reward: RewardConfiguration
        if resume, configuration == nil || RunDirectory.holdsRun(at: folder) {
            let directory = try RunDirectory.open(at: folder)
            try RunDirectory.checkWritable(at: folder)
            try RunLock.checkFree(at: folder.appending(path: "lock"))
            let inputs = try RunInputs(directory)
            standard = try inputs.standard()
            judges = try inputs.judgeStandards()
            policy = try inputs.policy().configuration
            properties = try inputs.propertyStandard()
            effective = try FineTuningRun.merged(inputs, given: configuration)
            reward = try inputs.reward(effective.reward)
            let version = try FineTuningRun.startVersion(directory, engine: standard.digests, given: configuration)
            start = "goes on with the run \(directory.manifest.runID) in \(folder.path) at version \(version)"
        } else {
            guard let configuration else { throw ConfigurationError(source: "--config", problems: ["is missing"]) }
            let manifest = RunManifest(build: "", seed: configuration.seed, referenceDigest: "")
            try RunDirectory.checkIsFree(at: folder, manifest: manifest)
            policy = try FineTuningRun.policies(of: configuration).initial.configuration
            standard = try configuration.standard()
            judges = try configuration.judgeStandards()
            properties = try configuration.propertyStandard()
            effective = configuration
            reward = configuration.reward
            try configuration.checkJudges(beside: properties)
            start = "begins a run in \(folder.path)"
        }
        // Opens what its terms look through.
        _ = try RewardJudge(reward)
        let elements = try effective.elements.choice(for: standard, policy: policy)
        effective.runDirectory = folder.path
        self.configuration = effective
        try ListeningRule.check(effective.listen, isInsecure: isInsecure, hasKeys: credentials != nil)
        let keys = credentials.map { ", encrypted; keys that may take part: \($0.allowed.count)" } ?? ""
        lines =
            [
                "\(start), up to version \(effective.versions), \(effective.batchSize) crystals each"
                    + (effective.mode == .asynchronous
                        ? ", asynchronous: crystals up to \(effective.maxStaleness) versions old" : ""),
                "energies: \(standard.potentialLabel), hull \(standard.hullDigest)",
            ] + [elements.words].compactMap { $0 }
            + zip(effective.judges, judges).map { judge, standard in
                "judge \(judge.name): \(standard.potentialLabel), hull \(standard.hullDigest)"
            }
            + zip(effective.properties, properties.models).map { name, model in
                "predicts \(model.predictions.map(\.name).joined(separator: ", ")) by \(name) \(model.digest)"
            } + ["listens at \(effective.listen)\(keys)"]
    }
}
