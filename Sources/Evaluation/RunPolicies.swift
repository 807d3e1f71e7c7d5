package import Archive
internal import Configuration
internal import FineTuning
package import Foundation
package import Policy
internal import Trajectories

/// The policies of a run: the one it began with and the newest.
package struct RunPolicies: Sendable {
    package let before: PolicyWeights
    package let after: PolicyWeights
    /// The version of `after`.
    package let version: Int
    /// The file of `after`.
    package let file: URL

    /// - Parameter problem: told of each damaged checkpoint that is passed over.
    /// - Throws: a clear error where the run has no checkpoint yet.
    package init(_ directory: RunDirectory, problem: (Checkpoint.Damage) -> Void) throws {
        before = try RunInputs(directory).policy()
        let store = CheckpointStore(
            reading: directory.checkpoints, referenceDigest: directory.manifest.referenceDigest,
            run: directory.manifest.mark)
        guard let newest = try TrainingCheckpoint.newest(in: store, problem: problem) else {
            throw ConfigurationError(
                source: directory.checkpoints.path,
                problems: ["holds no usable checkpoint; wait for the first version, or restore one"])
        }
        after = newest.weights
        version = newest.version.number
        file = store.folder(of: version).appending(path: TrainingCheckpoint.policyPart)
    }
}
