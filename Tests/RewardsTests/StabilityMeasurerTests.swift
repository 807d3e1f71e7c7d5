import Crystals
import Potentials
import Rewards
import Stability
import Testing
import Trajectories

@Suite struct StabilityMeasurerTests {
    /// An evaluator that answers what the test wants and remembers what it was asked.
    private final class FixedEvaluator: PotentialEvaluator {
        private let result: Result<Double, PotentialError>
        private(set) var structures: [Structure] = []

        init(_ result: Result<Double, PotentialError>) { self.result = result }

        func evaluate(
            _ structures: [Structure], _ properties: PotentialProperties
        ) -> [Result<PotentialEvaluation, PotentialError>] {
            self.structures += structures
            return structures.map { _ in result.map { PotentialEvaluation(energyPerAtom: $0) } }
        }
    }

    private let sodium: Element
    private let chlorine: Element
    private let hull: HullReference

    init() throws {
        sodium = try #require(Element(symbol: "Na"))
        chlorine = try #require(Element(symbol: "Cl"))
        hull = try HullReference(
            name: "test",
            entries: [
                ComputedEntry(id: "Na", composition: Composition([sodium: 1]), energy: -1),
                ComputedEntry(id: "Cl", composition: Composition([chlorine: 1]), energy: -2),
                ComputedEntry(id: "NaCl", composition: Composition([sodium: 4, chlorine: 4]), energy: -28),
            ])
    }

    private func rockSalt(_ symbol: String = "Na", a: Double = 5.6) throws -> Crystal {
        Crystal(
            spaceGroup: try #require(SpaceGroup(number: 225)),
            sites: [
                Crystal.Site(wyckoff: 1, element: try #require(Element(symbol: symbol)), position: SIMD3(0, 0, 0)),
                Crystal.Site(wyckoff: 2, element: chlorine, position: SIMD3(0.5, 0.5, 0.5)),
            ],
            lattice: LatticeParameters(a: a, b: a, c: a, alpha: 90, beta: 90, gamma: 90))
    }

    private func triclinic(
        _ positions: [SIMD3<Double>] = [.zero],
        _ lattice: LatticeParameters = LatticeParameters(a: 4, b: 5, c: 6, alpha: 80, beta: 85, gamma: 95)
    ) throws -> Crystal {
        Crystal(
            spaceGroup: try #require(SpaceGroup(number: 1)),
            sites: positions.map { Crystal.Site(wyckoff: 1, element: sodium, position: $0) }, lattice: lattice)
    }

    private func outcome(
        _ crystal: Crystal, isTerminated: Bool = true, energy: Result<Double, PotentialError> = .success(-3.4),
        limits: ValidityLimits = ValidityLimits()
    ) -> Outcome {
        StabilityMeasurer(evaluator: FixedEvaluator(energy), hull: hull, limits: limits)
            .measure(crystal, isTerminated: isTerminated).outcome
    }

    @Test func evaluate_ofSoundCrystal_scoresItsPrimitiveCell() throws {
        let evaluator = FixedEvaluator(.success(-3.4))
        let measurer = StabilityMeasurer(evaluator: evaluator, hull: hull, limits: ValidityLimits())
        let evaluation = measurer.measure(try rockSalt())
        guard case .measured(let measurement) = evaluation.outcome else {
            Issue.record("\(evaluation.outcome)")
            return
        }
        #expect(measurement[.energyPerAtom] == -3.4)
        #expect(abs((measurement[.energyAboveHull] ?? 9) - 0.1) < 1e-12)
        var configuration = RewardConfiguration()
        // The hull of this test has but a few entries.
        #expect(configuration.reward(of: evaluation.outcome) == nil)
        configuration.guards.sparseHull = .allow
        #expect(abs((configuration.reward(of: evaluation.outcome) ?? 9) - 0.513417119032592) < 1e-12)
        #expect(evaluator.structures.map(\.atomCount) == [2])
        #expect(evaluator.structures.first?.orbits == [0, 1])
        #expect(evaluation.seconds > 0)
    }

    @Test func evaluate_belowTheHull_keepsTheSignAndHoldsTheReward() throws {
        guard case .measured(let measurement) = outcome(try rockSalt(), energy: .success(-500)) else {
            Issue.record("not scored")
            return
        }
        #expect(measurement[.energyAboveHull] == -496.5)
        // An error of potential or hull, not a find.
        var guarded = RewardConfiguration()
        guarded.guards.sparseHull = .allow
        #expect(guarded.reward(of: .measured(measurement)) == 0)
        var unguarded = RewardConfiguration()
        unguarded.guards = .none
        #expect(unguarded.reward(of: .measured(measurement)) == 2)
    }

    /// Iron 0.62 Å apart looks bound to CHGNet.
    @Test func evaluate_ofAtomsInsideEachOther_isInvalidWithAReasonOfItsOwn() throws {
        // Na-Na by covalent radii: 3.32 Å.
        let near = LatticeParameters(a: 1.6, b: 6, c: 6, alpha: 90, beta: 90, gamma: 90)
        #expect(outcome(try triclinic([.zero], near)) == .invalid(.atomsOverlap))
        var limits = ValidityLimits()
        limits.minimumDistanceShare = 0.48
        #expect(outcome(try triclinic([.zero], near), limits: limits) != .invalid(.atomsOverlap))
        let nearer = LatticeParameters(a: 6, b: 6, c: 6, alpha: 90, beta: 90, gamma: 90)
        #expect(outcome(try triclinic([.zero, SIMD3(0.05, 0, 0)], nearer)) == .invalid(.atomsTooClose))
    }

    @Test func evaluate_ofAtomsFarFromAllOthers_isInvalid() throws {
        let wide = LatticeParameters(a: 6.5, b: 6.5, c: 6.5, alpha: 90, beta: 90, gamma: 90)
        #expect(outcome(try triclinic([.zero], wide)) == .invalid(.atomIsolated))
        // A pair, and one atom alone.
        #expect(
            outcome(
                try triclinic(
                    [.zero, SIMD3(0.2, 0, 0), SIMD3(0.6, 0.5, 0.5)],
                    LatticeParameters(a: 15, b: 12, c: 12, alpha: 90, beta: 90, gamma: 90))) == .invalid(.atomIsolated))
        let narrow = LatticeParameters(a: 5.9, b: 9, c: 9, alpha: 90, beta: 90, gamma: 90)
        #expect(outcome(try triclinic([.zero], narrow)) != .invalid(.atomIsolated))
    }

    @Test func evaluate_ofAtomsPackedTooDensely_isInvalid() throws {
        var limits = ValidityLimits()
        limits.maximumPacking = 0.2
        // Na 19.16 Å³ and Cl 4.45 Å³ in 43.9 Å³.
        #expect(outcome(try rockSalt(), limits: limits) == .invalid(.packedTooDensely))
        limits.maximumPacking = 0.54
        #expect(outcome(try rockSalt(), limits: limits) != .invalid(.packedTooDensely))
    }

    @Test func evaluate_withOrbitsAndWithout_findsTheSameNearAndLonelyAtoms() throws {
        for a in stride(from: 2.5, through: 13.0, by: 0.5) {
            let crystal = try rockSalt(a: a)
            var limits = ValidityLimits()
            limits.minimumVolumePerAtom = 0.1
            limits.maximumPacking = 0
            let known = outcome(crystal, limits: limits)
            var sites: [Crystal.Site] = []
            let structure = try crystal.structure(cell: .primitive)
            for index in 0..<structure.atomCount {
                sites.append(
                    Crystal.Site(
                        wyckoff: 1, element: structure.elements[index],
                        position: structure.fractionalCoordinates[index]))
            }
            let unknown = Crystal(
                spaceGroup: try #require(SpaceGroup(number: 1)), sites: sites,
                lattice: LatticeParameters(structure.cell))
            #expect(outcome(unknown, limits: limits) == known, "a = \(a)")
        }
    }

    @Test func reward_ofATooUncertainCrystal_isNoneOrTheFloor() {
        var configuration = RewardConfiguration()
        let measurement = Measurement([.energyPerAtom: -3, .energyAboveHull: 0, .uncertainty: 0.2])
        #expect(configuration.reward(of: .measured(measurement)) == 1)
        configuration.limits.maximumUncertainty = 0.1
        #expect(configuration.reward(of: .measured(measurement)) == nil)
        configuration.guards.uncertain = .floor
        #expect(configuration.reward(of: .measured(measurement)) == configuration.floor)
        // As in the builds before there were guards.
        configuration.guards = .none
        #expect(configuration.reward(of: .measured(measurement)) == configuration.floor)
        #expect(configuration.measuredUncertaintyShare == 1)
        // What nobody measured is not held against a crystal.
        #expect(
            configuration.reward(of: .measured(Measurement(energyPerAtom: -3, energyAboveHull: 0))) == 1)
    }

    @Test func evaluate_relaxed_measuresWhereTheRelaxationEnds() throws {
        let potential = try CHGNet.embedded()
        var rule = RelaxationRule()
        rule.until = .converged
        let wide = try rockSalt(a: 5.9)
        func measured(_ rule: RelaxationRule) throws -> Measurement {
            let measurer = StabilityMeasurer(
                evaluator: potential.makeEvaluator(), hull: hull, limits: ValidityLimits(), relaxation: rule)
            guard case .measured(let measurement) = measurer.measure(wide).outcome else { throw CancellationError() }
            return measurement
        }
        let asSampled = try measured(RelaxationRule())
        #expect(asSampled.relaxed == nil && asSampled[.relaxationSteps] == nil)
        let relaxed = try measured(rule)
        let geometry = try #require(relaxed.relaxed)
        #expect(geometry.positions.count == 2 && geometry.lattice.a < 5.8 && geometry.lattice.a > 5.5)
        #expect(relaxed[.relaxationConverged] == 1)
        let before = try #require(relaxed[.initialEnergyPerAtom])
        #expect(abs(before - (asSampled[.energyPerAtom] ?? 0)) < 1e-5)
        let after = try #require(relaxed[.energyPerAtom])
        #expect(after < before - 0.01)
        let heights = try (#require(relaxed[.initialEnergyAboveHull]), #require(relaxed[.energyAboveHull]))
        #expect(abs(heights.0 - heights.1 - (before - after)) < 1e-9)
        // Its energy is that of the structure that is kept.
        let kept = try geometry.applied(to: wide).structure(cell: .primitive)
        let again = try potential.makeEvaluator().evaluate([kept], .energy)[0].get().energyPerAtom
        #expect(abs(again - after) < 1e-6)
        rule.until = .steps
        rule.maximumSteps = 1
        let short = try measured(rule)
        #expect(short[.relaxationSteps] == 1 && short[.relaxationConverged] == 0 && short.relaxed != nil)
    }

    @Test func evaluate_relaxedByAPotentialWithoutForces_failsAndSaysSo() throws {
        var rule = RelaxationRule()
        rule.until = .converged
        let measurer = StabilityMeasurer(
            evaluator: FixedEvaluator(.success(-3.4)), hull: hull, limits: ValidityLimits(), relaxation: rule)
        guard case .failed(.engine(let reason)) = measurer.measure(try rockSalt()).outcome else {
            Issue.record("it is measured")
            return
        }
        #expect(reason.contains("forces"))
    }

    @Test func evaluate_ofUnterminatedSample_isInvalid() throws {
        #expect(outcome(try rockSalt(), isTerminated: false) == .invalid(.unterminated))
    }

    @Test func evaluate_ofNoSites_isInvalid() throws {
        #expect(outcome(try triclinic([])) == .invalid(.noAtoms))
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func evaluate_ofNonFiniteLattice_isInvalid(value: Double) throws {
        for index in 0..<6 {
            var values = [4.0, 5, 6, 80, 85, 95]
            values[index] = value
            #expect(outcome(try triclinic([.zero], LatticeParameters(values: values))) == .invalid(.latticeNotFinite))
        }
    }

    @Test func evaluate_beyondEachBoundOfTheLattice_isInvalid() throws {
        let good = [4.0, 5, 6, 80, 85, 95]
        for (index, bounds) in [(0, (1.5, 100)), (1, (1.5, 100)), (2, (1.5, 100)), (3, (20, 160)), (4, (20, 160))]
            as [(Int, (Double, Double))]
        {
            for value in [bounds.0 - 0.01, bounds.1 + 0.01, -5, 0, 1e300] {
                var values = good
                values[index] = value
                let found = outcome(try triclinic([.zero], LatticeParameters(values: values)))
                #expect(found == .invalid(.latticeOutOfBounds), "\(values)")
            }
        }
        // Angles that close no cell.
        let open = LatticeParameters(a: 4, b: 5, c: 6, alpha: 30, beta: 30, gamma: 100)
        #expect(outcome(try triclinic([.zero], open)) == .invalid(.latticeOutOfBounds))
    }

    @Test func evaluate_withinTheBoundsOfTheLattice_isScored() throws {
        for values in [[1.5, 5, 6, 80, 85, 95], [100, 5, 1.6, 90, 90, 90], [9, 9, 9, 20, 20, 20]] {
            var limits = ValidityLimits()
            limits.removeAtomicLimits()
            let found = outcome(try triclinic([.zero], LatticeParameters(values: values)), limits: limits)
            guard case .measured = found else {
                Issue.record("\(values)")
                continue
            }
        }
    }

    @Test func evaluate_beyondTheBoundsOfVolume_isInvalid() throws {
        let large = LatticeParameters(a: 90, b: 90, c: 90, alpha: 90, beta: 90, gamma: 90)
        #expect(outcome(try triclinic([.zero], large)) == .invalid(.volumeOutOfBounds))
        let small = LatticeParameters(a: 1.5, b: 1.5, c: 1.5, alpha: 90, beta: 90, gamma: 90)
        let crowd = [SIMD3(0, 0, 0), SIMD3(0.5, 0.5, 0.5)]
        #expect(outcome(try triclinic(crowd, small)) == .invalid(.volumeOutOfBounds))
    }

    @Test func evaluate_ofTooManyAtoms_isInvalid() throws {
        var limits = ValidityLimits()
        limits.maximumAtoms = 8
        guard case .measured = outcome(try rockSalt(), limits: limits) else {
            Issue.record("8 atoms are allowed")
            return
        }
        limits.maximumAtoms = 7
        #expect(outcome(try rockSalt(), limits: limits) == .invalid(.tooManyAtoms))
    }

    @Test func evaluate_ofImpossibleSites_isInvalid() throws {
        var crystal = try rockSalt()
        crystal.sites[0].wyckoff = 99
        #expect(outcome(crystal) == .invalid(.unknownWyckoffPosition))
        crystal.sites[0].wyckoff = 0
        #expect(outcome(crystal) == .invalid(.unknownWyckoffPosition))
        #expect(outcome(try triclinic([SIMD3(0, .nan, 0)])) == .invalid(.positionNotFinite))
    }

    @Test func evaluate_ofAtomsTooClose_isInvalid() throws {
        let cube = LatticeParameters(a: 5, b: 5, c: 5, alpha: 90, beta: 90, gamma: 90)
        #expect(outcome(try triclinic([.zero, SIMD3(0.0999, 0, 0)], cube)) == .invalid(.atomsTooClose))
        #expect(outcome(try triclinic([.zero, .zero], cube)) == .invalid(.atomsTooClose))
        // Through the face of the cell.
        #expect(outcome(try triclinic([.zero, SIMD3(0, 0.95, 0)], cube)) == .invalid(.atomsTooClose))
        var limits = ValidityLimits()
        limits.removeAtomicLimits()
        guard case .measured = outcome(try triclinic([.zero, SIMD3(0.1001, 0, 0)], cube), limits: limits) else {
            Issue.record("0.5005 Å is allowed")
            return
        }
        // A general position on a symmetry element: its images fall on each other.
        var crystal = try rockSalt(a: 20)
        let general = crystal.spaceGroup.wyckoffPositions.count
        crystal.sites = [Crystal.Site(wyckoff: general, element: sodium, position: .zero)]
        #expect(outcome(crystal) == .invalid(.atomsTooClose))
    }

    @Test func evaluate_whenThePotentialBlamesTheCrystal_isInvalid() throws {
        let expected: [(PotentialError, InvalidCrystal)] = [
            (.coincidentAtoms(0, 1), .atomsTooClose),
            (.tooManyNeighbours(.pairs, limit: 1, atoms: 2, volume: 3), .tooManyNeighbours),
            (.degenerateCell(volume: 0), .latticeOutOfBounds),
            (.nonFiniteGeometry("the cell"), .latticeOutOfBounds),
            (.emptyStructure, .noAtoms),
        ]
        for (error, reason) in expected {
            #expect(outcome(try rockSalt(), energy: .failure(error)) == .invalid(reason))
        }
    }

    @Test func evaluate_whenThePotentialFails_isNoFaultOfTheCrystal() throws {
        let unsupported = PotentialError.unsupportedElement(symbol: "Na", atom: 0, largestAtomicNumber: 2)
        #expect(outcome(try rockSalt(), energy: .failure(unsupported)) == .failed(.unsupportedElement(sodium)))
        let error = PotentialError.notFinite(potential: "test")
        #expect(outcome(try rockSalt(), energy: .failure(error)) == .failed(.engine(error.description)))
        guard case .failed(.engine) = outcome(try rockSalt(), energy: .success(.nan)) else {
            Issue.record("NaN was scored")
            return
        }
    }

    @Test func evaluate_withoutReference_failsBeforeTheEnergy() throws {
        let iron = try #require(Element(symbol: "Fe"))
        let evaluator = FixedEvaluator(.success(-1))
        let measurer = StabilityMeasurer(evaluator: evaluator, hull: hull, limits: ValidityLimits())
        let evaluation = measurer.measure(try rockSalt("Fe"))
        #expect(evaluation.outcome == .failed(.missingReference(iron)))
        #expect(RewardConfiguration().reward(of: evaluation.outcome) == nil)
        #expect(evaluator.structures.isEmpty)
    }

    /// The potential sees those that are worth an energy, as one batch; outcomes stay in the order of the crystals.
    @Test func evaluate_ofABatch_answersInOrder() throws {
        let evaluator = FixedEvaluator(.success(-3.4))
        let measurer = StabilityMeasurer(evaluator: evaluator, hull: hull, limits: ValidityLimits())
        let crystals = [
            try rockSalt("Fe"), try rockSalt(), try rockSalt(), try rockSalt(a: 5.7),
        ].enumerated().map { WorkItem(job: 0, index: $0, crystal: $1, isTerminated: $0 != 2) }
        let evaluations = measurer.measure(crystals)
        #expect(evaluations.count == 4 && evaluator.structures.count == 2)
        for (candidate, evaluation) in zip(crystals, evaluations) {
            let alone = try #require(measurer.measure([candidate]).first)
            #expect(evaluation.outcome == alone.outcome)
        }
        #expect(evaluations[2].outcome == .invalid(.unterminated))
        #expect(measurer.measure([]).isEmpty)
    }

    @Test func evaluationFailure_fromItsCodeAndDetail_isItself() {
        for failure in [
            EvaluationFailure.missingReference(sodium), .unsupportedElement(chlorine), .engine("out of memory"),
            .engineCrashed, .engineTimedOut, .engineOutOfMemory, .engineNotFinite("energy"), .engineAnswer("why"),
        ] {
            #expect(EvaluationFailure(reason: failure.reason, detail: failure.detail) == failure)
        }
        #expect(EvaluationFailure(reason: "missing_reference", detail: "Xx") == nil)
        #expect(EvaluationFailure(reason: "weather", detail: "") == nil)
    }

    @Test func invalidCrystal_namesAreStable() {
        #expect(
            InvalidCrystal.allCases.map(\.rawValue) == [
                "unterminated", "no_atoms", "too_many_atoms", "lattice_not_finite", "lattice_out_of_bounds",
                "volume_out_of_bounds", "position_not_finite", "unknown_wyckoff_position", "atoms_too_close",
                "atoms_overlap", "atom_isolated", "packed_too_densely", "relaxation_exploded",
                "relaxation_collapsed", "too_many_neighbours",
            ])
    }
}
