import Crystals
import Foundation
import Potentials
import Testing

@Suite struct RelaxationTests {
    private let sodium: Element
    private let chlorine: Element

    init() throws {
        sodium = try #require(Element(symbol: "Na"))
        chlorine = try #require(Element(symbol: "Cl"))
    }

    private func faceCentred(_ a: Double) throws -> Crystal {
        Crystal(
            spaceGroup: try #require(SpaceGroup(number: 225)),
            sites: [Crystal.Site(wyckoff: 1, element: sodium, position: .zero)],
            lattice: LatticeParameters(a: a, b: a, c: a, alpha: 90, beta: 90, gamma: 90))
    }

    private func settings(
        _ optimizer: RelaxationSettings.Optimizer = .lbfgs, force: Double = 1e-5, stress: Double = 1e-4
    ) -> RelaxationSettings {
        var settings = RelaxationSettings()
        settings.optimizer = optimizer
        settings.criterion = .forceAndStress(force: force, stress: stress)
        settings.maximumSteps = 2_000
        return settings
    }

    private func relax(
        _ input: RelaxationInput, _ settings: RelaxationSettings, _ potential: RelaxationMorse = RelaxationMorse()
    ) throws -> Relaxation {
        let results = try Relaxer(potential: potential, settings: settings).relax([input])
        return try #require(results.first).get()
    }

    private func energy(_ structure: Structure, _ potential: RelaxationMorse = RelaxationMorse()) throws -> Double {
        try potential.makeEvaluator().energyPerAtom(of: structure)
    }

    @Test(arguments: RelaxationSettings.Optimizer.allCases)
    func aCrystalWithOneLength_endsAtItsMinimum(_ optimizer: RelaxationSettings.Optimizer) throws {
        // The minimum of the energy over the length, by ternary search.
        var (low, high) = (3.0, 6.0)
        for _ in 0..<100 {
            let (left, right) = (low + (high - low) / 3, high - (high - low) / 3)
            let energies = try [left, right].map { try energy(faceCentred($0).structure(cell: .primitive)) }
            if energies[0] < energies[1] { high = right } else { low = left }
        }
        for a in [3.5, 4.1, 4.8] {
            let result = try relax(.crystal(try faceCentred(a)), settings(optimizer))
            #expect(result.end == .converged)
            let crystal = try #require(result.finalCrystal)
            #expect(abs(crystal.lattice.a - low) < 1e-4, "from \(a)")
            let start = try faceCentred(a)
            #expect(crystal.spaceGroup == start.spaceGroup && crystal.sites == start.sites)
            #expect(abs(result.volumeRatio - pow(crystal.lattice.a / a, 3)) < 1e-9)
            #expect(result.displacement < 1e-9)
        }
    }

    @Test(arguments: [RelaxationSettings.Optimizer.lbfgs, .fire], [true, false])
    func forcesOfTheEnd_vanish_andTheEnergyIsBelowTheFirst(
        _ optimizer: RelaxationSettings.Optimizer, keepsSymmetry: Bool
    ) throws {
        var random = RelaxationCrystals(seed: 1)
        var settings = settings(optimizer, force: 1e-3, stress: 1e-2)
        settings.keepsSymmetry = keepsSymmetry
        for number in [1, 2, 14, 62, 139, 166, 194, 225] {
            // Without atoms on top of each other.
            var crystal: Crystal?
            while crystal == nil {
                let drawn = random.crystal(
                    group: number, elements: [sodium, chlorine], volumePerAtom: 16, mostAtoms: 12)
                if let drawn, try energy(drawn.structure(cell: .primitive)) < 3 { crystal = drawn }
            }
            let result = try relax(.crystal(try #require(crystal)), settings)
            #expect(result.end == .converged, "group \(number): \(result.end.name), \(result.steps) steps")
            #expect(result.finalEnergyPerAtom < result.initialEnergyPerAtom)
            let again = try energy(result.final)
            #expect(abs(result.finalEnergyPerAtom - again) < 1e-9)
            let evaluation = try #require(
                RelaxationMorse().makeEvaluator().evaluate([result.final], [.energy, .forces, .stress]).first
            ).get()
            for force in try #require(evaluation.forces) {
                #expect((force * force).sum().squareRoot() < 1.001e-3)
            }
            #expect(try #require(evaluation.stress).inGigapascals.joined().allSatisfy { abs($0) < 1.001e-2 })
        }
    }

    @Test func spaceGroup_isKeptToRounding() throws {
        var random = RelaxationCrystals(seed: 2)
        var checked = 0
        for number in stride(from: 2, through: 230, by: 9) {
            guard
                let crystal = random.crystal(group: number, elements: [sodium, chlorine], volumePerAtom: 15),
                let given = try? SymmetryAnalysis(crystal.structure(cell: .primitive), tolerance: 1e-4)
            else { continue }
            let result = try relax(.crystal(crystal), settings(force: 0.02, stress: 0.1))
            let final = try #require(result.finalCrystal)
            // The sites make the structure that was relaxed.
            let rebuilt = try final.structure(cell: .primitive)
            #expect(rebuilt.elements == result.final.elements)
            let again = try energy(rebuilt)
            #expect(abs(again - result.finalEnergyPerAtom) < 1e-7, "group \(number)")
            // A search that tells atoms 1e-5 Å apart finds every operation that there was, at least.
            let found = try SymmetryAnalysis(result.final, tolerance: 1e-5)
            #expect(found.operations.count % given.operations.count == 0, "group \(number)")
            #expect(found.operations.count >= given.operations.count, "group \(number)")
            checked += 1
        }
        #expect(checked > 18)
    }

    @Test func bareStructure_nearlySymmetric_isRelaxedInItsGroup() throws {
        var random = RelaxationCrystals(seed: 3)
        for number in [36, 63, 129, 166, 216] {
            let drawn = random.crystal(group: number, elements: [sodium, chlorine], volumePerAtom: 15, mostAtoms: 8)
            // Near a minimum, so that both cells go to the same one.
            let settled = try relax(.crystal(try #require(drawn)), settings(force: 0.001, stress: 0.01))
            var crystal = try #require(settled.finalCrystal)
            crystal.lattice.a *= 1.02
            var structure = try crystal.structure(cell: .conventional)
            structure.orbits = nil
            // Another place, a left-handed cell, and noise.
            (structure.cell.a, structure.cell.b) = (structure.cell.b, structure.cell.a)
            structure.fractionalCoordinates = structure.fractionalCoordinates.map { x in
                SIMD3(x.y, x.x, x.z) + SIMD3(0.21, -1.37, 4.02) + 2e-4 * (random.point() - 0.5)
            }
            let given = try SymmetryAnalysis(structure)
            let result = try relax(.structure(structure), settings(force: 0.01, stress: 0.1))
            #expect(result.spaceGroup == given.spaceGroup)
            let found = try SymmetryAnalysis(result.final, tolerance: 1e-5)
            #expect(found.operations.count >= given.operations.count, "group \(number)")
            #expect(result.finalCrystal == nil)
            // As low as the primitive cell comes in the same group.
            let primitive = try relax(.crystal(crystal), settings(force: 0.001, stress: 0.01))
            let finer = try relax(.structure(structure), settings(force: 0.001, stress: 0.01))
            #expect(abs(primitive.finalEnergyPerAtom - finer.finalEnergyPerAtom) < 1e-3, "group \(number)")
        }
    }

    @Test func releasedSymmetry_leavesASaddle() throws {
        // Two atoms a cell in a square lattice of layers: unstable against what the group forbids.
        let crystal = Crystal(
            spaceGroup: try #require(SpaceGroup(number: 221)),
            sites: [Crystal.Site(wyckoff: 1, element: sodium, position: .zero)],
            lattice: LatticeParameters(a: 3, b: 3, c: 3, alpha: 90, beta: 90, gamma: 90))
        let kept = try relax(.crystal(crystal), settings())
        #expect(kept.end == .converged && kept.spaceGroup?.number == 221)
        var pushed = try crystal.structure()
        pushed.cell.a += SIMD3(0, 0.05, 0.02)
        var released = settings()
        released.keepsSymmetry = false
        let free = try relax(.structure(pushed), released)
        #expect(free.end == .converged && free.spaceGroup == nil)
        #expect(free.finalEnergyPerAtom < kept.finalEnergyPerAtom - 0.01)
    }

    @Test func fixedCell_staysToTheBit() throws {
        var random = RelaxationCrystals(seed: 4)
        let structure = random.structure([sodium, chlorine, sodium], volumePerAtom: 20)
        var settings = settings(force: 1e-3)
        settings.relaxesCell = false
        var potential = RelaxationMorse()
        potential.properties = [.energy, .forces]
        let result = try relax(.structure(structure), settings, potential)
        #expect(result.final.cell == structure.cell && result.volumeRatio == 1 && result.largestStress == 0)
        #expect(result.end == .converged && result.displacement > 0.1)
    }

    @Test func results_doNotDependOnBatchesNorThreads() throws {
        var random = RelaxationCrystals(seed: 5)
        var inputs: [RelaxationInput] = (1...11).compactMap { index in
            random.crystal(group: 20 * index, elements: [sodium, chlorine], volumePerAtom: 15).map { .crystal($0) }
        }
        inputs.insert(
            .structure(
                Structure(
                    cell: try faceCentred(4).structure().cell, elements: [],
                    fractionalCoordinates: [])), at: 3)
        let relaxer = try Relaxer(potential: RelaxationMorse(), settings: settings(force: 0.02, stress: 0.1))
        let alone = inputs.map { relaxer.relax([$0], batchSize: 1)[0] }
        for (batch, threads) in [(1, 3), (7, 1), (100, 2)] {
            let together = relaxer.relax(inputs, batchSize: batch, threads: threads)
            for (first, second) in zip(alone, together) {
                #expect((try? first.get().final) == (try? second.get().final))
                #expect((try? first.get().steps) == (try? second.get().steps))
            }
        }
        #expect(throws: RelaxationError.potential(.emptyStructure)) { try alone[3].get() }
    }

    @Test func ends_sayWhy() throws {
        let crystal = RelaxationInput.crystal(try faceCentred(4.6))
        var settings = settings()
        settings.maximumSteps = 2
        #expect(try relax(crystal, settings).end == .steps)
        settings.maximumSteps = 0
        let none = try relax(crystal, settings)
        #expect(none.end == .steps && none.steps == 0 && none.displacement < 1e-9 && abs(none.volumeRatio - 1) < 1e-9)
        settings.maximumSteps = 500
        var repelling = RelaxationMorse()
        repelling.part = .repulsion
        let exploded = try relax(crystal, settings, repelling)
        #expect(exploded.end == .exploded && exploded.volumeRatio <= 4 && exploded.volumeRatio > 3)
        var attracting = RelaxationMorse()
        attracting.part = .attraction
        let collapsed = try relax(crystal, settings, attracting)
        #expect(collapsed.end == .collapsed && collapsed.volumeRatio >= 0.25 && collapsed.volumeRatio < 0.35)
        settings.maximumCrowding = 0
        settings.volumeRatios = 0.01...2
        #expect(try relax(crystal, settings, attracting).end == .crowded)
        attracting.nearest = 2.9
        let failed = try relax(crystal, settings, attracting)
        #expect(failed.end.name == "failed" && failed.finalEnergyPerAtom < failed.initialEnergyPerAtom)
        settings.optimizer = .fire
        #expect(try relax(crystal, settings, attracting).end.name == "failed")
    }

    @Test(arguments: RelaxationSettings.Optimizer.allCases)
    func atomsThatAttractEachOther_stayApart(_ optimizer: RelaxationSettings.Optimizer) throws {
        let pair = Structure(
            cell: try faceCentred(7).structure().cell, elements: [sodium, chlorine],
            fractionalCoordinates: [.zero, SIMD3(0.4, 0.03, 0.01)])
        var settings = settings(optimizer)
        settings.relaxesCell = false
        settings.keepsSymmetry = false
        var attracting = RelaxationMorse()
        attracting.part = .attraction
        let result = try relax(.structure(pair), settings, attracting)
        #expect(result.end == .collapsed)
        let apart = try NeighborList(of: result.final, cutoff: 1.5, maximumEdges: 1_000).lengths.min() ?? 0
        #expect(apart >= 0.5 && apart < 1)
        settings.minimumDistance = -1
        #expect(settings.problem?.contains("smallest distance") == true)
    }

    @Test func whatCannotBeRelaxed_saysWhy() throws {
        let coincident = Structure(
            cell: try faceCentred(4).structure().cell, elements: [sodium, sodium],
            fractionalCoordinates: [.zero, .zero])
        var released = settings()
        released.keepsSymmetry = false
        #expect(throws: RelaxationError.potential(.coincidentAtoms(0, 1))) {
            try relax(.structure(coincident), released)
        }
        #expect(throws: RelaxationError.symmetry(.searchFailed(tolerance: 0.01))) {
            try relax(.structure(coincident), settings())
        }
        var flat = try faceCentred(4).structure()
        flat.cell.c = flat.cell.a
        #expect(throws: RelaxationError.potential(.degenerateCell(volume: 0))) {
            try relax(.structure(flat), settings())
        }
        var strange = try faceCentred(4)
        strange.sites[0].wyckoff = 99
        #expect(throws: RelaxationError.self) { try relax(.crystal(strange), settings()) }
        var forceless = RelaxationMorse()
        forceless.properties = .energy
        #expect(throws: RelaxationError.missingDerivatives(potential: "morse")) {
            try Relaxer(potential: forceless, settings: settings())
        }
    }

    @Test func absurdCrystals_endWithAReason() throws {
        var random = RelaxationCrystals(seed: 6)
        var inputs: [RelaxationInput] = []
        let isSlow = ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1"
        for index in 0..<(isSlow ? 2_000 : 100) {
            let volume = pow(10, random.uniform(-3...3))
            if index.isMultiple(of: 2) {
                let count = Int(random.uniform(1...6))
                var structure = random.structure(
                    (0..<count).map { $0.isMultiple(of: 2) ? sodium : chlorine }, volumePerAtom: volume)
                if index.isMultiple(of: 5), count > 1 {
                    structure.fractionalCoordinates[1] = structure.fractionalCoordinates[0]
                }
                if index.isMultiple(of: 7) { structure.cell.c = 1e-3 * structure.cell.c }
                inputs.append(.structure(structure))
            } else if let crystal = random.crystal(
                group: 1 + index % 230, elements: [sodium, chlorine], volumePerAtom: volume)
            {
                inputs.append(.crystal(crystal))
            }
        }
        var settings = settings(force: 0.05, stress: 0.1)
        settings.maximumSteps = 30
        let results = try Relaxer(potential: RelaxationMorse(), settings: settings).relax(inputs, threads: 2)
        #expect(results.count == inputs.count)
        for result in results {
            guard let relaxation = try? result.get() else { continue }
            #expect(relaxation.steps <= 30 && relaxation.finalEnergyPerAtom.isFinite)
            #expect(relaxation.final.fractionalCoordinates.allSatisfy { ($0.x + $0.y + $0.z).isFinite })
        }
    }
}
