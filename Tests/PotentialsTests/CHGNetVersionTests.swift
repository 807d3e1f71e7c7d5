import Crystals
import Potentials
import Testing

/// Every published version against the reference, on every structure of the fixtures.
@Suite struct CHGNetVersionTests {
    private static let all: PotentialProperties = [.energy, .forces, .stress, .magneticMoments, .siteEnergies]

    /// How far a number may be off: the fixtures' tolerance, or three times the reference's own rounding where that is
    /// larger than a third of it. Version 0.2.0 has no norms: its numbers grow to 1e8, so that only their digits count.
    private func tolerance(_ basis: Double, rounding: Double, largest: Double, _ version: CHGNet.Version) -> Double {
        max(rounding > basis / 3 ? 3 * rounding : basis, version == .v020 ? 2e-5 * largest : 0)
    }

    @Test(arguments: CHGNet.Version.allCases)
    func results_ofEveryFixture_agreeWithTheReference(_ version: CHGNet.Version) throws {
        let evaluator = try #require(PhysicsFixtures.models[version]).get().makeEvaluator()
        let structures = try PhysicsFixtures.structures()
        var compared = (energies: 0, forces: 0)
        for prediction in try PhysicsFixtures.predictions(version) {
            let structure = try #require(structures[prediction.id])
            switch prediction.status {
            case "ok":
                let reference = try #require(prediction.reference)
                let rounding = try #require(prediction.rounding)
                let found = try evaluator.evaluate(structure, Self.all)
                let id: Comment = "\(prediction.id)"

                let energyTolerance = tolerance(
                    1e-5, rounding: rounding.energyPerAtom, largest: abs(reference.energyPerAtom), version)
                #expect(abs(found.energyPerAtom - reference.energyPerAtom) <= energyTolerance, id)
                let energyAlone = try evaluator.energyPerAtom(of: structure)
                #expect(abs(energyAlone - reference.energyPerAtom) <= energyTolerance, id)
                compare(found.siteEnergies, reference.siteEnergies, within: 10 * energyTolerance, id)
                let moments = reference.moments
                compare(
                    found.magneticMoments, moments,
                    within: tolerance(1e-4, rounding: rounding.moments, largest: moments.max() ?? 0, version), id)
                compared.energies += 1

                let forces = reference.forces.flatMap { $0 }
                let stress = reference.stress.flatMap { $0 }
                let largest = (forces.map(abs).max() ?? 0, stress.map(abs).max() ?? 0)
                // Where the reference's rounding is as large as its values, there is nothing to compare with.
                if rounding.forces > 0.1 * (largest.0 + 0.001) { continue }
                compare(
                    found.forces?.flatMap { [$0.x, $0.y, $0.z] }, forces,
                    within: tolerance(1e-4, rounding: rounding.forces, largest: largest.0, version), id)
                compare(
                    found.stress?.inGigapascals.flatMap { $0 }, stress,
                    within: tolerance(1e-3, rounding: rounding.stress, largest: largest.1, version), id)
                compared.forces += 1
            case "nan":
                #expect(throws: PotentialError.coincidentAtoms(1, 2), "\(prediction.id)") {
                    try evaluator.evaluate(structure, Self.all)
                }
            default:
                let error = PotentialError.unsupportedElement(symbol: "Am", atom: 0, largestAtomicNumber: 94)
                #expect(throws: error, "\(prediction.id)") { try evaluator.evaluate(structure, Self.all) }
            }
        }
        #expect(compared.energies == 66)
        // In version 0.2.0 two dense structures have no digits in float32.
        #expect(compared.forces == (version == .v020 ? 64 : 66))
    }

    private func compare(_ found: [Double]?, _ expected: [Double], within tolerance: Double, _ id: Comment) {
        #expect(found?.count == expected.count, id)
        #expect(zip(found ?? [], expected).allSatisfy { abs($0 - $1) <= tolerance }, id)
    }

    /// In version 0.2.0 a bias tells structures without angles apart, whatever they are evaluated with.
    @Test(arguments: CHGNet.Version.allCases)
    func structureWithoutAngles_besideOneWithAngles_isThatAlone(_ version: CHGNet.Version) throws {
        let model = try #require(PhysicsFixtures.models[version]).get()
        let structures = try PhysicsFixtures.structures()
        let batch = try ["si-diamond", "xe-fcc", "val-0376", "si-diamond"].map { try #require(structures[$0]) }
        let together = model.makeEvaluator().evaluate(batch, Self.all)
        for (structure, result) in zip(batch, together) {
            #expect(result == model.makeEvaluator().evaluate([structure], Self.all)[0])
        }
    }

    @Test func versions_sayWhatTheirEnergiesAreComparableWith() throws {
        let conventions = try CHGNet.Version.allCases.map { version in
            let model = try #require(PhysicsFixtures.models[version]).get()
            #expect(model.name == "chgnet-\(version.rawValue)" && model.properties == Self.all)
            return model.energyConvention
        }
        #expect(conventions == [.mp2020Corrected, .mp2020Corrected, .ownHullOnly])
    }
}
