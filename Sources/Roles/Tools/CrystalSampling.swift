internal import Crystals
internal import Kernels
package import Policy

/// Draws numbered crystals from a policy, the same ones for a seed whatever the number of threads.
///
/// Crystals are drawn in whole units, each crystal from its own random numbers, so that the first crystals of a longer run
/// are those of a shorter one.
package struct CrystalSampling {
    /// The crystals that go through the network together.
    package static let unitSize = 32
    /// Units that are handed out at a time, for each thread.
    private static let unitsPerThread = 4

    private let weights: PolicyWeights
    private let options: SamplingOptions
    private let groups: SpaceGroupDistribution
    private let seed: UInt64
    private let purpose: UInt32
    private let threads: Int

    /// A sampler that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let sampler: Sampler
    }

    /// - Parameters:
    ///   - groups: how often each space group is drawn.
    ///   - purpose: names a family of random numbers, so that two uses of one seed have nothing in common.
    package init(
        weights: PolicyWeights, options: SamplingOptions, groups: SpaceGroupDistribution, seed: UInt64,
        purpose: UInt32 = 0, threads: Int
    ) {
        self.weights = weights
        self.options = options
        self.groups = groups
        self.seed = seed
        self.purpose = purpose
        self.threads = threads
    }

    /// Draws crystals and hands them out in order, some at a time.
    package func draw(_ count: Int, deliver: ([Sample]) throws -> Void) rethrows {
        let units = (count + Self.unitSize - 1) / Self.unitSize
        let team = ThreadTeam(threadCount: min(threads, units))
        let samplers = (0..<team.threadCount).map { _ in
            Owned(sampler: Sampler(weights: weights, options: options, capacity: Self.unitSize))
        }
        var left = count
        try (0..<units).forEachBatch(of: Self.unitsPerThread * team.threadCount) { units in
            let (groups, seed, purpose) = (groups, seed, purpose)
            let samples = team.map(units) { unit, thread in
                Self.sample(unit: UInt32(truncatingIfNeeded: unit), samplers[thread].sampler, groups, seed, purpose)
            }.flatMap { $0 }.prefix(left)
            left -= samples.count
            try deliver(Array(samples))
        }
    }

    private static func sample(
        unit: UInt32, _ sampler: Sampler, _ groups: SpaceGroupDistribution, _ seed: UInt64, _ purpose: UInt32
    ) -> [Sample] {
        var generators = (0..<unitSize).map { Philox(seed: seed, stream: (purpose, unit, UInt32($0))) }
        let drawn = generators.indices.map { groups.draw(&generators[$0]) }
        return sampler.sample(drawn, generators: generators)
    }
}
