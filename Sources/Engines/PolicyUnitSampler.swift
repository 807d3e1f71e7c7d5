internal import Base
internal import Foundation
internal import Policy
internal import Synchronization
package import Trajectories

/// Samples work units from the policy that the learner broadcasts, with log-probabilities under it and under the
/// reference.
package final class PolicyUnitSampler: UnitSampler {
    private struct Loaded: Sendable {
        let policy: PolicyWeights
        let reference: PolicyWeights
        let referenceDigest: String
        let groups: SpaceGroupDistribution
    }

    private let settings: SamplingSettings
    private let loaded = Mutex<Loaded?>(nil)
    /// Workspaces that no thread uses at the moment.
    private let idle = Mutex<[Workspace]>([])

    /// Crystals that go through the network together: memory does not grow with the unit, and the bits of a crystal
    /// depend on its place in the unit, not on the thread.
    private static let blockSize = 32

    /// The buffers of one thread, kept between units and versions: making them costs a good part of sampling a unit.
    private final class Workspace: @unchecked Sendable {
        let sampler: Sampler
        let evaluator: LikelihoodEvaluator
        let configuration: PolicyConfiguration
        private var referenceEvaluator: (configuration: PolicyConfiguration, evaluator: LikelihoodEvaluator)?

        init(_ policy: PolicyWeights) {
            sampler = Sampler(weights: policy, capacity: PolicyUnitSampler.blockSize)
            evaluator = LikelihoodEvaluator(layout: policy.layout)
            configuration = policy.configuration
        }

        /// A reference of the policy's own sizes, which is the rule, uses the policy's evaluator.
        func evaluator(for reference: PolicyWeights) -> LikelihoodEvaluator {
            if reference.configuration == configuration { return evaluator }
            if let known = referenceEvaluator, known.configuration == reference.configuration { return known.evaluator }
            let made = LikelihoodEvaluator(layout: reference.layout)
            referenceEvaluator = (reference.configuration, made)
            return made
        }
    }

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
        let workspace = workspace(for: loaded.policy)
        defer { idle.withLock { $0.append(workspace) } }
        let ids = unit.crystalIDs
        var crystals: [SampledCrystal] = []
        for start in stride(from: 0, to: ids.count, by: Self.blockSize) {
            let block = ids[start..<min(start + Self.blockSize, ids.count)]
            crystals += try Self.sample(Array(block), seed: unit.runSeed, loaded: loaded, workspace: workspace)
        }
        return crystals
    }

    private func workspace(for policy: PolicyWeights) -> Workspace {
        let known = idle.withLock { idle in
            idle.removeAll { $0.configuration != policy.configuration }
            return idle.popLast()
        }
        guard let known else { return Workspace(policy) }
        known.sampler.use(policy)
        return known
    }

    private static func sample(
        _ ids: [CrystalID], seed: UInt64, loaded: Loaded, workspace: Workspace
    ) throws -> [SampledCrystal] {
        var generators = ids.map { id in
            Philox(
                seed: seed, domain: .runSampling,
                stream: (
                    UInt32(truncatingIfNeeded: id.version), UInt32(truncatingIfNeeded: id.unit),
                    UInt32(truncatingIfNeeded: id.index)
                ))
        }
        let groups = generators.indices.map { loaded.groups.draw(&generators[$0]) }
        let samples = try workspace.sampler.sample(groups, generators: generators)
        let crystals = samples.map(\.crystal)
        let batch = try PackedBatch(crystals, configuration: loaded.policy.configuration)
        let own = workspace.evaluator.evaluate(batch, weights: loaded.policy)
        let reference = loaded.reference
        let isAlike = reference.configuration == loaded.policy.configuration
        let referenceBatch = isAlike ? batch : try PackedBatch(crystals, configuration: reference.configuration)
        let anchor = workspace.evaluator(for: reference).evaluate(referenceBatch, weights: reference)
        return ids.indices.map { index in
            SampledCrystal(
                id: ids[index], crystal: crystals[index], terminated: samples[index].isTerminated,
                logProbability: own[index], referenceLogProbability: anchor[index])
        }
    }
}
