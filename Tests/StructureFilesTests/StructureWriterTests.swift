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
