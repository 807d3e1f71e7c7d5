internal import Base
package import Coordination
internal import Crystals
internal import Synchronization
package import Trajectories

/// SplitMix64: a reproducible generator for tests.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    package var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

package enum Toys {
    package static let begin = Moment.now

    package static func peer(_ role: PeerRole, process: Int = 1) -> PeerDescription {
        PeerDescription(role: role, host: "test", process: process, build: "test", threads: 1)
    }

    /// Crystals that follow from (seed, version, unit, index, first byte of the weights) alone.
    package static func crystals(of unit: WorkUnit, weights: [UInt8] = []) throws -> [SampledCrystal] {
        try unit.crystalIDs.map { id in
            var generator = SeededGenerator(
                seed: unit.runSeed &+ UInt64(id.version.number) << 40 &+ UInt64(id.unit) << 20 &+ UInt64(id.index)
                    &+ UInt64(weights.first ?? 0) << 56)
            return try crystal(id, generator: &generator)
        }
    }

    package static func crystal(_ id: CrystalID, generator: inout SeededGenerator) throws -> SampledCrystal {
        let group = try unwrapped(SpaceGroup(number: Int.random(in: 1...230, using: &generator)))
        let sites = try (0..<Int.random(in: 1...5, using: &generator)).map { _ in
            let element = try unwrapped(Element(atomicNumber: Int.random(in: 1...94, using: &generator)))
            return Crystal.Site(
                wyckoff: Int.random(in: 1...group.wyckoffPositions.count, using: &generator), element: element,
                position: SIMD3(
                    Double.random(in: 0..<1, using: &generator), Double.random(in: 0..<1, using: &generator),
                    Double.random(in: 0..<1, using: &generator)))
        }
        let length = Double.random(in: 2...20, using: &generator)
        return SampledCrystal(
            id: id,
            crystal: Crystal(
                spaceGroup: group, sites: sites,
                lattice: LatticeParameters(a: length, b: length, c: length + 1, alpha: 90, beta: 90, gamma: 120)),
            isTerminated: Bool.random(using: &generator),
            logProbability: LogProbabilities(w: -length, a: -1, xyz: -2, l: -3),
            referenceLogProbability: LogProbabilities(w: -length - 1, a: -1, xyz: -2, l: -3))
    }

    /// What a worker would find of the crystal.
    package static func outcome(of sampled: SampledCrystal) -> Outcome {
        outcome(of: WorkItem(job: 0, index: 0, crystal: sampled.crystal, isTerminated: sampled.isTerminated))
    }

    /// An outcome that follows from the crystal alone.
    package static func outcome(of item: WorkItem) -> Outcome {
        guard case .crystal(let crystal, let isTerminated) = item.form else { return .failed(.engine("bare")) }
        if !isTerminated { return .invalid(.unterminated) }
        if crystal.spaceGroup.number % 11 == 0 { return .failed(.engine("toy")) }
        let energy = crystal.lattice.a * 0.01
        return .measured(Measurement(energyPerAtom: -energy, energyAboveHull: energy))
    }

    /// What a judge finds of the crystal: an energy without a height, for most.
    package static func judgement(of item: WorkItem) -> Outcome {
        guard let crystal = item.crystal else { return .failed(.engine("bare")) }
        if crystal.sites.count == 5 { return .failed(.engineTimedOut) }
        return .measured(Measurement([.energyPerAtom: crystal.lattice.a * -0.02]))
    }

    static func unwrapped<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw ToyError.missing }
        return value
    }

    package static func configuration(
        versions: Int = 3, crystalsPerBatch: Int = 50, endpoint: String = "tcp://127.0.0.1:*"
    ) throws -> LearnerConfiguration {
        LearnerConfiguration(
            run: "test", runSeed: 7, endpoint: try Endpoint(endpoint), versions: versions,
            crystalsPerBatch: crystalsPerBatch, crystalsPerUnit: 8, crystalsPerTask: 3)
    }
}

package enum ToyError: Error {
    case missing
    case asked
}
