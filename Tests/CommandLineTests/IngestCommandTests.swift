import Base
import Crystals
import Foundation
import ProgramFixtures
import StructureFiles
import Testing

/// `druse ingest`: tables, folders, archives and files of frames become one table of crystals.
@Suite struct IngestCommandTests {
    private let folder: TemporaryFolder
    private let crystals: [Crystal]

    init() throws {
        folder = try TemporaryFolder()
        crystals = try CrystalDataset.read(
            path: CommandFixtures.path("crystals/crystal-of-each-space-group.csv.gz")
        ).compactMap { try? $0.crystal.get() }
    }

    private var table: String { folder.path("table.csv") }

    private func ingest(_ inputs: [String], _ more: [String] = []) throws -> DruseProcess.Outcome {
        try DruseProcess.run(["ingest"] + inputs + ["-o", table] + more)
    }

    /// A slip in the name of one input would leave a table of a part of the data.
    @Test(arguments: ["ingest", "index"]) func input_thatIsNotThere_isRefusedBeforeAnythingIsWritten(
        command: String
    ) throws {
        try write("salt.xyz", Self.salt("Na", material: "mp-22862"))
        let outcome = try DruseProcess.run([command, folder.path("salt.xyz"), folder.path("slat.xyz"), "-o", table])
        #expect(outcome.status == 1 && outcome.messageLines.count == 1)
        #expect(outcome.messages.contains("slat.xyz: there is no such file or folder"), "\(outcome.messages)")
        #expect(!FileManager.default.fileExists(atPath: table))
    }

    @Test func frame_withAnIdOfItsDatabase_keepsIt() throws {
        try write("salt.extxyz", Self.salt("Na", material: "mp-22862"))
        #expect(try ingest([folder.path("salt.extxyz")]).status == 0)
        #expect(try rows(["material_id"]) == [["mp-22862"]])
        let archive = try ingest([folder.path("salt.tar.gz")])
        #expect(archive.status == 1 && archive.messages.contains("no such file"))
        try write("salt.tar.gz", "")
        #expect(try ingest([folder.path("salt.tar.gz")]).messages.contains("unpack it first"))
    }

    private static func salt(_ metal: String, material: String) -> String {
        """
        2
        Lattice="0 2.82 2.82 2.82 0 2.82 2.82 2.82 0" Properties=species:S:1:pos:R:3 material_id=\(material)
        \(metal) 0 0 0
        Cl 2.82 2.82 2.82

        """
    }

    private func rows(_ columns: [String], of path: String? = nil) throws -> [[String]] {
        var reader = try CSVReader(path: path ?? table)
        let indices = try columns.map { try reader.column($0) }
        var rows: [[String]] = []
        while let row = try reader.next() { rows.append(indices.map { row.string($0) }) }
        return rows
    }

    private func write(_ name: String, _ text: String) throws {
        let url = folder.url.appending(path: name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// A CIF that lists every atom and states P1, as those of MP-20 do.
    private func flat(_ crystal: Crystal, id: String) throws -> String {
        StructureWriter.cif(try crystal.structure(cell: .primitive), id: id)
    }

    /// The layouts of the data sets of the field: their columns, their splits, their CIFs of P1.
    @Test(arguments: [
        (
            ",material_id,formation_energy_per_atom,band_gap,pretty_formula,e_above_hull,elements,cif,"
                + "spacegroup.number",
            "0,ID,-0.6,0.0,F,0.02,\"['Na', 'Cl']\",CIF,225", "e_above_hull,band_gap"
        ),
        ("material_id,formula,e_above_hull,band_gap,cif", "ID,F,0.02,0.0,CIF", "e_above_hull,band_gap"),
        (
            ",heat_all,heat_ref,dir_gap,ind_gap,material_id,formula,cif", "0,1.5,0.6,0.02,0.0,ID,F,CIF",
            "dir_gap,ind_gap"
        ),
    ])
    func tables_ofTheField_areTakenWithTheirColumns(header: String, row: String, kept: String) throws {
        var text = header + "\n"
        for (index, crystal) in crystals.prefix(40).enumerated() {
            text +=
                row.replacing("ID", with: "id-\(index)").replacing(
                    "CIF", with: StructureWriter.csvField(try flat(crystal, id: "x"))) + "\n"
        }
        for name in ["train.csv", "val.csv"] { try write("mp_20/\(name)", text) }
        let outcome = try ingest([folder.path("mp_20")], ["--keep", kept])
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.output.contains("80 of 80 structures taken"), "\(outcome.output)")
        let names = ["material_id", "stated_spacegroup", "split"] + kept.split(separator: ",").map(String.init)
        let rows = try rows(names)
        #expect(rows.first == ["id-0", "1", "train", "0.02", "0.0"])
        #expect(rows.last == ["id-39", "1", "val", "0.02", "0.0"])
        // The table is one that trainings read, with the crystals that were found.
        let read = try CrystalDataset.read(path: table).map { try $0.crystal.get() }
        let groups = try self.rows(["spacegroup"]).compactMap { Int($0[0]) }
        #expect(read.map(\.spaceGroup.number) == groups)
        let same = zip(read, crystals.prefix(40) + crystals.prefix(40)).count { $0.spaceGroup == $1.spaceGroup }
        #expect(same >= 78)
    }

    @Test func foldersAndArchives_giveTheSame_onAnyNumberOfThreads() throws {
        let zip = try ZipWriter(path: folder.path("set.zip"))
        for (index, crystal) in crystals.prefix(30).enumerated() {
            let cif = try StructureWriter.cif(crystal, id: "a")
            try write("set/part-\(index % 3)/\(index + 100).cif", cif)
            try zip.add("set/part-\(index % 3)/\(index + 100).cif", Array(cif.utf8))
        }
        try write("set/README.txt", "about")
        try write("set/.hidden.cif", "none")
        try zip.add("__MACOSX/set/._100.cif", [0, 5])
        try zip.finish()
        let fromFolder = try ingest([folder.path("set")], ["--threads", "1", "--json"])
        #expect(fromFolder.status == 0, "\(fromFolder.messages)")
        #expect(try fromFolder.objects().first?["passed_over"] as? Int == 1)
        let first = try String(contentsOfFile: table, encoding: .utf8)
        #expect(try rows(["material_id"]).first == ["part-0/100"])
        let fromArchive = try ingest([folder.path("set.zip")], ["--threads", "3"])
        #expect(fromArchive.status == 0, "\(fromArchive.messages)")
        let second = try String(contentsOfFile: table, encoding: .utf8)
        #expect(first == second.replacing("set/part-", with: "part-"))
        #expect(try rows(["spacegroup"]) == rows(["stated_spacegroup"]))
    }

    @Test func frames_areTaken() throws {
        try write(
            "frames.extxyz",
            try crystals.prefix(5).enumerated().map { StructureWriter.extxyz(try $1.structure(), id: "f\($0)") }
                .joined())
        let outcome = try ingest([folder.path("frames.extxyz")])
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(try rows(["material_id", "stated_spacegroup"]) == (0..<5).map { ["f\($0)", ""] })
    }

    /// Numbers that stand beside frames and objects are kept as those of tables are.
    @Test(arguments: ["extxyz", "jsonl"]) func numbersBesideStructures_areKept(format: String) throws {
        let lines = try crystals.prefix(5).enumerated().map { index, crystal in
            let gap = index == 2 ? [] : [(key: "band_gap", value: "\(Double(index) / 4)")]
            let structure = try crystal.structure()
            if format == "extxyz" {
                return StructureWriter.extxyz(
                    structure, id: "f\(index)", properties: gap + [(key: "origin", value: "icsd")])
            }
            let fields = gap.map { "\"\($0.key)\":\($0.value)," }.joined() + "\"data\":{\"origin\":\"icsd\"},"
            let line = try StructureWriter.text(.structure(structure), id: "f\(index)", format: .jsonl, properties: [])
            return "{\(fields)\(line.dropFirst())"
        }
        try write("frames.\(format)", lines.joined())
        let outcome = try ingest([folder.path("frames.\(format)")], ["--keep", "band_gap,origin"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let expected = (0..<5).map { ["f\($0)", $0 == 2 ? "" : "\(Double($0) / 4)", "icsd"] }
        let kept = try rows(["material_id", "band_gap", "origin"])
        #expect(kept.map { [$0[0], Double($0[1]).map { "\($0)" } ?? "", $0[2]] } == expected)
        let unknown = try ingest([folder.path("frames.\(format)")], ["--keep", "gap"])
        #expect(unknown.status == 1 && unknown.messages.contains("there is no \"gap\""), "\(unknown.messages)")
    }

    @Test func refusals_areCountedAndListed_andTheRestIsTaken() throws {
        let good = try flat(crystals[60], id: "good")
        try write("data/1.cif", good)
        try write("data/2.cif", good.replacing("  1\n", with: "  0.5\n"))
        try write("data/3.cif", "data_3\n_cell_length_a 3\n")
        try write("data/4.vasp", "nonsense")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("data/none.cif"), withDestinationPath: folder.path("nowhere.cif"))
        let list = folder.path("refused.csv")
        let outcome = try ingest([folder.path("data")], ["--refused", list, "--json"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let counts = try #require(outcome.objects().first)
        #expect(counts["taken"] as? Int == 1)
        let reasons = try #require(counts["refused"] as? [String: Int])
        #expect(reasons["partial occupancy"] == 1 && reasons["cannot be read"] == 1, "\(reasons)")
        let rows = try rows(["file", "reason"], of: list)
        #expect(rows.map { $0[0] } == ["2.cif", "3.cif", "4.vasp", "none.cif"])
        let small = try ingest([folder.path("data/1.cif")], ["--max-sites", "1", "--max-atoms", "1"])
        #expect(small.status == 1 && small.messageLines.count == 1)
        #expect(small.messages.contains("none of 1 structures could be taken"), "\(small.messages)")
        try write("empty.extxyz", "")
        let empty = try ingest([folder.path("empty.extxyz")])
        #expect(empty.status == 1 && empty.messages.contains("the inputs hold no structures"), "\(empty.messages)")
    }

    /// What is in the table is what was read, also where the matcher reduces the one cell further than the other.
    @Test func everythingTaken_matchesWhatWasRead() throws {
        for (index, crystal) in crystals.prefix(60).enumerated() {
            try write("set/\(100 + index).cif", try flat(crystal, id: "\(100 + index)"))
        }
        #expect(try ingest([folder.path("set")]).status == 0)
        let pairs = try DruseProcess.run(["match", folder.path("set"), table, "--pairwise", "--json"]).objects()
        #expect(pairs.count == 60 && pairs.allSatisfy { $0["match"] as? Bool == true })
    }

    @Test func cellAtTheToleranceOfTheReduction_isTaken() throws {
        let edge = 7.16586658
        let angle = 109.47122063
        let neodymium = try #require(Element(symbol: "Nd"))
        let structure = Structure(
            cell: try LatticeParameters(a: edge, b: edge, c: edge, alpha: angle, beta: angle, gamma: angle).cell(),
            elements: Array(repeating: neodymium, count: 8),
            fractionalCoordinates: [
                SIMD3(0.48195305, 0.48223566, 0.48190018), SIMD3(0.51799008, 0.50104785, 0.00046392),
                SIMD3(0.50038206, 0.000114, 0.01812891), SIMD3(0.00104422, 0.51751061, 0.5004016),
                SIMD3(0.01828524, 0.50030713, 0.00102956), SIMD3(0.98291366, 0.98207592, 0.98326859),
                SIMD3(0.99915558, 0.01767909, 0.50002181), SIMD3(0.49886793, 0.00016588, 0.51693728),
            ])
        try write("nd.cif", StructureWriter.cif(structure, id: "nd"))
        let outcome = try ingest([folder.path("nd.cif")])
        #expect(outcome.status == 0, "\(outcome.messages)")
    }

    /// The same data are not read twice; other data, other settings and a table that was touched are.
    @Test func sameDataAgain_areNotIngestedAgain() throws {
        try write("a.cif", try flat(crystals[10], id: "a"))
        let first = try ingest([folder.path("a.cif")])
        let again = try ingest([folder.path("a.cif")])
        #expect(again.messages.contains("is made of these data already"))
        #expect(again.output == first.output && !first.output.isEmpty)
        #expect(try ingest([folder.path("a.cif")], ["--symprec", "0.02"]).messages.isEmpty)
        try Data("changed".utf8).write(to: URL(filePath: table))
        #expect(try ingest([folder.path("a.cif")], ["--symprec", "0.02"]).messages.isEmpty)
        try write("a.cif", try flat(crystals[20], id: "a"))
        #expect(try ingest([folder.path("a.cif")], ["--symprec", "0.02"]).messages.isEmpty)
    }

    /// Every command takes folders and archives.
    /// Under another name, too.
    @Test func tableThatIsAnInput_isNotWritten() throws {
        let text = "material_id,cif\nsalt,\"\(try flat(crystals[60], id: "salt"))\"\n"
        try write("data.csv", text)
        let link = folder.path("link.csv")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path("data.csv"))
        for output in [folder.path("data.csv"), link] {
            let outcome = try DruseProcess.run(["ingest", folder.path("data.csv"), "-o", output])
            #expect(outcome.status == 1 && outcome.messages.contains("one of the inputs"), "\(outcome.messages)")
        }
        #expect(try String(contentsOfFile: folder.path("data.csv"), encoding: .utf8) == text)
    }

    @Test func archive_isAnInputLikeAFile() throws {
        let zip = try ZipWriter(path: folder.path("two.zip"))
        try zip.add("b.cif", Array(try flat(crystals[30], id: "b").utf8))
        try zip.add("a/a.cif", Array(try flat(crystals[40], id: "a").utf8))
        try zip.finish()
        let outcome = try DruseProcess.run(["tokens", folder.path("two.zip"), "--json"])
        let answers = try outcome.objects()
        #expect(answers.map { $0["id"] as? String } == ["a/a.cif#0", "b.cif#0"])
        #expect(answers.compactMap { $0["space_group"] as? Int } == [40, 30].map { crystals[$0].spaceGroup.number })
        try write("broken.zip", "PK")
        let broken = try DruseProcess.run(["energy", folder.path("broken.zip")])
        #expect(broken.status == 1 && broken.messageLines.count == 1)
        #expect(broken.messages.contains("broken.zip: is not a zip archive"), "\(broken.messages)")
    }

    @Test(arguments: [
        ["-o", "table.txt"], ["-o", "a.csv", "--refused", "a.csv"], ["-o", "a.csv", "--keep", "cif"],
        ["-o", "a.csv", "--keep", "a,a"], ["-o", "a.csv", "--max-atoms", "0"], [],
    ])
    func impossibleOptions_areAUsageError(options: [String]) throws {
        let outcome = try DruseProcess.run(["ingest", "a.cif"] + options)
        #expect(outcome.status == 64, "\(outcome.messages)")
    }
}
