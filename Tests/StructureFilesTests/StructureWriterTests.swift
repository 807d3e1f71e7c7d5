import Base
import CrystalFixtures
import Crystals
import Foundation
import StructureFiles
import Testing

struct StructureWriterTests {
    /// Whatever a format writes, it reads back as the same structure.
    @Test(arguments: [StructureFormat.cif, .extxyz, .poscar, .jsonl, .csv]) func texts_readBackTheSame(
        format: StructureFormat
    ) throws {
        let crystals = try Fixture.decode(PolicyCrystal.File.self, "policy/inputs.json").crystals
        for item in crystals.prefix(40) {
            let crystal = try #require(item.crystal)
            let expected = try crystal.structure()
            for input in [StructureInput.crystal(crystal), .structure(expected)] {
                var text = try StructureWriter.text(input, id: "crystal \(item.id), \"x\"", format: format)
                if format == .csv { text = StructureWriter.csvHeader + text }
                let path = try temporaryFile(text, name: "written-\(item.id).\(format.rawValue)")
                let entries = Array(try StructureReader.read(path: path))
                #expect(entries.count == 1)
                if format == .jsonl || format == .csv { #expect(entries[0].id == "crystal \(item.id), \"x\"") }
                let structure = try entries[0].input.get().structure()
                #expect(structure.composition == expected.composition)
                #expect((structure.cell.volume / expected.cell.volume - 1).magnitude < 1e-6)
                for element in Set(expected.elements) {
                    let left = zip(structure.elements, structure.fractionalCoordinates).filter { $0.0 == element }
                    let right = zip(expected.elements, expected.fractionalCoordinates).filter { $0.0 == element }
                    #expect(largestMismatch(left.map(\.1), right.map(\.1)) < 1e-6, "\(format) \(item.id)")
                }
            }
        }
    }

    /// Lengths and angles tell no hand: quartz must not become its mirror image, P3_221.
    @Test(arguments: [StructureFormat.cif, .csv, .poscar, .extxyz, .jsonl])
    func leftHandedCells_keepTheirHand(format: StructureFormat) throws {
        let group = try #require(SpaceGroup(number: 152))
        let (silicon, oxygen) = (try #require(Element(symbol: "Si")), try #require(Element(symbol: "O")))
        let first = try #require(group.position(wyckoff: 1)).project(SIMD3(0.47, 0, 0))
        let quartz = Crystal(
            spaceGroup: group,
            sites: [
                Crystal.Site(wyckoff: 1, element: silicon, position: first),
                Crystal.Site(wyckoff: 3, element: oxygen, position: SIMD3(0.415, 0.267, 0.2144)),
            ],
            lattice: LatticeParameters(a: 4.91, b: 4.91, c: 5.4, alpha: 90, beta: 90, gamma: 120))
        var structure = try quartz.structure()
        (structure.cell.a, structure.cell.b) = (structure.cell.b, structure.cell.a)
        structure.fractionalCoordinates = structure.fractionalCoordinates.map { SIMD3($0.y, $0.x, $0.z) }
        #expect(structure.cell.signedVolume < 0)
        #expect(try SymmetryAnalysis(structure).spaceGroup == group)
        var text = try StructureWriter.text(.structure(structure), id: "quartz", format: format)
        if format == .csv { text = StructureWriter.csvHeader + text }
        let path = try temporaryFile(text, name: "quartz.\(format.rawValue)")
        let read = try #require(Array(try StructureReader.read(path: path)).first).input.get().structure()
        #expect(try SymmetryAnalysis(read).spaceGroup == group)
        // VASP takes no other.
        if format == .poscar { #expect(read.cell.signedVolume > 0) }
    }

    @Test func cif_ofACrystal_keepsItsSites() throws {
        let crystals = try Fixture.decode(PolicyCrystal.File.self, "policy/synthetic.json").crystals
        for item in crystals.prefix(230) {
            let crystal = try #require(item.crystal)
            let content = try CIFContent(Array(try StructureWriter.cif(crystal, id: "x").utf8))
            #expect(content.spaceGroup == crystal.spaceGroup)
            #expect(content.operations.count == crystal.spaceGroup.operations.count)
            // Sites of a random crystal may come close to a more symmetric position.
            guard let again = try? content.directCrystal(tolerance: 1e-4) else { continue }
            #expect(
                again.letters
                    == Crystal.sorted(crystal.sites).map {
                        WyckoffPosition.letter(index: $0.wyckoff)
                    }.joined(), "\(item.id)")
        }
    }

    @Test func json_escapesNames() throws {
        let name = "a\"b\\c\nd\u{1}é"
        let text = JSONText.quoted(name)
        #expect(try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) as? String == name)
    }
}
