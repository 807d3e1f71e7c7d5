package import Archive
internal import Foundation
package import Policy

/// The policies of a run: the one it began with and the newest.
package struct RunPolicies: Sendable {
    package let before: PolicyWeights
    package let after: PolicyWeights
    /// The version of `after`.
    package let version: Int

    /// - Throws: a clear error where the run has no checkpoint yet.
    package init(_ directory: RunDirectory) throws {
        let configuration = try ConfigurationLoader.load(RunConfiguration.self, from: directory.configuration)
        before = try FineTuningRun.policy(named: configuration.policy)
        let folders = try FileManager.default.contentsOfDirectory(
            at: directory.checkpoints, includingPropertiesForKeys: nil
        ).filter { !$0.lastPathComponent.hasPrefix(".") }.sorted { $0.lastPathComponent < $1.lastPathComponent }
        guard let newest = folders.last else {
            throw ConfigurationError(
                source: directory.checkpoints.path, problems: ["holds no checkpoint yet; wait for the first version"])
        }
        let checkpoint = try CheckpointStore.read(newest)
        guard let bytes = checkpoint.parts[TrainingCheckpoint.policyPart] else {
            throw ConfigurationError(source: newest.path, problems: ["has no policy"])
        }
        after = try PolicyWeights(encoded: bytes)
        version = checkpoint.version
    }
}
