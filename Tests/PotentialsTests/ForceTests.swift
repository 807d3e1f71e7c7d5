import Crystals
import Potentials
import Testing

/// Forces and stress are derivatives of the energy that the same evaluator gives.
@Suite struct ForceTests {
    private let model: CHGNet
    private let structures: [String: Structure]

    init() throws {
        model = try PhysicsFixtures.model.get()
        structures = try PhysicsFixtures.structures()
    }

    /// The energy of the whole cell, eV.
    private func energy(_ structure: Structure, _ evaluator: any PotentialEvaluator) throws -> Double {
        try evaluator.energyPerAtom(of: structure) * Double(structure.atomCount)
    }

    /// The derivative at zero by central differences of fourth order.
    private func slope(step: Double, _ function: (Double) throws -> Double) rethrows -> Double {
        let near = (try function(step) - function(-step)) / (2 * step)
        let far = (try function(2 * step) - function(-2 * step)) / (4 * step)
        return (4 * near - far) / 3
    }

    /// Along each coordinate; energies have about 1e-6 eV of rounding.
    @Test(arguments: ["trimer-h2o", "perov-18250", "rand-1", "val-0573"], CHGNet.Version.allCases)
    func forces_areTheSlopesOfTheEnergy(_ id: String, _ version: CHGNet.Version) throws {
        let evaluator = try #require(PhysicsFixtures.models[version]).get().makeEvaluator()
        let structure = try #require(structures[id])
        let forces = try #require(try evaluator.evaluate(structure, .forces).forces)
        for atom in 0..<structure.atomCount {
            for axis in 0..<3 {
                let slope = try slope(step: 2e-3) { distance in
                    var shift = SIMD3<Double>.zero
                    shift[axis] = distance
                    var moved = structure
                    moved.fractionalCoordinates[atom] += structure.cell.fractional(shift)
                    return try energy(moved, evaluator)
                }
                #expect(abs(slope + forces[atom][axis]) < 2e-3 + 1e-4 * abs(slope), "\(atom) \(axis)")
            }
        }
    }

    @Test(arguments: ["trimer-h2o", "perov-18250", "rand-1", "val-0573", "nacl-lefthanded", "si-skewed"])
    func stress_isTheSlopeByStrain(_ id: String) throws {
        let evaluator = model.makeEvaluator()
        let structure = try #require(structures[id])
        let stress = try #require(try evaluator.evaluate(structure, .stress).stress)
        for row in 0..<3 {
            for column in 0..<3 {
                let change = try slope(step: 5e-4) { strain in
                    func apply(_ vector: SIMD3<Double>) -> SIMD3<Double> {
                        var result = vector
                        result[column] += strain * vector[row]
                        return result
                    }
                    var strained = structure
                    let cell = structure.cell
                    strained.cell = Cell(a: apply(cell.a), b: apply(cell.b), c: apply(cell.c))
                    return try energy(strained, evaluator)
                }
                let slope = change / structure.cell.volume
                #expect(abs(slope - stress.rows[row][column]) < 2e-4, "\(row) \(column)")
            }
        }
    }

    @Test(arguments: ["val-0020", "dense-0", "srtio3", "isolated-partly", "val-0364"])
    func forces_sumToZeroAndStressIsSymmetric(_ id: String) throws {
        let result = try model.makeEvaluator().evaluate(try #require(structures[id]), [.forces, .stress])
        let forces = try #require(result.forces)
        #expect(largestComponent(forces.reduce(.zero, +)) < 1e-9)
        let rows = try #require(result.stress).rows
        for i in 0..<3 { for j in 0..<i { #expect(abs(rows[i][j] - rows[j][i]) < 1e-9) } }
    }

    /// Only what is asked for is there.
    @Test func evaluation_holdsWhatWasAskedFor() throws {
        let structure = try #require(structures["val-0573"])
        let evaluator = model.makeEvaluator()
        for bits in 0..<32 {
            let asked = PotentialProperties(rawValue: bits)
            let result = try evaluator.evaluate(structure, asked)
            #expect((result.forces != nil) == asked.contains(.forces))
            #expect((result.stress != nil) == asked.contains(.stress))
            #expect((result.magneticMoments != nil) == asked.contains(.magneticMoments))
            #expect((result.siteEnergies != nil) == asked.contains(.siteEnergies))
        }
    }

    /// The bits of a result depend neither on what the evaluator has done before nor on threads.
    @Test func forces_onAnyThreadAndInAnyOrder_haveTheSameBits() async throws {
        let inputs = try ["val-0364", "cs-bcc", "val-0020", "isolated-one", "trimer-h2o"].map {
            try #require(structures[$0])
        }
        let model = self.model
        let expected = inputs.map { model.makeEvaluator().evaluate([$0], [.forces, .stress])[0] }
        await withTaskGroup(of: Void.self) { group in
            for shift in 0..<3 {
                group.addTask {
                    let evaluator = model.makeEvaluator()
                    for step in 0..<2 * inputs.count {
                        let index = (step * 3 + shift) % inputs.count
                        if step % 2 == 1 { _ = evaluator.evaluate([inputs[index]], .energy) }
                        #expect(evaluator.evaluate([inputs[index]], [.forces, .stress])[0] == expected[index])
                    }
                }
            }
        }
    }
}
