import CrystalFixtures
import Crystals
import StructureFiles
import Testing

struct CIFTests {
    struct DirtyCase: Decodable {
        struct Atoms: Decodable {
            var lattice: [[Double]]
            var species: [String]
            var fracCoords: [[Double]]
        }
        var id: String
        var cif: String
        var style: String
        var expect: String
        var reason: String?
        var number: Int?
        var nSites: Int?
        var composition: [String: Double]?
        var parameters: [Double]?
        var structure: Atoms?
    }

    struct CleanCase: Decodable {
        var id: String
        var nSites: Int
        var composition: [String: Double]
        var parameters: [Double]
        var p1: String
        var symmetrised: String?
        var symmetrisedNSites: Int?
        var symmetrisedParameters: [Double]?
    }

    @Test func dirtyFiles_areReadOrRefusedAsExpected() throws {
        for item in try Fixture.decode([DirtyCase].self, "physics/symmetry/dirty_cif.json") {
            if item.expect == "refuse" {
                do {
                    _ = try CIFContent(Array(item.cif.utf8)).structure()
                    Issue.record("\(item.id) was read")
                } catch {
                    #expect(error.description.contains(item.reason ?? "-"), "\(item.id): \(error)")
                }
                continue
            }
            let content = try CIFContent(Array(item.cif.utf8))
            let structure = try content.structure()
            #expect(structure.atomCount == item.nSites, "\(item.id) \(item.style)")
            #expect(amounts(structure.composition) == item.composition, "\(item.id) \(item.style)")
            if let parameters = item.parameters {
                #expect(
                    zip(LatticeParameters(structure.cell).values, parameters).allSatisfy { ($0 - $1).magnitude < 1e-4 })
            }
            if let number = item.number, content.spaceGroup != nil {
                #expect(content.spaceGroup?.number == number, "\(item.id)")
            }
            if let atoms = item.structure {
                let elements = atoms.species.compactMap { Element(symbol: $0) }
                for element in Set(elements) {
                    let left = zip(structure.elements, structure.fractionalCoordinates).filter { $0.0 == element }
                    let right = zip(elements, atoms.fracCoords).filter { $0.0 == element }
                    let mismatch = largestMismatch(left.map(\.1), right.map { SIMD3($0.1) })
                    let longest = LatticeParameters(structure.cell).values.prefix(3).max() ?? 0
                    #expect(mismatch * longest < 4e-3, "\(item.id) \(item.style)")
                }
            }
            if let number = item.number {
                // Four decimals need a looser search.
                let crystal = try Crystal(structure: structure, symmetryTolerance: 0.01)
                #expect(crystal.spaceGroup.number == number || item.style.contains("short"), "\(item.id)")
            }
        }
    }

    @Test func cleanFiles_giveTheStructure() throws {
        let structures = try Fixture.decode([StructureFixture].self, "physics/structures/structures.json")
        for item in try Fixture.decode([CleanCase].self, "physics/symmetry/cif.json") {
            if item.id == "coincident" {
                #expect(throws: StructureFileError.self) {
                    try CIFContent(Array(item.p1.utf8)).structure(tolerance: 1e-4)
                }
                continue
            }
            let structure = try CIFContent(Array(item.p1.utf8)).structure(tolerance: 1e-4)
            #expect(structure.atomCount == item.nSites)
            #expect(amounts(structure.composition) == item.composition)
            #expect(close(structure.cell, item.parameters))
            if let original = structures.first(where: { $0.id == item.id })?.structure {
                let pairs = zip(shellSums(structure), shellSums(original))
                #expect(pairs.allSatisfy { ($0 - $1).magnitude < 1e-4 * (1 + $0.magnitude) }, "\(item.id)")
            }
            guard let symmetrised = item.symmetrised, let parameters = item.symmetrisedParameters else { continue }
            let expanded = try CIFContent(Array(symmetrised.utf8)).structure()
            #expect(expanded.atomCount == item.symmetrisedNSites, "\(item.id)")
            #expect(close(expanded.cell, parameters), "\(item.id)")
        }
    }

    private func close(_ cell: Cell, _ parameters: [Double]) -> Bool {
        let values = LatticeParameters(cell).values
        return zip(values, parameters).prefix(3).allSatisfy { ($0 - $1).magnitude < 1e-5 }
            && zip(values, parameters).suffix(3).allSatisfy { ($0 - $1).magnitude < 1e-4 }
    }

    private func amounts(_ composition: Composition) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: composition.amounts.map { ($0.key.symbol, $0.value) })
    }
}
