import CrystalFixtures
import Crystals
import Foundation
import StructureFiles
import Testing

struct StructureReaderTests {
    private let poscar = """
        rock salt
        -179.406144
        1 0 0
        0 1 0
        0 0 1
        Na_pv Cl
        4 4
        Selective dynamics
        Direct
        0 0 0 T T T
        0 .5 .5 T T T
        .5 0 .5 T T T
        .5 .5 0 T T T
        .5 .5 .5 T T T
        .5 0 0 T T T
        0 .5 0 T T T
        0 0 .5 T T T

        """

    private func entries(_ text: String, _ name: String, format: StructureFormat? = nil) throws -> [StructureEntry] {
        Array(try StructureReader.read(path: try temporaryFile(text, name: name), format: format))
    }

    @Test func poscar_withVolumeAndSelectiveDynamics_isRead() throws {
        let entry = try #require(try entries(poscar, "POSCAR").first)
        #expect(entry.id == "POSCAR#0")
        let structure = try entry.input.get().structure()
        #expect((structure.cell.a.x - 5.64).magnitude < 1e-6)
        #expect(structure.composition.reducedFormula == "NaCl")
        #expect((closestPair(structure) - 2.82).magnitude < 1e-6)
        #expect(try entry.input.get().crystal().spaceGroup.number == 225)
    }

    @Test func poscar_withSymbolsInTheCommentAndCartesianCoordinates_isRead() throws {
        let text = "Po\n2.0\n1 0 0\n0 1 0\n0 0 1\n1\ncart\n0.5 0.25 0\n"
        let structure = try #require(try entries(text, "x.vasp").first).input.get().structure()
        #expect(structure.fractionalCoordinates == [SIMD3(0.5, 0.25, 0)])
        #expect(structure.cell.volume == 8)
    }

    @Test func brokenPoscars_areRefused() throws {
        let lines = poscar.split(separator: "\n").map(String.init)
        for count in 0..<15 {
            let text = lines.prefix(count).joined(separator: "\n")
            #expect(throws: StructureFileError.self, "\(count)") {
                try #require(try entries(text, "cut.vasp").first).input.get()
            }
        }
        for (line, word) in [(1, "0"), (1, "x"), (5, "Qq Cl"), (6, "-1 4"), (6, "99999999999 1"), (2, "0 1 0")] {
            var changed = lines
            changed[line] = word
            #expect(throws: StructureFileError.self, "\(word)") {
                try #require(try entries(changed.joined(separator: "\n"), "changed.vasp").first).input.get()
            }
        }
    }

    @Test func extxyz_withSeveralFrames_isRead() throws {
        let text = """
            2
            Lattice="4 0 0 0 4 0 0 0 4" Properties=forces:R:3:species:S:1:pos:R:3 id="first one" energy=-1.5 pbc="T T T"
            0 0 0 Cs 0 0 0
            0 0 0 Cl 2 2 2
            1
            Properties=species:S:1:pos:R:3 Lattice="3 0 0 0 3 0 0 0 3"
            Qq 0 0 0
            1
            no cell
            H 0 0 0
            1
            Lattice="3 0 0 0 3 0 0 0 3"
            H 1.5 0 nan
            1
            Lattice="3 0 0 0 3 0 0 0 3"
            H 1.5 0 -3
            """
        let entries = try entries(text, "frames.xyz")
        #expect(entries.map(\.id) == ["first one", "frames.xyz#1", "frames.xyz#2", "frames.xyz#3", "frames.xyz#4"])
        #expect(try entries[0].input.get().structure().fractionalCoordinates[1] == SIMD3(0.5, 0.5, 0.5))
        #expect(try entries[4].input.get().structure().fractionalCoordinates == [SIMD3(0.5, 0, -1)])
        for index in 1...3 { #expect(throws: StructureFileError.self) { try entries[index].input.get() } }
    }

    @Test(arguments: ["x\n", "3\ncomment\nH 0 0 0\n", "99999999999\n", "1\n", "-1\nc\n", "1000000\nx\n"])
    func extxyz_thatIsCut_givesOneError(text: String) throws {
        let entries = try entries(text, "cut.xyz")
        #expect(entries.count == 1)
        #expect(throws: StructureFileError.self) { try entries[0].input.get() }
    }

    @Test func jsonLines_ofBothKinds_areRead() throws {
        let text = """
            {"id":"a","lattice":[[4,0,0],[0,4,0],[0,0,4]],"species":["Cs","Cl"],"frac_coords":[[0,0,0],[0.5,0.5,0.5]]}

            {"id":7,"space_group":225,"lattice":[5.64,5.64,5.64,90,90,90],"sites":[
            {"space_group":225,"lattice":[5.64,5.64,5.64,90,90,90],"sites":[{"wyckoff":"a","element":"Na",\
            "position":[0,0,0],"multiplicity":4},{"wyckoff":2,"element":"Cl","position":[0.5,0.5,0.5]}]}
            {"id":"z","space_group":1,"lattice":[5,5,5,90,90,90],\
            "sites":[{"wyckoff":"b","element":"Na","position":[0,0,0]}]}
            {"id":"n","lattice":[[4,0,0],[0,4,0],[0,0,4]],"species":["Cs"],"frac_coords":[[0,0,null]]}
            """
        let entries = try entries(text, "lines.jsonl")
        #expect(entries.map(\.id) == ["a", "lines.jsonl#1", "lines.jsonl#2", "z", "n"])
        #expect(try entries[0].input.get().crystal().spaceGroup.number == 221)
        let crystal = try entries[2].input.get().crystal()
        #expect(crystal.letters == "ab" && crystal.atomCount == 8)
        for index in [1, 3, 4] { #expect(throws: StructureFileError.self) { try entries[index].input.get() } }
    }

    @Test func json_ofPymatgen_isRead() throws {
        let text = """
            [{"lattice":{"matrix":[[4,0,0],[0,4,0],[0,0,4]]},"sites":[{"species":[{"element":"Cs","occu":1}],\
            "abc":[0,0,0]},{"species":[{"element":"Cl","occu":1.0}],"abc":[0.5,0.5,0.5]}]},\
            {"lattice":{"matrix":[[4,0,0],[0,4,0],[0,0,4]]},"sites":[{"species":[{"element":"Cs","occu":0.5}],\
            "abc":[0,0,0]}]}, 3]
            """
        let entries = try entries(text, "list.json")
        #expect(entries.count == 3)
        #expect(try entries[0].input.get().structure().composition.reducedFormula == "CsCl")
        #expect(throws: StructureFileError.self) { try entries[1].input.get() }
        #expect(throws: StructureFileError.self) { try entries[2].input.get() }
    }

    @Test func table_withACifColumn_isRead() throws {
        let path = Fixture.url("crystals/crystal-of-each-space-group.csv.gz").path()
        let entries = Array(try StructureReader.read(path: path).prefix(20))
        #expect(entries.count == 20)
        for entry in entries { #expect(try !entry.input.get().structure().elements.isEmpty) }
    }

    @Test func cif_withSeveralBlocks_givesEach() throws {
        let block = """
            _cell_length_a 4
            _cell_length_b 4
            _cell_length_c 4
            _cell_angle_alpha 90
            _cell_angle_beta 90
            _cell_angle_gamma 90
            loop_
            _atom_site_label
            _atom_site_fract_x
            _atom_site_fract_y
            _atom_site_fract_z
            Po1 0 0 0

            """
        let entries = try entries("data_one\n\(block)data_two\n_x 1\ndata_three\n\(block)", "two.cif")
        #expect(entries.map(\.id) == ["two.cif#0", "two.cif#1"])
        for entry in entries { #expect(try entry.input.get().structure().atomCount == 1) }
    }

    @Test func files_thatAreNone_areRefused() throws {
        #expect(throws: StructureFileError.self) { try StructureReader.read(path: "/nowhere.cif") }
        #expect(throws: StructureFileError.unknownFormat(path: "/nowhere.txt")) {
            try StructureReader.read(path: "/nowhere.txt")
        }
        #expect(throws: StructureFileError.self) { try entries("", "empty.cif") }
        #expect(throws: StructureFileError.self) { try entries("", "empty.csv") }
        #expect(throws: StructureFileError.self) { try entries("{", "broken.json") }
        #expect(try entries("", "empty.xyz").isEmpty)
        #expect(try entries("", "empty.jsonl").isEmpty)
    }

    /// Cut or altered at any place, a file gives an error or a structure, never a crash.
    @Test func damagedFiles_neverCrash() throws {
        let crystal = Crystal(
            spaceGroup: try #require(SpaceGroup(number: 14)),
            sites: [
                Crystal.Site(wyckoff: 5, element: try #require(Element(symbol: "O")), position: SIMD3(0.1, 0.2, 0.3))
            ], lattice: LatticeParameters(a: 4, b: 5, c: 6, alpha: 90, beta: 100, gamma: 90))
        for (format, name) in [
            (StructureFormat.cif, "d.cif"), (.extxyz, "d.xyz"), (.poscar, "d.vasp"), (.jsonl, "d.jsonl"),
        ] {
            let text = Array(try StructureWriter.text(.crystal(crystal), id: "x", format: format).utf8)
            for place in stride(from: 0, to: text.count, by: 31) {
                for change in [nil, UInt8(ascii: "9"), UInt8(ascii: "\""), UInt8(ascii: "-"), 0, 0xFF] as [UInt8?] {
                    var bytes = text
                    if let change { bytes[place] = change } else { bytes.removeLast(bytes.count - place) }
                    let path = try temporaryFile(String(decoding: bytes, as: UTF8.self), name: name)
                    guard let sequence = try? StructureReader.read(path: path) else { continue }
                    for entry in sequence.prefix(10) { _ = try? entry.input.get().structure() }
                }
            }
        }
    }
}
