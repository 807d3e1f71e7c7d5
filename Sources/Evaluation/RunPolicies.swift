package import Archive
internal import Configuration
internal import FineTuning
package import Foundation
package import Policy
internal import Trajectories

/// The policies of a run: the one it began with and a later one, the newest if no other is asked for.
package struct RunPolicies: Sendable {
    package let before: PolicyWeights
    package let after: PolicyWeights
    /// The version of `after`.
    package let version: Int
    /// The file of `after`.
    package let file: URL

    /// - Parameter problem: told of each damaged checkpoint that is passed over.
    /// - Throws: a clear error where the run has no checkpoint of that choice.
    package init(
        _ directory: RunDirectory, choice: RunVersionChoice = .newest, problem: (Checkpoint.Damage) -> Void
    ) throws {
        before = try RunInputs(directory).policy()
        let store = CheckpointStore(
            reading: directory.checkpoints, referenceDigest: directory.manifest.referenceDigest,
            run: directory.manifest.mark)
        let chosen = try Self.checkpoint(choice, in: store, problem: problem)
        after = chosen.weights
        version = chosen.version.number
        file = store.folder(of: version).appending(path: TrainingCheckpoint.policyPart)
    }

    private static func checkpoint(
        _ choice: RunVersionChoice, in store: CheckpointStore, problem: (Checkpoint.Damage) -> Void
    ) throws -> TrainingCheckpoint {
        func refused(_ text: String) -> ConfigurationError {
            ConfigurationError(source: store.directory.path, problems: [text])
        }
        switch choice {
        case .newest:
            guard let newest = try TrainingCheckpoint.newest(in: store, problem: problem) else {
                throw refused("holds no usable checkpoint; wait for the first version, or restore one")
            }
            return newest
        case .best:
            guard let best = store.best() else {
                throw refused("notes no best version: the run kept none (keep_best), or has not judged one yet")
            }
            guard best.version > 0 else {
                throw refused("says that the policy at the start is the best by \(best.measure): nothing came after it")
            }
            return try TrainingCheckpoint(store.load(version: best.version))
        case .version(let number):
            guard try store.versions().contains(number) else {
                let kept = try store.versions().map(String.init).joined(separator: ", ")
                throw refused("has no checkpoint of version \(number); there are \(kept.isEmpty ? "none" : kept)")
            }
            return try TrainingCheckpoint(store.load(version: number))
        }
    }
}
