import CrystalFixtures
import Crystals
import Foundation
import StructureFiles
import Testing

struct SymmetryTests {
    struct Case: Decodable {
        struct Found: Decodable {
            var number: Int
            var equivalentAtoms: [Int]
            var nConventional: Int
            var nPrimitive: Int
            var conventionalParameters: [Double]
        }
        var id: String
        var structure: StructureFixture?
        var spglib: [String: Found?]
    }

    @Test(arguments: ["0.01", "0.1"]) func numbersAndOrbits_areThoseOfSpglib(tolerance: String) throws {
        let structures = try Fixture.decode([StructureFixture].self, "physics/structures/structures.json")
        for item in try Fixture.decode([Case].self, "physics/symmetry/symmetry.json") {
            let structure = try #require(item.structure ?? structures.first { $0.id == item.id }).structure
            let width = try #require(Double(tolerance))
            guard let expected = item.spglib[tolerance] ?? nil else {
                #expect(throws: SymmetryError.self) { try SymmetryAnalysis(structure, tolerance: width) }
                continue
            }
            let analysis = try SymmetryAnalysis(structure, tolerance: width)
            // Near a threshold versions of the search differ.
            let isStable = item.spglib.values.allSatisfy { $0?.number == expected.number }
            guard isStable || analysis.spaceGroup.number == expected.number else { continue }
            #expect(analysis.spaceGroup.number == expected.number, "\(item.id)")
            #expect(analysis.conventional.atomCount == expected.nConventional, "\(item.id)")
            let crystal = try Crystal(structure: structure, symmetryTolerance: width, angleTolerance: nil)
            let rebuilt = try crystal.structure(cell: .primitive)
            #expect(rebuilt.atomCount == expected.nPrimitive, "\(item.id)")
            #expect(
                crystal.sites.count == Set(expected.equivalentAtoms).count * rebuilt.atomCount / structure.atomCount
                    || structure.atomCount != rebuilt.atomCount, "\(item.id)")
            let idealised = tolerance == "0.01" ? 0.03 : 0.2
            let pairs = zip(shellSums(structure), shellSums(rebuilt))
            #expect(pairs.allSatisfy { ($0 - $1).magnitude < idealised * (1 + $0.magnitude) }, "\(item.id)")
        }
    }

    /// The reference's conversion of the same structures: group, lattice and orbits agree; letters hang on the origin.
    @Test func crystals_ofTheReferenceData_areThoseOfTheReference() throws {
        let expected = try Fixture.decode(PolicyCrystal.File.self, "policy/inputs.json").crystals
        let entries = try CrystalDataset.read(
            path: Fixture.url("crystals/reference-mini.csv").path(), symmetry: .search)
        #expect(entries.count == 6)
        for entry in entries {
            let reference = try #require(expected.first { "\($0.id)" == entry.id }?.crystal)
            let crystal = try entry.crystal.get()
            #expect(crystal.spaceGroup == reference.spaceGroup)
            #expect(crystal.letters == reference.letters)
            #expect(zip(crystal.lattice.values, reference.lattice.values).allSatisfy { ($0 - $1).magnitude < 1e-4 })
            let pairs = zip(shellSums(try crystal.structure()), shellSums(try reference.structure()))
            #expect(pairs.allSatisfy { ($0 - $1).magnitude < 1e-4 * (1 + $0.magnitude) })
        }
    }

    @Test func search_ofUselessStructures_throws() throws {
        let silicon = try #require(Element(symbol: "Si"))
        let cell = Cell(a: SIMD3(3, 0, 0), b: SIMD3(0, 3, 0), c: SIMD3(0, 0, 3))
        #expect(throws: SymmetryError.noAtoms) {
            try SymmetryAnalysis(Structure(cell: cell, elements: [], fractionalCoordinates: []))
        }
        #expect(throws: SymmetryError.invalidGeometry) {
            try SymmetryAnalysis(
                Structure(cell: cell, elements: [silicon], fractionalCoordinates: [SIMD3(0, .nan, 0)]))
        }
        let flat = Cell(a: SIMD3(3, 0, 0), b: SIMD3(0, 3, 0), c: SIMD3(3, 3, 0))
        #expect(throws: SymmetryError.invalidGeometry) {
            try SymmetryAnalysis(Structure(cell: flat, elements: [silicon], fractionalCoordinates: [.zero]))
        }
        #expect(throws: SymmetryError.searchFailed(tolerance: 0.01)) {
            try SymmetryAnalysis(
                Structure(cell: cell, elements: [silicon, silicon], fractionalCoordinates: [.zero, .zero]))
        }
    }
}

@Suite struct CollapsedCellTests {
    /// Cells as small as the tolerance, which spglib would not survive.
    @Test func search_inACollapsedCell_failsWithItsReason() throws {
        let iron = try #require(Element(symbol: "Fe"))
        for thickness in stride(from: 0.001, through: 0.018, by: 0.0005) {
            let structure = Structure(
                cell: Cell(a: SIMD3(3, 0.2, 0), b: SIMD3(-0.4, 4, 0.3), c: SIMD3(0.1, 0.3, 1) * thickness),
                elements: [iron, iron, iron],
                fractionalCoordinates: [.zero, SIMD3(0.3, 0.2, 0.4), SIMD3(0.7, 0.6, 0.1)])
            #expect(throws: SymmetryError.searchFailed(tolerance: 0.01)) { try SymmetryAnalysis(structure) }
        }
    }
}
