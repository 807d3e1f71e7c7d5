package import Base
package import Crystals
package import Policy

/// Which space groups crystals are drawn in.
package enum SpaceGroupChoice: Sendable {
    /// As often as a distribution says.
    case drawn(SpaceGroupDistribution)
    /// The same number in each, one group after the other; the last one goes on.
    case each([SpaceGroup], count: Int)

    func group(ofCrystal number: Int, _ generator: inout Philox) -> SpaceGroup {
        switch self {
        case .drawn(let distribution): distribution.draw(&generator)
        case .each(let groups, let count): groups[min(number / max(1, count), groups.count - 1)]
        }
    }
}

/// Draws numbered crystals from a policy, the same ones for a seed whatever the number of threads.
///
/// Crystals are drawn in whole units, each crystal from its own random numbers, so that the first crystals of a longer
/// run are those of a shorter one.
package struct CrystalSampling {
    /// The crystals that go through the network together.
    package static let unitSize = 32
    /// Units that are handed out at a time, for each thread.
    private static let unitsPerThread = 4

    private let weights: PolicyWeights
    private let options: SamplingOptions
    private let groups: SpaceGroupChoice
    private let seed: UInt64
    private let domain: StreamDomain
    private let threads: Int

    /// An engine that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let engine: PolicyEngine
    }

    /// - Parameters:
    ///   - groups: the space group of each crystal.
    ///   - domain: what the crystals are for, so that two uses of one seed have nothing in common.
    package init(
        weights: PolicyWeights, options: SamplingOptions, groups: SpaceGroupChoice, seed: UInt64,
        domain: StreamDomain, threads: Int
    ) {
        self.weights = weights
        self.options = options
        self.groups = groups
        self.seed = seed
        self.domain = domain
        self.threads = threads
    }

    /// - Parameter groups: how often each space group is drawn.
    package init(
        weights: PolicyWeights, options: SamplingOptions, groups: SpaceGroupDistribution, seed: UInt64,
        domain: StreamDomain, threads: Int
    ) {
        self.init(
            weights: weights, options: options, groups: .drawn(groups), seed: seed, domain: domain, threads: threads)
    }

    /// Draws crystals and hands them out in order, some at a time.
    ///
    /// - Throws: ``PolicyError/outputsNotFinite``, and what `deliver` throws.
    package func draw(_ count: Int, deliver: ([Sample]) throws -> Void) throws {
        let units = (count + Self.unitSize - 1) / Self.unitSize
        let team = ThreadTeam(threadCount: min(threads, units))
        let engines = (0..<team.threadCount).map { _ in
            Owned(engine: PolicyEngine(policy: weights, options: options, capacity: Self.unitSize))
        }
        var left = count
        try (0..<units).forEachBatch(of: Self.unitsPerThread * team.threadCount) { units in
            let (groups, seed, domain) = (groups, seed, domain)
            let samples = try team.map(units) { unit, thread in
                Result { () throws(PolicyError) in
                    try Self.sample(
                        unit: UInt32(truncatingIfNeeded: unit), engines[thread].engine, groups, seed, domain)
                }
            }.flatMap { try $0.get() }.prefix(left)
            left -= samples.count
            try deliver(Array(samples))
        }
    }

    private static func sample(
        unit: UInt32, _ engine: PolicyEngine, _ groups: SpaceGroupChoice, _ seed: UInt64, _ domain: StreamDomain
    ) throws(PolicyError) -> [Sample] {
        var generators = (0..<unitSize).map { Philox(seed: seed, domain: domain, stream: (0, unit, UInt32($0))) }
        let drawn = generators.indices.map { place in
            groups.group(ofCrystal: Int(unit) * unitSize + place, &generators[place])
        }
        return try engine.draw(drawn, generators: generators)
    }
}
