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
    private let options: SamplingOptions
    private let loaded = Mutex<Loaded?>(nil)
    /// Engines that no thread uses at the moment: one a thread, kept between units and versions.
    private let idle = Mutex<[Owned]>([])

    /// Crystals that go through the network together: memory does not grow with the unit, and the bits of a crystal
    /// depend on its place in the unit, not on the thread.
    private static let blockSize = 32

    /// An engine that one thread uses at a time.
    private struct Owned: @unchecked Sendable {
        let engine: PolicyEngine
    }

    /// - Parameter settings: JSON of `SamplingSettings`.
    package init(settings: String) throws {
        self.settings = try PeerSettings.parse(SamplingSettings.self, from: settings)
        options = try self.settings.options()
    }

    package func load(policy: Blob, reference: Blob, version: PolicyVersion) throws {
        let weights = try PolicyWeights(encoded: policy.bytes)
        let digest = reference.digest.hexadecimal
        let known = loaded.withLock { $0?.referenceDigest == digest ? $0?.reference : nil }
        let anchor = try known ?? PolicyWeights(encoded: reference.bytes)
        let groups = SpaceGroupDistribution(spaceGroups: settings.spaceGroups, metadata: weights.metadata)
        loaded.withLock {
            $0 = Loaded(policy: weights, reference: anchor, referenceDigest: digest, groups: groups)
        }
    }

    package func sample(_ unit: WorkUnit) throws -> [SampledCrystal] {
        guard let loaded = loaded.withLock({ $0 }) else { throw RoleError.work("no weights are loaded yet") }
        let owned = engine(for: loaded.policy)
        defer { idle.withLock { $0.append(owned) } }
        let ids = unit.crystalIDs
        var crystals: [SampledCrystal] = []
        for start in stride(from: 0, to: ids.count, by: Self.blockSize) {
            let block = ids[start..<min(start + Self.blockSize, ids.count)]
            crystals += try Self.sample(Array(block), seed: unit.runSeed, loaded: loaded, engine: owned.engine)
        }
        return crystals
    }

    private func engine(for policy: PolicyWeights) -> Owned {
        let known = idle.withLock { idle in
            idle.removeAll { $0.engine.configuration != policy.configuration }
            return idle.popLast()
        }
        guard let known else {
            return Owned(engine: PolicyEngine(policy: policy, options: options, capacity: Self.blockSize))
        }
        known.engine.use(policy)
        return known
    }

    private static func sample(
        _ ids: [CrystalID], seed: UInt64, loaded: Loaded, engine: PolicyEngine
    ) throws -> [SampledCrystal] {
        var generators = ids.map { id in
            Philox(
                seed: seed, domain: .runSampling,
                stream: (
                    UInt32(truncatingIfNeeded: id.version.number), UInt32(truncatingIfNeeded: id.unit),
                    UInt32(truncatingIfNeeded: id.index)
                ))
        }
        let groups = generators.indices.map { loaded.groups.draw(&generators[$0]) }
        let samples = try engine.draw(groups, generators: generators)
        let crystals = samples.map(\.crystal)
        let own = try engine.logProbabilities(of: crystals, under: loaded.policy)
        let anchor = try engine.logProbabilities(of: crystals, under: loaded.reference)
        return ids.indices.map { index in
            SampledCrystal(
                id: ids[index], crystal: crystals[index], isTerminated: samples[index].isTerminated,
                logProbability: own[index], referenceLogProbability: anchor[index])
        }
    }
}
