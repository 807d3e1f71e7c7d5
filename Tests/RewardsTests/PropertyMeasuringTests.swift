import Crystals
import Foundation
import Potentials
import Rewards
import Stability
import Testing
import Trajectories

/// What is measured beside energy and height: predictions, forces and stress, what the height rests on.
@Suite struct PropertyMeasuringTests {
    /// Energy, forces and stress that are given.
    private final class FixedEvaluator: PotentialEvaluator {
        var evaluation = PotentialEvaluation(energyPerAtom: -3.4)
        private(set) var asked: PotentialProperties = []

        func evaluate(
            _ structures: [Structure], _ properties: PotentialProperties
        ) -> [Result<PotentialEvaluation, PotentialError>] {
            asked = properties
            return structures.map { _ in .success(evaluation) }
        }
    }

    /// Predictions by the number of the structure's atoms; what has none cannot be predicted.
    private final class FixedModel: PropertyEvaluator {
        private let predictions: [Int: [PropertyPrediction]]
        private(set) var batches: [Int] = []

        init(_ predictions: [Int: [PropertyPrediction]]) { self.predictions = predictions }

        func predict(_ structures: [Structure]) -> [Result<[PropertyPrediction], PotentialError>] {
            batches.append(structures.count)
            return structures.map { structure in
                predictions[structure.atomCount].map { .success($0) } ?? .failure(.noNeighbours(cutoff: 4))
            }
        }
    }

    private let hull: HullReference
    private let sodium: Element
    private let chlorine: Element

    init() throws {
        sodium = try #require(Element(symbol: "Na"))
        chlorine = try #require(Element(symbol: "Cl"))
        let iron = try #require(Element(symbol: "Fe"))
        hull = try HullReference(
            name: "test",
            entries: [
                ComputedEntry(id: "Na", composition: Composition([sodium: 1]), energy: -1),
                ComputedEntry(id: "Cl", composition: Composition([chlorine: 1]), energy: -2),
                ComputedEntry(id: "NaCl", composition: Composition([sodium: 4, chlorine: 4]), energy: -28),
                ComputedEntry(id: "NaCl-2", composition: Composition([sodium: 1, chlorine: 1]), energy: -6),
                // Above the elements, so it is no part of the hull, but known.
                ComputedEntry(id: "NaCl3", composition: Composition([sodium: 1, chlorine: 3]), energy: 4),
                ComputedEntry(id: "Fe", composition: Composition([iron: 1]), energy: -8),
                ComputedEntry(id: "FeCl", composition: Composition([iron: 1, chlorine: 1]), energy: -12),
            ])
    }

    /// Rock salt of two atoms, or caesium chloride's structure with sodium beside one more atom.
    private func crystal(_ group: Int, _ sites: [(Int, Element, Double)], a: Double) throws -> Crystal {
        Crystal(
            spaceGroup: try #require(SpaceGroup(number: group)),
            sites: sites.map { Crystal.Site(wyckoff: $0.0, element: $0.1, position: SIMD3(repeating: $0.2)) },
            lattice: LatticeParameters(a: a, b: a, c: a, alpha: 90, beta: 90, gamma: 90))
    }

    private func salt() throws -> Crystal { try crystal(225, [(1, sodium, 0), (2, chlorine, 0.5)], a: 5.6) }

    private func metal() throws -> Crystal { try crystal(229, [(1, sodium, 0)], a: 4.2) }

    private func measured(_ result: MeasuringResult) throws -> Trajectories.Measurement {
        guard case .measured(let measurement) = result.outcome else { throw CancellationError() }
        return measurement
    }

    private func items(_ crystals: [Crystal]) -> [WorkItem] {
        crystals.enumerated().map { WorkItem(job: 0, index: $0, crystal: $1, isTerminated: $0 != 1) }
    }

    @Test func measure_withAHull_saysWhatTheHeightRestsOn() throws {
        let measurer = StabilityMeasurer(evaluator: FixedEvaluator(), hull: hull, limits: ValidityLimits())
        let salt = try measured(measurer.measure(salt()))
        // Na, Cl, NaCl (two entries of one compound), NaCl3.
        #expect(salt[.hullEntries] == 4)
        #expect(Int(salt[.hullEntries] ?? 0) == hull.entryCount(within: [sodium, chlorine]))
        #expect(abs((salt[.formationEnergyPerAtom] ?? 9) - (-3.4 + 1.5)) < 1e-12)
        #expect(abs((salt[.energyAboveHull] ?? 9) - 0.1) < 1e-12)
        let metal = try measured(measurer.measure(metal()))
        #expect(metal[.hullEntries] == 1)
        #expect(abs((metal[.formationEnergyPerAtom] ?? 9) + 2.4) < 1e-12)
        let free = try measured(
            StabilityMeasurer(evaluator: FixedEvaluator(), hull: nil, limits: ValidityLimits()).measure(self.salt()))
        #expect(Set(free.values.keys) == [.energyPerAtom])
    }

    @Test func measure_withModels_addsWhatTheyPredictOfTheMeasuredOnes() throws {
        let gap = FixedModel([
            2: [
                PropertyPrediction(name: "band_gap", value: 5, sigma: 0.5, isInDomain: true),
                PropertyPrediction(name: "e_above_hull", value: -9),
            ]
        ])
        let dielectric = FixedModel([
            1: [PropertyPrediction(name: "dielectric_total", value: 7, isInDomain: false)],
            2: [PropertyPrediction(name: "dielectric_total", value: .nan, sigma: 1)],
        ])
        let measurer = StabilityMeasurer(evaluator: FixedEvaluator(), hull: hull, limits: ValidityLimits())
        measurer.properties = [gap, dielectric]
        // The second one is not terminated.
        let results = measurer.measure(items([try salt(), try salt(), try metal()]))
        #expect(gap.batches == [2] && dielectric.batches == [2])
        let salt = try measured(results[0])
        let bandGap = Trajectories.Measurement.Quantity(rawValue: "band_gap")
        let total = Trajectories.Measurement.Quantity(rawValue: "dielectric_total")
        #expect(salt[bandGap] == 5 && salt[bandGap.sigma] == 0.5 && salt[bandGap.isInDomain] == 1)
        // What is not finite is left out; what was measured is not predicted over.
        #expect(salt[total] == nil && salt[total.sigma] == nil)
        #expect(abs((salt[.energyAboveHull] ?? 9) - 0.1) < 1e-12)
        #expect(results[1].outcome == .invalid(.unterminated))
        let metal = try measured(results[2])
        #expect(metal[total] == 7 && metal[total.isInDomain] == 0 && metal[total.sigma] == nil)
        #expect(metal[bandGap] == nil && metal[.energyPerAtom] == -3.4)
        #expect(bandGap.unit == "eV" && bandGap.sigma.unit == "eV" && bandGap.isInDomain.unit == "1")
        #expect(total.unit == "1" && total.sigma.unit == "1")
        #expect(Trajectories.Measurement.Quantity(rawValue: "band_gap_hse").unit == "eV")
        #expect(
            Trajectories.Measurement.Quantity(rawValue: "megnet_formation_energy_per_atom").unit == "eV/atom")
    }

    /// What is asked for changes nothing but what is added.
    @Test func measure_withForces_addsTheReferencesLogMeans() throws {
        let evaluator = FixedEvaluator()
        evaluator.evaluation.forces = [SIMD3(0.3, 0, 0.4), SIMD3(0, 0, 200)]
        evaluator.evaluation.stress = Stress(
            rows: [SIMD3(0.1, 0.2, 0), SIMD3(0.2, -0.3, 0.4), SIMD3(0, 0.4, -0.001)])
        let measurer = StabilityMeasurer(evaluator: evaluator, hull: hull, limits: ValidityLimits())
        let plain = try measured(measurer.measure(salt()))
        #expect(evaluator.asked == .energy && plain[.maximumForce] == nil)
        measurer.measuresForces = true
        let measurement = try measured(measurer.measure(salt()))
        #expect(evaluator.asked == [.energy, .forces, .stress])
        #expect(measurement[.maximumForce] == 200)
        // 0.5 and 100 (bounded); 0.1, 0.3, 0.01 (bounded), 0.4, 0.01 (bounded), 0.2.
        let (force, stress) = (50.25, 1.02 / 6)
        #expect(abs((measurement[.forceLogMean] ?? 9) - log(force)) < 1e-12)
        #expect(abs((measurement[.stressLogMean] ?? 9) - log(stress)) < 1e-12)
        #expect(abs((measurement[.forceStressLogMean] ?? 9) - log(force + stress)) < 1e-12)
        for (quantity, value) in plain.values { #expect(measurement[quantity] == value) }
    }

    @Test func measure_withForcesOfAPotentialThatHasNone_leavesThemOut() throws {
        let measurer = StabilityMeasurer(evaluator: FixedEvaluator(), hull: hull, limits: ValidityLimits())
        measurer.measuresForces = true
        let measurement = try measured(measurer.measure(salt()))
        #expect(measurement[.forceLogMean] == nil && measurement[.energyPerAtom] == -3.4)
    }
}
