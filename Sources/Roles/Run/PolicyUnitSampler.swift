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
        let own = try Self.logProbabilities(crystals, weights: loaded.policy)
        let anchor = try Self.logProbabilities(crystals, weights: loaded.reference)
        return ids.indices.map { index in
            SampledCrystal(
                id: ids[index], crystal: crystals[index], terminated: samples[index].isTerminated,
                logProbability: own[index], referenceLogProbability: anchor[index])
        }
    }

    private static func logProbabilities(_ crystals: [Crystal], weights: PolicyWeights) throws -> [LogProbabilities] {
        let batch = try PackedBatch(crystals, configuration: weights.configuration)
        return LikelihoodEvaluator(layout: weights.layout).evaluate(batch, weights: weights)
    }
}
