import Crystals
import Potentials
import StructureFiles
import Testing

@Suite struct GraphPartitionTests {
    private let model: CHGNet
    private let structures: [String: Structure]

    init() throws {
        model = try PhysicsFixtures.model.get()
        structures = try PhysicsFixtures.structures()
    }

    private func partition(_ structure: Structure) throws -> GraphPartition {
        let graph = try model.makeCHGNetEvaluator().makeGraph(of: structure)
        return GraphPartition(refining: graph, elements: structure.elements.map(\.atomicNumber), rounds: 4)
    }

    @Test(arguments: [
        ("srtio3", 3), ("nacl", 2), ("si-diamond", 1), ("si-skewed", 1), ("cu-fcc", 1), ("mg-hcp", 1), ("uo2", 2),
        ("nacl-3x3x3", 54), ("val-0378", 10), ("isolated-partly", 3), ("cscl", 2), ("po-sc", 1),
    ])
    func classes_ofAtoms_areTheOrbits(_ expected: (id: String, classes: Int)) throws {
        let structure = try #require(structures[expected.id])
        #expect(try partition(structure).atoms.representatives.count == expected.classes)
    }

    @Test func classes_ofAPerovskite_putTheOxygensTogether() throws {
        let structure = try #require(structures["srtio3"])
        let atoms = try partition(structure).atoms
        for (atom, element) in structure.elements.enumerated() {
            for (other, otherElement) in structure.elements.enumerated() {
                #expect((atoms.numbers[atom] == atoms.numbers[other]) == (element == otherElement))
            }
        }
    }

    /// Equal distances everywhere but one atom moved by more than rounding: nothing may be merged with it.
    @Test func classes_ofADistortedCrystal_tellTheAtomsApart() throws {
        var structure = try #require(structures["srtio3"])
        structure.fractionalCoordinates[4].x += 1e-5
        #expect(try partition(structure).atoms.representatives.count > 3)
    }

    /// The network gives the same on the classes as on all atoms, bonds and angles.
    @Test func results_onClasses_areThoseOfTheWholeGraph() throws {
        var whole = model
        whole.mergesEquivalent = false
        let evaluators = (model.makeEvaluator(), whole.makeEvaluator())
        let properties: PotentialProperties = [.forces, .stress, .siteEnergies, .magneticMoments]
        for (id, structure) in structures where !["amo2", "coincident", "dense-1", "dense-2"].contains(id) {
            let merged = try evaluators.0.evaluate(structure, properties)
            let separate = try evaluators.1.evaluate(structure, properties)
            let energies = (try evaluators.0.evaluate(structure, .siteEnergies).siteEnergies ?? []) + [0]
            #expect(zip(energies, separate.siteEnergies ?? []).allSatisfy { abs($0 - $1) < 5e-6 }, "\(id)")
            #expect(
                zip(merged.siteEnergies ?? [], separate.siteEnergies ?? []).allSatisfy { abs($0 - $1) < 5e-6 }, "\(id)")
            #expect(
                zip(merged.magneticMoments ?? [], separate.magneticMoments ?? []).allSatisfy { abs($0 - $1) < 1e-5 },
                "\(id)")
            let forces = zip(try #require(merged.forces), try #require(separate.forces))
            let largest = try #require(separate.forces).map(largestComponent).max() ?? 0
            #expect(forces.allSatisfy { largestComponent($0 - $1) < 5e-6 * (1 + largest) }, "\(id)")
            let rows = (try #require(merged.stress).rows, try #require(separate.stress).rows)
            #expect(zip(rows.0, rows.1).allSatisfy { largestComponent($0 - $1) < 1e-6 }, "\(id)")
        }
    }

    /// Crystals of many space groups: forces keep the symmetry and are those of the whole graph.
    @Test func forces_inManySpaceGroups_areThoseOfTheWholeGraph() throws {
        var whole = model
        whole.mergesEquivalent = false
        let evaluators = (model.makeEvaluator(), whole.makeEvaluator())
        let entries = try CrystalDataset.read(path: PhysicsFixtures.crystalOfEachSpaceGroup)
        #expect(entries.count == 156)
        for entry in entries.enumerated().filter({ $0.offset % 4 == 0 }).map(\.element) {
            let structure = try entry.crystal.get().structure(cell: .primitive)
            let merged = try evaluators.0.evaluate(structure, [.forces, .stress])
            let separate = try evaluators.1.evaluate(structure, [.forces, .stress])
            #expect(abs(merged.energyPerAtom - separate.energyPerAtom) < 1e-6, "\(entry.id)")
            let forces = zip(try #require(merged.forces), try #require(separate.forces))
            #expect(forces.allSatisfy { largestComponent($0 - $1) < 2e-6 }, "\(entry.id)")
            let rows = zip(try #require(merged.stress).rows, try #require(separate.stress).rows)
            #expect(rows.allSatisfy { largestComponent($0 - $1) < 1e-6 }, "\(entry.id)")
        }
    }

    /// A chain longer than the network sees: energies may merge what derivatives must not.
    @Test func stableClasses_divideWhatFewRoundsMerge() throws {
        let count = 15
        let hydrogen = try #require(Element(symbol: "H"))
        var elements = [Element](repeating: hydrogen, count: count)
        elements[0] = try #require(Element(symbol: "O"))
        let chain = Structure(
            cell: Cell(a: SIMD3(5.5 * Double(count), 0, 0), b: SIMD3(0, 9, 0), c: SIMD3(0, 0, 9)), elements: elements,
            fractionalCoordinates: (0..<count).map { SIMD3(Double($0) / Double(count), 0, 0) })
        let graph = try model.makeCHGNetEvaluator().makeGraph(of: chain)
        let numbers = elements.map(\.atomicNumber)
        let few = GraphPartition(refining: graph, elements: numbers, rounds: 4).atoms.representatives.count
        let stable = GraphPartition(stable: graph, elements: numbers).atoms.representatives.count
        #expect(few == 6)
        #expect(stable == 8)
        // Without enough rounds nothing is merged.
        let hasty = GraphPartition(stable: graph, elements: numbers, maximumRounds: 3)
        #expect(hasty.atoms.representatives.count == count)
        #expect(hasty.bonds.representatives.count == graph.bondCount)
        var whole = model
        whole.mergesEquivalent = false
        let merged = try model.makeEvaluator().evaluate(chain, .forces).forces ?? []
        let separate = try whole.makeEvaluator().evaluate(chain, .forces).forces ?? []
        #expect(merged.count == count && separate.count == count)
        #expect(zip(merged, separate).allSatisfy { largestComponent($0 - $1) < 1e-6 })
    }
}

/// The size of the largest component.
func largestComponent(_ vector: SIMD3<Double>) -> Double { max(abs(vector.x), abs(vector.y), abs(vector.z)) }
