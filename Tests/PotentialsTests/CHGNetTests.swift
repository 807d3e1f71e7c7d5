import Base
import Crystals
import Foundation
import Potentials
import Testing

@Suite struct CHGNetTests {
    private let model: CHGNet
    private let structures: [String: Structure]

    init() throws {
        model = try PhysicsFixtures.model.get()
        structures = try PhysicsFixtures.structures()
    }

    @Test func graphs_ofEveryFixture_haveTheReferencesSizes() throws {
        let evaluator = model.makeCHGNetEvaluator()
        for prediction in try PhysicsFixtures.predictions() where prediction.status == "ok" {
            let graph = try evaluator.makeGraph(of: try #require(structures[prediction.id]))
            if prediction.atomMargin ?? 1 > 1e-6 {
                #expect(graph.edgeCount == prediction.edges, "\(prediction.id)")
                #expect(graph.bondCount == prediction.bonds, "\(prediction.id)")
            }
            if prediction.bondMargin ?? 1 > 1e-6 { #expect(graph.angleCount == prediction.angles, "\(prediction.id)") }
        }
        let exact = try evaluator.makeGraph(of: try #require(structures["sc-at-cutoffs"]))
        #expect(exact.edgeCount == 32 && exact.angleCount == 0)
    }

    @Test(arguments: [("si-diamond", "si-skewed"), ("nacl", "nacl-unwrapped"), ("nacl", "nacl-lefthanded")])
    func energy_ofTheSameCrystalInAnotherCell_isTheSame(_ pair: (String, String)) throws {
        let evaluator = model.makeEvaluator()
        let first = try evaluator.energyPerAtom(of: try #require(structures[pair.0]))
        let second = try evaluator.energyPerAtom(of: try #require(structures[pair.1]))
        #expect(abs(first - second) < 2e-6)
    }

    @Test func energy_ofASupercell_isThatOfTheCell() throws {
        let cell = try #require(structures["perov-18250"])
        var double = cell
        double.cell.b = 2 * cell.cell.b
        double.elements += cell.elements
        double.fractionalCoordinates = [0.0, 0.5].flatMap { shift in
            cell.fractionalCoordinates.map { SIMD3($0.x, $0.y / 2 + shift, $0.z) }
        }
        let evaluator = model.makeEvaluator()
        let energies = (try evaluator.energyPerAtom(of: cell), try evaluator.energyPerAtom(of: double))
        #expect(abs(energies.0 - energies.1) < 2e-6)
    }

    /// The bits of an energy depend neither on what the evaluator has done before nor on threads.
    @Test func energy_onAnyThreadAndInAnyOrder_hasTheSameBits() async throws {
        let chosen = ["val-0364", "dense-0", "cs-bcc", "val-0020", "isolated-one", "trimer-h2o"]
        let inputs = try chosen.map { try #require(structures[$0]) }
        let model = self.model
        let expected = try inputs.map { try model.makeEvaluator().energyPerAtom(of: $0).bitPattern }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for shift in 0..<4 {
                group.addTask {
                    let evaluator = model.makeEvaluator()
                    for step in 0..<2 * inputs.count {
                        let index = (step * 5 + shift) % inputs.count
                        let energy = try evaluator.energyPerAtom(of: inputs[index])
                        #expect(energy.bitPattern == expected[index])
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func energy_ofBadStructures_failsWithTheReason() throws {
        let evaluator = model.makeEvaluator()
        let good = try #require(structures["nacl"])

        var empty = good
        empty.elements = []
        empty.fractionalCoordinates = []
        #expect(throws: PotentialError.emptyStructure) { try evaluator.energyPerAtom(of: empty) }

        for bad in [Double.nan, .infinity, 1e300] {
            var structure = good
            structure.cell.b.y = bad
            #expect(throws: PotentialError.self) { try evaluator.energyPerAtom(of: structure) }
        }
        for bad in [Double.nan, -.infinity] {
            var structure = good
            structure.fractionalCoordinates[1].z = bad
            #expect(throws: PotentialError.nonFiniteGeometry("the position of atom 1")) {
                try evaluator.energyPerAtom(of: structure)
            }
        }
        var flat = good
        flat.cell.c = flat.cell.a + flat.cell.b
        #expect(throws: PotentialError.degenerateCell(volume: flat.cell.volume)) {
            try evaluator.energyPerAtom(of: flat)
        }
        flat.cell.a = .zero
        #expect(throws: PotentialError.self) { try evaluator.energyPerAtom(of: flat) }
        // The evaluator is as good as new afterwards.
        #expect(abs(try evaluator.energyPerAtom(of: good) + 3.66796534282) < 1e-5)
    }

    @Test(arguments: [0.5, 1e-3, 1e-9, 1e-60])
    func energy_ofACollapsedCell_isRefusedAtOnce(_ scale: Double) throws {
        var structure = try #require(structures["nacl"])
        structure.cell = Cell(a: scale * structure.cell.a, b: scale * structure.cell.b, c: scale * structure.cell.c)
        var model = self.model
        model.limits = CHGNet.Limits(maximumEdges: 400, maximumAngles: 400_000)
        let error = PotentialError.tooManyNeighbours(.pairs, limit: 400, atoms: 2, volume: structure.cell.volume)
        #expect(throws: error) { try model.makeEvaluator().energyPerAtom(of: structure) }
        // One short vector alone.
        structure = try #require(structures["nacl"])
        structure.cell.a *= scale * 0.1
        #expect(throws: PotentialError.self) { try model.makeEvaluator().energyPerAtom(of: structure) }
    }

    @Test func energy_withTooManyAngles_isRefused() throws {
        let structure = try #require(structures["dense-0"])
        var model = self.model
        model.limits.maximumAngles = 5000
        let error = PotentialError.tooManyNeighbours(.angles, limit: 5000, atoms: 4, volume: structure.cell.volume)
        #expect(throws: error) { try model.makeEvaluator().energyPerAtom(of: structure) }
    }

    /// Whatever the numbers, the answer is an energy or a typed error, soon.
    @Test func energy_ofAbsurdStructures_neverCrashes() throws {
        var model = self.model
        model.limits = CHGNet.Limits(maximumEdges: 2000, maximumAngles: 2000)
        let evaluator = model.makeEvaluator()
        var outcomes = (energies: 0, errors: 0)
        for seed in 0..<400 as Range<UInt64> {
            var generator = Philox(seed: seed, domain: .testing)
            func number(_ exponents: ClosedRange<Double>) -> Double {
                if generator.uniform() < 0.02 {
                    return [0, .nan, .infinity, -1e308, 1e-308][Int(5 * generator.uniform())]
                }
                let span = exponents.upperBound - exponents.lowerBound
                let size = pow(10, exponents.lowerBound + span * generator.uniform())
                return generator.uniform() < 0.5 ? size : -size
            }
            let widest = Double(seed % 12)
            func vector() -> SIMD3<Double> {
                SIMD3(number(-widest...widest), number(-widest...widest), number(-widest...widest))
            }
            let count = Int(1 + 4 * generator.uniform())
            let structure = Structure(
                cell: Cell(a: 4 * vector(), b: 4 * vector(), c: 4 * vector()),
                elements: (0..<count).compactMap { _ in Element(atomicNumber: Int(1 + 100 * generator.uniform())) },
                fractionalCoordinates: (0..<count).map { _ in vector() })
            do {
                #expect(try evaluator.energyPerAtom(of: structure).isFinite)
                outcomes.energies += 1
            } catch {
                #expect(!error.description.isEmpty)
                outcomes.errors += 1
            }
        }
        #expect(outcomes.energies > 20 && outcomes.errors > 20)
    }
}
