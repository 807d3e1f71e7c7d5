internal import Crystals
internal import Foundation
internal import Kernels
internal import Messaging
internal import Policy
internal import Synchronization

/// Samples work units from the policy that the learner broadcasts, with log-probabilities under it and under the reference.
package final class PolicyUnitSampler: UnitSampler {
    private struct Loaded: Sendable {
        let policy: PolicyWeights
        let reference: PolicyWeights
        let referenceDigest: String
        let groups: SpaceGroupDistribution
    }

    private let settings: SamplingSettings
    private let loaded = Mutex<Loaded?>(nil)

    /// - Parameter settings: JSON of `SamplingSettings`.
    package init(settings: String) throws {
        self.settings = try PeerSettings.parse(SamplingSettings.self, from: settings)
    }

    package func load(policy: WeightBlob, reference: WeightBlob, version: Int) throws {
        let weights = try PolicyWeights(encoded: Data(policy.bytes))
        let digest = reference.digest.hexadecimal
        let known = loaded.withLock { $0?.referenceDigest == digest ? $0?.reference : nil }
        let anchor = try known ?? PolicyWeights(encoded: Data(reference.bytes))
        let groups = SpaceGroupDistribution(spaceGroups: settings.spaceGroups, metadata: weights.metadata)
        loaded.withLock {
            $0 = Loaded(policy: weights, reference: anchor, referenceDigest: digest, groups: groups)
        }
    }

    package func sample(_ unit: WorkUnit) throws -> [SampledCrystal] {
        guard let loaded = loaded.withLock({ $0 }) else { throw RoleError.work("no weights are loaded yet") }
        let ids = unit.crystalIDs
        var generators = ids.map { id in
            Philox(
                seed: unit.runSeed,
                stream: (
                    UInt32(truncatingIfNeeded: id.version), UInt32(truncatingIfNeeded: id.unit),
                    UInt32(truncatingIfNeeded: id.index)
                ))
        }
        let groups = generators.indices.map { loaded.groups.draw(&generators[$0]) }
        let samples = Sampler(weights: loaded.policy, capacity: ids.count).sample(groups, generators: generators)
        let crystals = samples.map(\.crystal)
        let evaluator = LikelihoodEvaluator(layout: loaded.policy.layout)
        let batch = try PackedBatch(crystals, configuration: loaded.policy.configuration)
        let own = evaluator.evaluate(batch, weights: loaded.policy)
        let anchor = try Self.referenceLogProbabilities(batch, crystals, loaded: loaded, evaluator: evaluator)
        return ids.indices.map { index in
            SampledCrystal(
                id: ids[index], crystal: crystals[index], terminated: samples[index].isTerminated,
                logProbability: own[index], referenceLogProbability: anchor[index])
        }
    }

    /// A reference of the policy's own sizes, which is the rule, uses the policy's batch and evaluator again.
    private static func referenceLogProbabilities(
        _ batch: PackedBatch, _ crystals: [Crystal], loaded: Loaded, evaluator: LikelihoodEvaluator
    ) throws -> [LogProbabilities] {
        let reference = loaded.reference
        if reference.configuration == loaded.policy.configuration {
            return evaluator.evaluate(batch, weights: reference)
        }
        let ownBatch = try PackedBatch(crystals, configuration: reference.configuration)
        return LikelihoodEvaluator(layout: reference.layout).evaluate(ownBatch, weights: reference)
    }
}
