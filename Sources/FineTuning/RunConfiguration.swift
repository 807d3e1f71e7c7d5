internal import Base
package import Configuration
internal import Crystals
package import Foundation
package import Rewards

/// What `learner`, `druse launch` and their kin read: one fine-tuning run.
package struct RunConfiguration: ConfigurationSection {
    package var runDirectory = "runs/run"
    package var seed: UInt64 = 1
    /// The policy to begin with: `base` or a file, relative to the configuration file.
    package var policy = "base"
    /// The frozen policy of the KL term; nil for the one to begin with.
    package var reference: String?
    /// Training steps: batches sampled, scored and learnt from.
    package var versions = 40
    /// Crystals of a version.
    package var batchSize = 256
    /// Crystals of a work unit of an actor.
    package var unitSize = 32
    /// Crystals of a task of a reward worker.
    package var taskSize = 8
    /// The space groups to sample, all alike; empty for the frequencies of the policy's training data.
    package var spaceGroups: [Int] = []
    package var objective = ObjectiveConfiguration()
    package var reward = RewardConfiguration()
    /// `chgnet` or a safetensors file of the same kind.
    package var potential = "chgnet"
    /// `default` or a file in the Alexandria layout.
    package var hull = "default"
    /// Below this a crystal counts as stable, eV/atom.
    package var stableBelow = 0.1
    /// Where the learner listens; port 0 takes a free one.
    package var listen = "tcp://127.0.0.1:0"
    /// Threads of the learner's training; 0 for all cores.
    package var threads = 0
    /// The newest checkpoints that are kept.
    package var keepCheckpoints = 3
    /// Seconds after which a unit is given to another actor as well.
    package var unitLeaseSeconds = 300.0
    /// Seconds after which a task is given to another worker as well.
    package var taskLeaseSeconds = 120.0
    /// Seconds of silence after which a peer is lost.
    package var livenessSeconds = 10.0

    package init() {}

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case seed, policy, reference, versions, objective, reward, potential, hull, listen, threads
        case runDirectory = "run_dir"
        case batchSize = "batch_size"
        case unitSize = "unit_size"
        case taskSize = "task_size"
        case spaceGroups = "space_groups"
        case stableBelow = "stable_below"
        case keepCheckpoints = "keep_checkpoints"
        case unitLeaseSeconds = "unit_lease_seconds"
        case taskLeaseSeconds = "task_lease_seconds"
        case livenessSeconds = "liveness_seconds"
    }

    package init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
            value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.runDirectory, into: &runDirectory)
        try read(.seed, into: &seed)
        try read(.policy, into: &policy)
        reference = try values.decodeIfPresent(String.self, forKey: .reference)
        try read(.versions, into: &versions)
        try read(.batchSize, into: &batchSize)
        try read(.unitSize, into: &unitSize)
        try read(.taskSize, into: &taskSize)
        try read(.spaceGroups, into: &spaceGroups)
        try read(.objective, into: &objective)
        try read(.reward, into: &reward)
        try read(.potential, into: &potential)
        try read(.hull, into: &hull)
        try read(.stableBelow, into: &stableBelow)
        try read(.listen, into: &listen)
        try read(.threads, into: &threads)
        try read(.keepCheckpoints, into: &keepCheckpoints)
        try read(.unitLeaseSeconds, into: &unitLeaseSeconds)
        try read(.taskLeaseSeconds, into: &taskLeaseSeconds)
        try read(.livenessSeconds, into: &livenessSeconds)
    }

    package static var fields: [String: (any ConfigurationSection.Type)?] {
        var fields = plain(CodingKeys.allCases.map(\.rawValue))
        fields["objective"] = .some(ObjectiveConfiguration.self)
        fields["reward"] = .some(RewardConfiguration.self)
        return fields
    }

    package var problems: [String] {
        var problems = objective.problems + reward.problems
        func require(_ condition: Bool, _ text: String) { if !condition { problems.append(text) } }
        require((1...1_000_000_000).contains(versions), "versions is \(versions); it must be at least 1")
        require((1...10_000_000).contains(batchSize), "batch_size is \(batchSize); it must be 1...10000000")
        require((1...1024).contains(unitSize), "unit_size is \(unitSize); it must be 1...1024")
        require((1...256).contains(taskSize), "task_size is \(taskSize); it must be 1...256")
        for number in spaceGroups where SpaceGroup(number: number) == nil {
            problems.append("space_groups holds \(number); space groups are 1...230")
        }
        require(stableBelow.isFinite, "stable_below is \(stableBelow); it must be a number")
        require(!runDirectory.isEmpty, "run_dir is empty; name a folder")
        require(threads >= 0, "threads is \(threads); it must not be negative")
        require(keepCheckpoints >= 2, "keep_checkpoints is \(keepCheckpoints); it must be at least 2")
        for (name, value) in [
            ("unit_lease_seconds", unitLeaseSeconds), ("task_lease_seconds", taskLeaseSeconds),
            ("liveness_seconds", livenessSeconds),
        ] {
            require(value >= 3 && value <= 1e6, "\(name) is \(value); it must be 3 to 1000000")
        }
        do { _ = try Endpoint(listen) } catch { problems.append("listen: \(error)") }
        return problems
    }

    /// A path of the configuration, relative to the folder of its file.
    package static func resolve(_ path: String, relativeTo file: URL?) -> URL {
        guard let file else { return URL(filePath: path) }
        return URL(filePath: path, relativeTo: file.deletingLastPathComponent()).absoluteURL
    }

    /// The configuration with the paths of its files made absolute, so that it means the same wherever it is read.
    package func resolved(relativeTo file: URL?) -> RunConfiguration {
        var copy = self
        func resolve(_ value: String, unless name: String) -> String {
            value == name ? value : Self.resolve(value, relativeTo: file).path
        }
        copy.policy = resolve(policy, unless: "base")
        copy.reference = reference.map { resolve($0, unless: "base") }
        copy.potential = resolve(potential, unless: "chgnet")
        copy.hull = resolve(hull, unless: "default")
        return copy
    }
}
