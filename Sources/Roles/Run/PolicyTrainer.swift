package import Archive
package import Foundation
internal import Kernels
package import Policy
internal import PolicyOptimization
internal import Rewards

/// Learns from scored batches by clipped policy gradients and keeps all state in checkpoints.
package final class PolicyTrainer: BatchTrainer {
    private let reward: RewardConfiguration
    private let settings: PolicyGradientSettings
    private let reference: WeightBlob
    private let store: CheckpointStore
    private var trainer: PolicyGradientTrainer
    private var version: Int
    private var blob: WeightBlob

    /// - Parameters:
    ///   - initial: the policy of version 0.
    ///   - reference: the bytes of the frozen policy of the KL term.
    ///   - resume: goes on from the newest complete checkpoint if there is one.
    package init(
        configuration: RunConfiguration, initial: PolicyWeights, reference: Data, store: CheckpointStore, resume: Bool,
        problem: (String) -> Void
    ) throws {
        reward = configuration.reward
        settings = configuration.objective.settings
        self.reference = WeightBlob([UInt8](reference))
        self.store = store
        let threads = configuration.threads > 0 ? configuration.threads : ThreadTeam.availableCores
        var state = TrainingCheckpoint(
            version: 0, weights: initial,
            optimiser: Adam(parameterCount: initial.layout.parameterCount, settings: settings.adam),
            baseline: RunningBaseline(memory: configuration.objective.baselineMemory))
        if resume {
            let (checkpoint, damaged) = try store.latest()
            for damage in damaged { problem("\(damage)") }
            if let checkpoint { state = try TrainingCheckpoint(checkpoint, settings: settings.adam) }
        }
        version = state.version
        blob = WeightBlob([UInt8](try state.weights.encoded()))
        trainer = PolicyGradientTrainer(
            weights: state.weights, settings: settings, optimiser: state.optimiser, baseline: state.baseline,
            threads: threads)
    }

    /// The sizes of the policy.
    package var policyConfiguration: PolicyConfiguration { trainer.weights.configuration }

    package func start() throws -> TrainingStart {
        TrainingStart(version: version, policy: blob, reference: reference)
    }

    package func train(_ batch: ScoredBatch) throws -> TrainedVersion {
        let experiences = batch.crystals.compactMap { item in
            reward.reward(of: item.outcome).map {
                Experience(
                    crystal: item.sampled.crystal, behaviour: item.sampled.logProbability,
                    reference: item.sampled.referenceLogProbability, reward: $0)
            }
        }
        let statistics = try trainer.train(experiences)
        version += 1
        blob = WeightBlob([UInt8](try trainer.weights.encoded()))
        return TrainedVersion(version: version, policy: blob, statistics: Self.table(statistics))
    }

    package func checkpoint() throws {
        let state = TrainingCheckpoint(
            version: version, weights: trainer.weights, optimiser: trainer.optimiser, baseline: trainer.baseline)
        try store.save(
            Checkpoint(
                version: version, referenceDigest: store.referenceDigest,
                parts: try state.parts(policyBytes: Data(blob.bytes))))
    }

    /// The names under which statistics travel to the observer.
    private static func table(_ statistics: PolicyGradientStatistics) -> [String: Double] {
        var table = [
            "objective": statistics.objective, "kl_reference": statistics.klReference,
            "ratio_mean": statistics.ratioMean, "ratio_min": statistics.ratioMinimum,
            "ratio_max": statistics.ratioMaximum, "ratio_ess": statistics.effectiveSampleShare,
            "gradient_norm": statistics.gradientNorm, "learning_rate": statistics.learningRate,
            "baseline": statistics.baseline,
        ]
        let names = statistics.clipFraction.count == 4 ? ["w", "a", "xyz", "l"] : ["whole"]
        for (name, share) in zip(names, statistics.clipFraction) { table["clip_\(name)"] = share }
        return table
    }
}
