import Crystals
import Potentials
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

    /// The network gives the same energies on the classes as on all atoms, bonds and angles.
    @Test func energies_onClasses_areThoseOfTheWholeGraph() throws {
        var whole = model
        whole.mergesEquivalent = false
        let evaluators = (model.makeCHGNetEvaluator(), whole.makeCHGNetEvaluator())
        for (id, structure) in structures where id != "amo2" && id != "coincident" {
            let merged = try evaluators.0.siteEnergies(of: structure)
            let separate = try evaluators.1.siteEnergies(of: structure)
            #expect(zip(merged, separate).allSatisfy { abs($0 - $1) < 5e-6 }, "\(id)")
        }
    }
}
