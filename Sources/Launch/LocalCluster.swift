internal import Archive
internal import Base
package import Configuration
internal import Coordination
internal import FineTuning
package import Foundation
internal import Security
internal import Trajectories
internal import Transport

/// The processes of a run on one machine, for the supervisor.
package struct LocalCluster: Sendable {
    private let configurationFile: URL
    private let actors: Int
    private let rewardWorkers: Int
    private let runDirectory: String?
    private let resume: Bool
    private let overrides: [ConfigurationOverride]
    /// nil: as `DRUSE_LOG` says, which the processes inherit.
    private let logLevel: String?
    /// How long the learner may take to finish the version in hand when asked to stop, seconds.
    package var grace = 60.0
    /// Whether the learner may listen where other machines can reach it.
    package var isInsecure = false
    /// The folder of keys; nil: connections without.
    package var keys: String?
    /// The name of the key of the processes here.
    private static let keyName = "local"
    /// Where the learner shows its page; nil: nowhere.
    package var page: String?
    /// How much actors and reward workers give way to the learner in the asynchronous mode, as they share its
    /// processors: they fill the gaps of its training, so that crystals are sampled late, by newer versions.
    private static let asynchronousNiceness: Int32 = 15
    /// Further options of the reward workers.
    package var workerOptions: [String] = []
    /// Where the learner serves its metrics, and that its peers do so at free ports; nil: nobody does.
    package var metricsPort: Int?

    package init(
        configurationFile: URL, actors: Int, rewardWorkers: Int, runDirectory: String?, resume: Bool,
        overrides: [ConfigurationOverride], logLevel: String?
    ) {
        self.configurationFile = configurationFile
        self.actors = actors
        self.rewardWorkers = rewardWorkers
        self.runDirectory = runDirectory
        self.resume = resume
        self.overrides = overrides
        self.logLevel = logLevel
    }

    /// What would run, found out by `RunPlan`, with the command of every process; nothing is started or changed.
    package func plan() throws -> String {
        let plan = try RunPlan(
            configuration: configuration(), directory: runDirectory.map { URL(filePath: $0) }, resume: resume,
            isInsecure: isInsecure || keys != nil)
        let commands = try children().map { child in
            let words = child.niceness > 0 ? ["nice", "-n", "\(child.niceness)"] : []
            return "\(child.name): \((words + [child.executable] + child.arguments).joined(separator: " "))"
        }
        return ConfigurationText.plan(plan.lines + commands, plan.configuration)
    }

    /// Makes the keys of the processes here that are not there.
    ///
    /// - Returns: what was made, in words; nil if nothing.
    /// - Throws: `SecurityError`, `ZMQError`.
    package func makeKeys() throws -> String? {
        guard let keys else { return nil }
        let folder = KeyFolder(path: keys)
        var made: [String] = []
        for (name, role) in [(KeyName.learner, KeyRole.learner), (Self.keyName, .any)] {
            guard !FileManager.default.fileExists(atPath: folder.file(name + KeyFolder.secretSuffix)) else { continue }
            let record = KeyRecord(name: name, role: role, pair: try CurveEnd.makePair(), created: KeyRecord.today)
            try folder.write(record)
            if role != .learner { try folder.allowed.allow(record, as: role) }
            made.append(name)
        }
        return made.isEmpty ? nil : "made keys in \(keys): \(made.joined(separator: ", "))"
    }

    private func configuration() throws -> RunConfiguration {
        try ConfigurationLoader.load(RunConfiguration.self, from: configurationFile, overrides: overrides)
    }

    /// The learner first, then actors and reward workers, all at one address.
    ///
    /// - Throws: what is wrong with the configuration, before anything is started.
    package func children() throws -> [ChildSpecification] {
        let configuration = try configuration()
        let folder = URL(filePath: runDirectory ?? configuration.runDirectory)
        if !resume, RunDirectory.holdsRun(at: folder) {
            // Started again with --resume, the learner would go on with it.
            throw ArchiveError.runExists(path: folder.path, runID: try RunDirectory.open(at: folder).manifest.runID)
        }
        try ListeningRule.check(configuration.listen, isInsecure: isInsecure, hasKeys: keys != nil)
        // A learner that is started again must come back where its peers look: no port 0.
        let place = try FreePort.settle(Endpoint(configuration.listen).listening())
        var learner = try child("learner", "learner", ["--config", configurationFile.path, "--place", "\(place)"])
        if let runDirectory { learner.arguments += ["--run-dir", runDirectory] }
        learner.arguments += overrides.flatMap { ["--set", $0.setting] }
        if resume { learner.arguments.append("--resume") } else { learner.restartArguments = ["--resume"] }
        learner.arguments += ["--grace", "\(grace)"]
        if isInsecure { learner.arguments.append("--insecure") }
        if let metricsPort { learner.arguments += ["--metrics-port", "\(metricsPort)"] }
        if let page { learner.arguments += ["--page", page] }
        learner.isPrimary = true
        learner.failuresPerHour = 5
        var connection = ["--connect", "\(place.fromThisMachine)"]
        if let keys {
            let folder = KeyFolder(path: keys)
            learner.arguments += ["--keys", keys, "--allowed", folder.allowed.path]
            connection += ["--keys", folder.file(Self.keyName + KeyFolder.secretSuffix)]
            connection += ["--server-key", folder.file(KeyName.learner + KeyFolder.publicSuffix)]
        }
        if metricsPort != nil { connection += ["--metrics-port", "0"] }
        var children = [learner]
        for index in 0..<actors { children.append(try child("actor-\(index + 1)", "actor", connection)) }
        for index in 0..<rewardWorkers {
            children.append(
                try child("reward-worker-\(index + 1)", "reward-worker", connection + workerOptions))
        }
        if configuration.mode == .asynchronous {
            for index in children.indices where !children[index].isPrimary {
                children[index].niceness = Self.asynchronousNiceness
            }
        }
        return children
    }

    private func child(_ name: String, _ program: String, _ arguments: [String]) throws -> ChildSpecification {
        let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        let own = Bundle.main.executableURL?.deletingLastPathComponent() ?? folder
        let path = own.appending(path: program).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw RoleError.work("\(path) is missing; build all programs with: swift build -c release")
        }
        var child = ChildSpecification(
            name: name, executable: path, arguments: arguments + ["--exit-with-parent"])
        if let logLevel { child.arguments += ["--log-level", logLevel] }
        child.kind = program
        return child
    }
}
