import CrystalFixtures
import Crystals
import Foundation
import StructureFiles
import Testing

struct CrystalDatasetTests {
    private static let path = Fixture.url("crystals/crystal-of-each-space-group.csv.gz").path()

    @Test func read_byStatedSymmetry_givesTheStatedCrystals() throws {
        let entries = try CrystalDataset.read(path: Self.path, columns: ["spacegroup", "n_atoms", "n_sites"])
        #expect(entries.count == 156)
        for entry in entries {
            let crystal = try entry.crystal.get()
            #expect(entry.values[0] == "\(crystal.spaceGroup.number)", "\(entry.id)")
            #expect(entry.values[2] == "\(crystal.sites.count)", "\(entry.id)")
            let primitive = try crystal.structure(cell: .primitive)
            #expect(entry.values[1] == "\(primitive.atomCount)", "\(entry.id)")
            #expect(crystal.sites == Crystal.sorted(crystal.sites))
        }
    }

    /// The crystal taken from the stated operations is the structure that the same operations expand.
    @Test func read_byStatedSymmetry_rebuildsTheStructures() throws {
        var reader = try CSVReader(path: Self.path)
        let column = try reader.column("cif")
        while let row = try reader.next() {
            let content = try CIFContent(Array(row.bytes(column)))
            let expanded = try content.structure()
            let crystal = try #require(try content.directCrystal(tolerance: 0.01), "\(content.name)")
            let rebuilt = try crystal.structure()
            #expect(rebuilt.composition == expanded.composition)
            let pairs = zip(shellSums(expanded), shellSums(rebuilt))
            #expect(pairs.allSatisfy { ($0 - $1).magnitude < 1e-4 * (1 + $0.magnitude) }, "\(content.name)")
        }
    }

    @Test func read_bySearch_findsTheStatedGroups() throws {
        let stated = try CrystalDataset.read(path: Self.path, columns: ["spacegroup"])
        let searched = try CrystalDataset.read(path: Self.path, symmetry: .search)
        var agreements = 0
        for (left, right) in zip(stated, searched) {
            let (left, right) = (try left.crystal.get(), try right.crystal.get())
            #expect(left.spaceGroup.number <= right.spaceGroup.number)
            agreements += left.spaceGroup == right.spaceGroup ? 1 : 0
            let (a, b) = (try left.structure(cell: .primitive), try right.structure(cell: .primitive))
            let pairs = zip(shellSums(a), shellSums(b))
            // A search at 0.01 Å may idealise a little.
            #expect(pairs.allSatisfy { ($0 - $1).magnitude < 0.02 * (1 + $0.magnitude) })
        }
        #expect(agreements >= 153)
    }

    @Test func read_withTwoThreads_givesTheSame() throws {
        let one = try CrystalDataset.read(path: Self.path, columns: ["formula"], limit: 60)
        let two = try CrystalDataset.read(path: Self.path, columns: ["formula"], threads: 2, limit: 60)
        #expect(one.count == 60)
        #expect(one.map(\.id) == two.map(\.id))
        #expect(one.map(\.values) == two.map(\.values))
        #expect(one.map { try? $0.crystal.get() } == two.map { try? $0.crystal.get() })
    }

    @Test func read_ofBadFiles_throws() {
        #expect(throws: StructureFileError.self) { try CrystalDataset.read(path: "/nowhere/at-all.csv") }
        #expect(throws: StructureFileError.missingColumn("cif", available: ["material_id"])) {
            try CrystalDataset.read(
                path: try temporaryFile("material_id\n1\n", name: "columns.csv"), columns: ["no"])
        }
        #expect(throws: StructureFileError.self) {
            try CrystalDataset.read(path: try temporaryFile("not packed", name: "false.csv.gz"))
        }
    }

    @Test func read_ofATruncatedArchive_throws() throws {
        let whole = try Data(contentsOf: URL(filePath: Self.path))
        let path = try temporaryFile("", name: "truncated.csv.gz")
        try whole.prefix(whole.count / 2).write(to: URL(filePath: path))
        #expect(throws: StructureFileError.damagedArchive(path: path)) { try CrystalDataset.read(path: path) }
    }

    @Test func read_ofABadRow_keepsTheOthers() throws {
        let cif = """
            data_x
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
        let text = "material_id,cif,note\r\na,\"\(cif)\",\"say \"\"hi\"\"\"\r\nb,nonsense,\r\nc\r\n"
        let entries = try CrystalDataset.read(path: try temporaryFile(text, name: "rows.csv"), columns: ["note"])
        #expect(entries.map(\.id) == ["a", "b", "c"])
        #expect(entries.first?.values == ["say \"hi\""])
        #expect(try entries.first?.crystal.get().spaceGroup.number == 221)
        #expect(throws: StructureFileError.self) { try entries[1].crystal.get() }
        #expect(throws: StructureFileError.self) { try entries[2].crystal.get() }
    }

    private func rows(_ text: String) throws -> [CSVRow] {
        var reader = try CSVReader(path: try temporaryFile(text, name: "quotes.csv"))
        var rows: [CSVRow] = []
        while let row = try reader.next() { rows.append(row) }
        return rows
    }

    /// As in Python's csv: a quote opens a field only at its start.
    @Test(arguments: [",", "\t", ";"]) func csv_withAQuoteWithinAField_keepsItsRows(separator: String) throws {
        let lines = ["id,note,cif", "a,1\" rod,x", "b,2\" rod,\"y\"\"\n,z\"", "c,plain,x", "d,3\" \"rod\",x"]
        let text = lines.joined(separator: "\r\n").replacingOccurrences(of: ",", with: separator)
        let found = try rows(text)
        #expect(found.map { $0.string(0) } == ["a", "b", "c", "d"])
        #expect(found.map { $0.string(1) } == ["1\" rod", "2\" rod", "plain", "3\" \"rod\""])
        #expect(found[1].string(2) == "y\"\n\(separator)z")
    }

    @Test(arguments: [
        ("b,\"5\" long\",x", "column \"note\" has text after its closing quote"),
        ("b,1,x,y", "the row has 4 fields, but the header 3"),
    ])
    func table_withARowThatFitsNoColumns_refusesItAlone(row: String, part: String) throws {
        let structure = "\"{'lattice': [[4,0,0],[0,4,0],[0,0,4]], 'species': ['Po'], 'frac_coords': [[0,0,0]]}\""
        let text = "id,note,structure\na,,\(structure),,\n\(row)\nc,,\(structure)\n"
        let path = try temporaryFile(text, name: "fields.csv")
        let entries = Array(try StructureReader.read(path: path))
        #expect(entries.map(\.id) == ["a", "b", "c"])
        for index in [0, 2] { #expect(try entries[index].input.get().structure().atomCount == 1) }
        let error = #expect(throws: StructureFileError.self) { try entries[1].input.get() }
        let message = "\(try #require(error))"
        #expect(message.contains("line 3") && message.contains(part), "\(message)")
        #expect(throws: StructureFileError.self) { try CrystalDataset.read(path: path)[1].crystal.get() }
    }

    @Test func csv_withAnOpenQuote_throws() throws {
        var reader = try CSVReader(path: try temporaryFile("a,b\n1,\"never closed\n2,3\n", name: "open.csv"))
        #expect(throws: StructureFileError.self) { try reader.next() }
    }
}

/// Writes a file for one test, in a folder of its own, and gives its path.
func temporaryFile(_ text: String, name: String) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "druse-crystals-tests/\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let url = folder.appending(path: name)
    try Data(text.utf8).write(to: url)
    return url.path()
}
