import Base
import Crystals
import Foundation
import Policy
import PolicyFixtures
import Refinement
import Testing

@Suite struct RefinementTests {
    /// Every kind of move, many times: what is fixed stays, free coordinates change and stay where they belong.
    @Test func walks_keepSpaceGroupAndWyckoffPositions() throws {
        var settings = RefinementSettings()
        settings.steps = 30
        settings.elements = [3, 8, 26].compactMap(Element.init(atomicNumber:))
        settings.temperatures = [1, 2]
        let refinement = Refinement(settings: settings, threads: 2) {
            WalkTarget(density: ToyDensity { _ in 0 }, energy: ToyEnergy { _ in 0 })
        }
        var crystals: [Crystal] = []
        for number in 1...230 {
            let group = try #require(SpaceGroup(number: number))
            for position in group.wyckoffPositions {
                let point = position.project(SIMD3(0.137, 0.281, 0.419))
                crystals.append(
                    try ToyCrystals.crystal(number, [(position.index, 3, point), (position.index, 8, point)]))
            }
        }
        let results = try refinement.refine(crystals).map { try $0.get() }
        #expect(results.count == 1731)
        for (crystal, result) in zip(crystals, results) {
            for (before, after) in zip(crystal.sites, result.end.crystal.sites) {
                let position = try #require(crystal.spaceGroup.position(wyckoff: before.wyckoff))
                let offset = nearestImage(position.representative.apply(after.position) - after.position)
                #expect((offset * offset).sum() < 1e-20 && before.wyckoff == after.wyckoff)
                #expect(position.hasNoFreeCoordinate == (result.moves[.coordinates] == nil))
            }
            let lattice = result.end.crystal.lattice
            #expect(crystal.spaceGroup.symmetrize(lattice) == lattice && lattice != crystal.lattice)
            #expect(result.end.crystal.spaceGroup == crystal.spaceGroup)
        }
        let moved = zip(crystals, results).filter { $0.sites.map(\.position) != $1.end.crystal.sites.map(\.position) }
        let free = crystals.filter { crystal in
            crystal.spaceGroup.position(wyckoff: crystal.sites[0].wyckoff)?.hasNoFreeCoordinate == false
        }
        #expect(moved.count == free.count)
    }

    private func settings(_ steps: Int) -> RefinementSettings {
        var settings = RefinementSettings()
        settings.steps = steps
        settings.temperatures = [1, 1.7, 3]
        settings.alpha = 4
        settings.seed = 11
        return settings
    }

    /// An energy with a minimum that any crystal has.
    private static func energy(_ crystal: Crystal) -> Double? {
        let number = Double(crystal.sites.reduce(0) { $0 + $1.element.atomicNumber }) / Double(crystal.sites.count)
        return number > 100 ? nil : abs(number - 20) / 20 + abs(crystal.lattice.a - 5) / 5
    }

    @Test func results_doNotDependOnThreads_norOnHowManyCrystalsCameBefore() throws {
        let weights = try Fixture.weights("tiny")
        let crystals = Array(try Fixture.inputCrystals().prefix(25))
        func refined(threads: Int) throws -> [Refinement.Refined] {
            let refinement = Refinement(settings: settings(12), threads: threads) {
                WalkTarget(density: PolicyDensity(policy: weights), energy: ToyEnergy(Self.energy))
            }
            return try refinement.refine(crystals).map { try $0.get() }
        }
        let (one, three) = (try refined(threads: 1), try refined(threads: 3))
        #expect(one.map(\.end) == three.map(\.end) && one.map(\.best) == three.map(\.best))
        #expect(one.map(\.moves) == three.map(\.moves) && one.map(\.exchanges) == three.map(\.exchanges))
        #expect(Set(one.map(\.end.crystal)).count == 25)
        for result in one {
            #expect(try #require(result.best.energy) <= (result.start.energy ?? .infinity))
        }
    }

    /// Energies that the bound makes needless are not asked for, and nothing else changes.
    @Test func proposals_thatNoEnergyCouldSave_areNotMeasured() throws {
        let weights = try Fixture.weights("tiny")
        let crystals = Array(try Fixture.inputCrystals().prefix(10))
        func walk(lowest: Double) throws -> (ends: [WalkState], asked: Int) {
            let energy = ToyEnergy(lowest: lowest, Self.energy)
            let refinement = Refinement(settings: settings(12), threads: 1) {
                WalkTarget(density: PolicyDensity(policy: weights), energy: energy)
            }
            return (try refinement.refine(crystals).map { try $0.get().end }, energy.asked)
        }
        let (unbounded, bounded) = (try walk(lowest: -.infinity), try walk(lowest: 0))
        #expect(unbounded.ends == bounded.ends)
        #expect(bounded.asked < unbounded.asked)
    }

    /// Crystals of the policy stay crystals of the policy: elements and log-probabilities after the walk are those
    /// before it, within three standard errors. All positions of Pmmm have independent coordinates.
    @Test func alphaZero_leavesThePolicysDistribution() throws {
        let weights = try Fixture.weights("tiny")
        let group = try #require(SpaceGroup(number: 47))
        let sampler = Sampler(weights: weights, capacity: 40)
        var crystals: [Crystal] = []
        for unit in 0..<20 {
            let generators = (0..<40).map { Philox(seed: 3, domain: .testing, stream: (0, UInt32(unit), UInt32($0))) }
            crystals += try sampler.sample(generators.map { _ in group }, generators: generators).map(\.crystal)
        }
        crystals = crystals.filter { $0.lattice.values.allSatisfy { $0 > 0 } }
        #expect(crystals.count > 500)
        var settings = RefinementSettings()
        settings.alpha = 0
        settings.steps = 60
        settings.seed = 2
        let refinement = Refinement(settings: settings, threads: 2) {
            WalkTarget(density: PolicyDensity(policy: weights), energy: ToyEnergy(lowest: 0) { _ in 1 })
        }
        let results = try refinement.refine(crystals).map { try $0.get() }
        expectSameMean(results) { $0.logProbability }
        expectSameMean(results) { $0.crystal.lattice.a }
        expectSameMean(results) { state in
            Double(state.crystal.sites.count { $0.element.atomicNumber > 50 }) / Double(state.crystal.sites.count)
        }
        expectSameMean(results) { state in
            state.crystal.sites.reduce(0) { $0 + cos(2 * .pi * $1.position.z) } / Double(state.crystal.sites.count)
        }
        #expect(results.count { $0.start.crystal != $0.end.crystal } > results.count * 9 / 10)
    }

    private func expectSameMean(_ results: [Refinement.Refined], _ value: (WalkState) -> Double) {
        let changes = results.map { value($0.end) - value($0.start) }
        let mean = changes.reduce(0, +) / Double(changes.count)
        let variance = changes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(changes.count)
        let error = (variance / Double(changes.count)).squareRoot()
        #expect(abs(mean) < 3 * error, "\(mean), error \(error)")
    }

    @Test func crystalsThatCannotBeWalked_areRefusedByThemselves() throws {
        var settings = RefinementSettings()
        settings.steps = 3
        settings.moves = [.coordinates]
        let fixed = try ToyCrystals.rockSalt()
        let free = try ToyCrystals.crystal(99, [(4, 3, SIMD3(0.1, 0.1, 0.7))])
        let (impossible, unknown) = (
            try ToyCrystals.crystal(99, [(4, 4, SIMD3(0.1, 0.1, 0.7))]),
            try ToyCrystals.crystal(99, [(4, 5, SIMD3(0.1, 0.1, 0.7))])
        )
        let refinement = Refinement(settings: settings, threads: 1) {
            let density = ToyDensity { [0: 0, 4: -1e10, 5: Double.nan][$0.sites[0].element.atomicNumber] ?? 0 }
            return WalkTarget(density: density, energy: ToyEnergy { _ in 0 })
        }
        let results = try refinement.refine([fixed, free, impossible, unknown])
        func refusal(_ result: Result<Refinement.Refined, Refinement.Refusal>) -> Refinement.Refusal? {
            if case .failure(let refusal) = result { refusal } else { nil }
        }
        #expect(results.map(refusal) == [.nothingToMove, nil, .impossible, .notFinite])
    }

    /// From outside of what is allowed the first allowed crystal is taken, and the walk never leaves again.
    @Test func walks_fromACrystalThatIsNotAllowed_findTheirWayIn() throws {
        var settings = RefinementSettings()
        settings.steps = 60
        settings.elements = [3, 8].compactMap(Element.init(atomicNumber:))
        settings.moves = [.element]
        let results = try Refinement.walk(
            ToyCrystals.rockSalt(3, 3), copies: 50, settings, logProbability: { _ in 0 },
            energy: { $0.sites[0].element == $0.sites[1].element ? nil : 1 })
        #expect(results.allSatisfy { $0.start.energy == nil && $0.end.energy == 1 && $0.best.energy == 1 })
    }
}
