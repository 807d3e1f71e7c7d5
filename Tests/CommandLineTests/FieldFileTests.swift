import Foundation
import ProgramFixtures
import Testing

/// Files of the field through the real commands, each with its right answer.
@Suite struct FieldFileTests {
    private static func path(_ name: String) -> String { CommandFixtures.path("field/files/\(name)") }

    private func answers(_ arguments: [String]) throws -> [[String: Any]] {
        try DruseProcess.run(arguments + ["--json", "--threads", "1"]).objects()
    }

    @Test(arguments: [
        ("F07-water-label.cif", [("Mg(ClO)4", -2.9768)]), ("F11-scale-comment.vasp", [("NaCl", -3.6664)]),
        ("F12/POSCAR.cif", [("NaCl", -3.6664)]), ("F14-lattice-array.extxyz", [("NaCl", -3.6664)]),
        ("F22-bom.csv", [("NaCl", -3.6664), ("LiF", -5.0473)]),
        ("F23-structure-column.csv", [("NaCl", -3.6664), ("LiF", -5.0473)]),
        ("F25-nan-property.json", [("NaCl", -3.6664)]),
    ])
    func energy_ofAFieldFile_isRight(file: String, expected: [(String, Double)]) throws {
        let answers = try answers(["energy", Self.path(file)])
        #expect(answers.map { $0["formula"] as? String } == expected.map(\.0))
        for (answer, (_, energy)) in zip(answers, expected) {
            #expect((try #require(answer["energy_per_atom"] as? Double) - energy).magnitude < 2e-4)
        }
    }

    @Test(arguments: [
        ("F08-attached-hydrogens.cif", ["Ca1 O2", "Ca H2 O2"]), ("F10-unknown-coordinates.cif", ["H1"]),
        ("F16-drawn-cell.cif", ["Si1", "Si2"]), ("F13-sheet.extxyz", ["pbc", "T T F"]),
    ])
    func energy_ofWhatIsNoCrystal_isRefusedWithTheReason(file: String, parts: [String]) throws {
        let answer = try #require(try answers(["energy", Self.path(file)]).first)
        let message = try #require(answer["error"] as? String)
        for part in parts { #expect(message.contains(part), "\(message)") }
    }

    @Test(arguments: [
        ("F17-own-energy/query.json", "F17-own-energy/entries.json", "own-run-1", 0.9),
        ("F18-entry-list/query.jsonl", "F18-entry-list/entries.json", "q", 0.2556),
        ("F19-charged-entry/query.jsonl", "F19-charged-entry/entries.json", "q", 0.2556),
    ])
    func hull_ofEntries_takesTheirOwnEnergy(query: String, entries: String, id: String, distance: Double) throws {
        let answers = try answers(["hull", Self.path(query), "--entries", Self.path(entries)])
        #expect(answers.map { $0["id"] as? String } == [id])
        #expect((try #require(answers.first?["e_above_hull"] as? Double) - distance).magnitude < 1e-4)
    }

    @Test func entries_asInput_giveOneAnswerEach() throws {
        let file = Self.path("F21-entries-as-input.json")
        #expect(try answers(["energy", file]).map { $0["id"] as? String } == ["own-run-1"])
        let standing = try #require(try answers(["hull", file]).first)
        #expect(standing["id"] as? String == "own-run-1" && standing["e_above_hull"] is Double)
    }

    /// Frames and rows state their energy as entries do; what is stated badly is refused, not left to the potential.
    @Test func hull_ofFramesAndRows_takesTheirOwnEnergy() throws {
        let folder = try TemporaryFolder()
        let hull = Self.path("F17-own-energy/entries.json")
        let salt = "Lattice=\"0 2.15 2.15 2.15 0 2.15 2.15 2.15 0\""
        let atoms = "Fe 0 0 0\nO 2.15 2.15 2.15\n"
        let frames = try folder.file(
            "a.extxyz", ["energy=-12", "dft_energy=-12.0", "energy=low"].map { "2\n\(salt) \($0)\n\(atoms)" }.joined())
        let answers = try answers(["hull", frames, "--entries", hull])
        let distances = answers.compactMap { $0["e_above_hull"] as? Double }
        #expect(distances.count == 2 && distances.allSatisfy { ($0 - 1.15).magnitude < 1e-9 })
        #expect((answers.last?["error"] as? String)?.contains("line 10: \"energy\" must be a number, not low") == true)
    }

    /// Atoms are called as the file calls them.
    @Test func energy_ofCoincidingSites_namesThem() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "a.json",
            "{\"space_group\":225,\"lattice\":[5,5,5,90,90,90],\"sites\":[{\"wyckoff\":\"b\",\"element\":\"Na\","
                + "\"position\":[0.5,0.5,0.5]},{\"wyckoff\":\"b\",\"element\":\"Cl\",\"position\":[0.5,0.5,0.5]}]}")
        let message = try #require(try answers(["energy", file]).first?["error"] as? String)
        #expect(message.contains("site 1 (Na) and site 2 (Cl) stand on one site"), "\(message)")
        let heavy = try folder.file("b.vasp", "x\n1\n4 0 0\n0 4 0\n0 0 4\nPo Am\n1 1\nDirect\n0 0 0\n.5 .5 .5\n")
        let unknown = try #require(try answers(["energy", heavy]).first?["error"] as? String)
        #expect(unknown.contains("atom 2 (Am, line 10) is Am"), "\(unknown)")
    }

    /// One file with both kinds: each entry goes by what it states.
    @Test func hull_ofMixedEntries_asksThePotentialOnlyWhereNothingIsStated() throws {
        let folder = try TemporaryFolder()
        let structure =
            "\"lattice\":[[2.82,2.82,0],[0,2.82,2.82],[2.82,0,2.82]],\"species\":[\"Na\",\"Cl\"],"
            + "\"frac_coords\":[[0,0,0],[0.5,0.5,0.5]]"
        let file = try folder.file(
            "mixed.jsonl",
            "{\"id\":\"a\",\(structure)}\n{\"id\":\"b\",\"energy\":-6,\(structure)}\n"
                + "{\"id\":\"c\",\"composition\":{\"Na+\":1,\"Cl-\":1},\"energy\":-6}\n")
        let answers = try answers(["hull", file])
        #expect(answers.map { $0["id"] as? String } == ["a", "b", "c"])
        let distances = answers.compactMap { $0["e_above_hull"] as? Double }
        try #require(distances.count == 3)
        #expect(distances[1] == distances[2] && distances[0] != distances[1])
    }
}
