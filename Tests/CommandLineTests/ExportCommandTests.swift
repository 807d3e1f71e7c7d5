import Archive
import ArchiveFixtures
import Base
import Crystals
import Foundation
import ProgramFixtures
import StructureFiles
import Testing
import Trajectories

/// `druse export`: what is selected, in which order, geometry and format.
@Suite struct ExportCommandTests {
    private let folder: TemporaryFolder
    private var run: String { folder.path("run") }

    init() throws { folder = try TemporaryFolder() }

    private func export(_ options: [String]) throws -> DruseProcess.Outcome {
        try DruseProcess.run(["export", run] + options)
    }

    /// A run of made-up crystals, some of which no cell has.
    private func makeRun() throws {
        var synthetic = SyntheticRun(versionCount: 4)
        _ = try synthetic.write(to: URL(filePath: run))
    }

    /// What exports call a field no engine, model or judge may give a quantity as well.
    @Test(arguments: ["jsonl", "csv", "extxyz"], ["relaxed", "sampled"])
    func everyFieldOfAnExport_isReserved(format: String, geometry: String) throws {
        try makeRelaxedRun(more: [
            .formationEnergyPerAtom: -2, .energyCorrection: -0.1, .uncertainty: 0.01, .hullEntries: 3,
            .maximumForce: 0.1, .forceLogMean: -3, .stressLogMean: -4, .forceStressLogMean: -2, .relaxationSteps: 7,
            .relaxationConverged: 1, .relaxationDisplacement: 0, .relaxationVolumeRatio: 0.9,
        ])
        let file = folder.path("out.\(format)")
        let outcome = try export(["--geometry", geometry, "-o", file])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let fields: [String]
        switch format {
        case "jsonl":
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            fields = try #require(object).keys.sorted()
        case "csv": fields = try #require(text.split(separator: "\n").first).split(separator: ",").map { String($0) }
        default: fields = text.split(separator: "\n")[1].matches(of: /(\w+)=/).map { String($0.output.1) }
        }
        typealias Measurement = Trajectories.Measurement
        let reserved = Measurement.Quantity.archiveNames.union(Measurement.Quantity.exportNames)
        // No quantity has a capital letter.
        let free = fields.filter {
            $0 == $0.lowercased() && !reserved.contains($0) && !Measurement.Quantity(rawValue: $0).isMeasured
        }
        #expect(!fields.isEmpty && free.isEmpty, "\(free)")
    }

    private func salt() throws -> Crystal {
        Crystal(
            spaceGroup: try #require(SpaceGroup(number: 225)),
            sites: [
                .init(wyckoff: 1, element: try #require(Element(symbol: "Na")), position: .zero),
                .init(wyckoff: 2, element: try #require(Element(symbol: "Cl")), position: SIMD3(repeating: 0.5)),
            ], lattice: LatticeParameters(a: 5.9, b: 5.9, c: 5.9, alpha: 90, beta: 90, gamma: 90))
    }

    /// A run of one crystal that was relaxed.
    private func makeRelaxedRun(more: [Trajectories.Measurement.Quantity: Double] = [:]) throws {
        let manifest = RunManifest(runID: "run1", build: "0.1.0", seed: 42, referenceDigest: "9f3a")
        let (directory, lock) = try RunDirectory.create(
            at: URL(filePath: run), manifest: manifest, configuration: "seed: 42\n")
        defer { lock.release() }
        let salt = try salt()
        var relaxed = RelaxedGeometry(of: salt)
        relaxed.lattice = LatticeParameters(a: 5.64, b: 5.64, c: 5.64, alpha: 90, beta: 90, gamma: 90)
        let archive = try RunArchive(url: directory.archive)
        let numbers: [Trajectories.Measurement.Quantity: Double] = [
            .energyPerAtom: -3.4, .energyAboveHull: 0.01, .initialEnergyPerAtom: -3.3, .initialEnergyAboveHull: 0.11,
            Trajectories.Measurement.Quantity(rawValue: "novel"): 1,
        ]
        try archive.insert([
            ArchivedCrystal(
                id: CrystalID(version: 3, unit: 1, index: 2), crystal: salt, formula: "NaCl", atomCount: 8,
                logProbability: .init(w: -1, a: -2, xyz: 0, l: 1), referenceLogProbability: .zero, outcome: .scored,
                measurement: .init(numbers.merging(more) { $1 }, relaxed: relaxed), reward: 0.5, trainedAt: 3,
                lineage: .init(
                    seed: 42, policyDigest: "p", actor: "actor-1", worker: "w-1", potential: "chgnet-0.3.0 f00",
                    hull: "h"))
        ])
        try archive.close()
    }

    private func table(_ path: String, _ columns: [String]) throws -> [[String]] {
        var reader = try CSVReader(path: path)
        let indices = try columns.map { try reader.column($0) }
        var rows: [[String]] = []
        while let row = try reader.next() { rows.append(indices.map { row.string($0) }) }
        return rows
    }

    @Test func selection_isThatOfTheExpression_lowestFirst() throws {
        try makeRun()
        let path = folder.path("out.csv")
        let outcome = try export(["--where", "e_above_hull < 0.3 AND space_group > 15 AND version = 3", "-o", path])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let rows = try table(path, ["e_above_hull", "space_group", "version", "outcome", "engine", "policy", "seed"])
        #expect(rows.count > 3)
        let heights = rows.compactMap { Double($0[0]) }
        #expect(heights == heights.sorted() && heights.allSatisfy { $0 < 0.3 } && heights.count == rows.count)
        #expect(rows.allSatisfy { (Int($0[1]) ?? 0) > 15 })
        #expect(rows.allSatisfy { Array($0[2...]) == ["3", "scored", "chgnet-0.3.0", "digest-3", "42"] })
    }

    @Test func top_isOfEachGroup_limitOfAll() throws {
        try makeRun()
        let path = folder.path("out.csv")
        let outcome = try export(["--top", "2", "--per", "space_group", "--all", "--sort", "-version", "-o", path])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let groups = try table(path, ["space_group"]).map { $0[0] }
        let counts = Dictionary(grouping: groups) { $0 }.mapValues(\.count)
        #expect(counts.count > 5 && counts.values.allSatisfy { $0 <= 2 })
        let versions = try table(path, ["version"]).compactMap { Int($0[0]) }
        #expect(versions == versions.sorted(by: >))
        #expect(try export(["--limit", "5", "-o", folder.path("five.jsonl")]).status == 0)
        let lines = try String(contentsOfFile: folder.path("five.jsonl"), encoding: .utf8).split(separator: "\n")
        #expect((1...5).contains(lines.count))
    }

    @Test func expression_thatIsNone_isRefusedWithTheNames() throws {
        try makeRun()
        for expression in ["e_above_hull < 0.05 AND new", "novel AND new", "e_above_hull <", "1) UNION SELECT (1"] {
            let outcome = try export(["--where", expression, "-o", folder.path("a.csv")])
            #expect(outcome.status == 1 && outcome.messageLines.count == 1, "\(outcome.messages)")
            #expect(outcome.messages.contains("e_above_hull, reward"), "\(outcome.messages)")
            #expect(outcome.messages.contains(", novel"), "\(outcome.messages)")
        }
        let none = try export(["--where", "e_above_hull > 1e6 -- nothing", "-o", folder.path("a.csv")])
        #expect(none.status == 1 && none.messages.contains("no crystal"), "\(none.messages)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("a.csv")))
    }

    /// Energies belong to the geometry that is written; a quantity of the archive is a name like a column.
    @Test func geometry_isTheRelaxedOneOrTheSampledOne_withItsEnergies() throws {
        try makeRelaxedRun()
        for (geometry, edge, energy, height) in [("relaxed", 5.64, -3.4, 0.01), ("sampled", 5.9, -3.3, 0.11)] {
            let path = folder.path("\(geometry).jsonl")
            let outcome = try export([
                "--where", "novel AND initial_e_above_hull > 0.1", "--geometry", geometry, "-o", path,
            ])
            #expect(outcome.status == 0, "\(outcome.messages)")
            let line = try #require(
                JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any])
            #expect(line["geometry"] as? String == geometry && line["id"] as? String == "run1-3-1-2")
            #expect((line["lattice"] as? [Double])?.first == edge)
            #expect(line["energy_per_atom"] as? Double == energy && line["e_above_hull"] as? Double == height)
            #expect(line["trained_at"] as? Int == 3 && line["logp"] as? Double == -2)
        }
    }

    /// What was measured after the relaxation is named so beside the geometry that was sampled, a judge's numbers and
    /// predictions as well; a formation energy is that of the geometry, and so are the names of expressions.
    @Test func sampledGeometry_hasNoNumbersOfTheRelaxedOneUnderTheirNames() throws {
        func named(_ name: String) -> Trajectories.Measurement.Quantity { .init(rawValue: name) }
        try makeRelaxedRun(more: [
            .formationEnergyPerAtom: -2, .relaxationSteps: 7, .hullEntries: 3, named("band_gap"): 5,
            named("old_e_above_hull"): 0.02, named("old_initial_e_above_hull"): 0.32,
            named("old_formation_energy_per_atom"): -1, named("old_energy_per_atom"): -3.5,
        ])
        func line(_ options: [String]) throws -> [String: Any] {
            let outcome = try export(options + ["--format", "jsonl", "-o", "/dev/stdout"])
            #expect(outcome.status == 0, "\(outcome.messages)")
            return try #require(outcome.objects().first)
        }
        let sampled = try line(["--geometry", "sampled"])
        for (name, value) in [
            ("e_above_hull", 0.11), ("relaxed_e_above_hull", 0.01), ("energy_per_atom", -3.3),
            ("relaxed_energy_per_atom", -3.4), ("formation_energy_per_atom", -1.9),
            ("relaxed_formation_energy_per_atom", -2), ("relaxed_band_gap", 5), ("old_e_above_hull", 0.32),
            ("relaxed_old_e_above_hull", 0.02), ("old_formation_energy_per_atom", -0.7),
            ("relaxed_old_energy_per_atom", -3.5), ("relaxation_steps", 7), ("hull_entries", 3),
        ] {
            let found = try #require(sampled[name] as? Double, "\(name)")
            #expect(abs(found - value) < 1e-12, "\(name)")
        }
        for name in ["band_gap", "old_energy_per_atom", "relaxed_relaxation_steps", "relaxed_hull_entries"] {
            #expect(sampled[name] == nil, "\(name)")
        }
        let relaxed = try line([])
        #expect(relaxed["band_gap"] as? Double == 5 && relaxed["formation_energy_per_atom"] as? Double == -2)
        #expect(!relaxed.keys.contains { $0.hasPrefix("relaxed_") })
        for condition in [
            "e_above_hull > 0.1 AND relaxed_e_above_hull < 0.05", "abs(formation_energy_per_atom + 1.9) < 1e-9",
            "relaxed_band_gap = 5 AND energy_per_atom = -3.3", "old_e_above_hull > 0.3 AND initial_e_above_hull > 0.1",
        ] {
            _ = try line(["--geometry", "sampled", "--sort", "relaxed_e_above_hull", "--where", condition])
        }
        _ = try line(["--where", "e_above_hull < 0.05 AND band_gap = 5"])
        for (geometry, condition, words) in [
            ("sampled", "e_above_hull < 0.05", "no crystal"), ("sampled", "band_gap > 1", ", relaxed_band_gap"),
            ("relaxed", "relaxed_e_above_hull < 1", ", band_gap"),
        ] {
            let none = try export(["--geometry", geometry, "--where", condition, "-o", folder.path("a.csv")])
            #expect(none.status == 1 && none.messages.contains(words), "\(none.messages)")
        }
    }

    /// Where nothing was relaxed, the names are those of the archive.
    @Test func sampledGeometry_ofARunThatDidNotRelax_changesNoName() throws {
        try makeRun()
        let paths = ["relaxed", "sampled"].map { folder.path("\($0).csv") }
        for (path, geometry) in zip(paths, ["relaxed", "sampled"]) {
            let outcome = try export(["--geometry", geometry, "--where", "e_above_hull < 0.3", "-o", path])
            #expect(outcome.status == 0, "\(outcome.messages)")
        }
        let files = try paths.map { try String(contentsOfFile: $0, encoding: .utf8) }
        #expect(files[0] == files[1])
    }

    /// What ASE, MACE and SevenNet look for, and what our own reader takes.
    @Test func extxyz_hasEnergyForcesAndStress() throws {
        try makeRelaxedRun()
        let path = folder.path("set.extxyz")
        let plain = try export(["-o", path])
        #expect(plain.status == 0, "\(plain.messages)")
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains(" energy=-6.8 "))
        let outcome = try export(["--forces", "--potential", "chgnet", "--cell", "conventional", "-o", path])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 10 && lines[0] == "8")
        #expect(lines[1].contains("Properties=species:S:1:pos:R:3:forces:R:3:REF_forces:R:3 "))
        #expect(lines[1].contains(" evaluated_by=chgnet-0.3.0") && lines[1].contains(" e_above_hull=0.01"))
        #expect(lines[2].split(separator: " ").count == 10)
        let energy = try DruseProcess.run(["energy", path, "--forces", "--json"]).objects()
        let perAtom = try #require(energy.first?["energy_per_atom"] as? Double)
        let stress = try #require(energy.first?["stress_gpa"] as? [[Double]])
        let number = { (key: String) in
            lines[1].split(separator: " \(key)=").last?.drop { $0 == "\"" }.prefix { !" \"".contains($0) }
                .description ?? ""
        }
        for key in ["energy", "free_energy", "REF_energy"] {
            #expect(try abs(8 * perAtom - #require(Double(number(key)))) < 1e-4)
        }
        for key in ["stress", "REF_stress"] {
            #expect(try abs(stress[0][0] / 160.21766208 - #require(Double(number(key)))) < 1e-7)
        }
        let stated = try DruseProcess.run(["hull", path, "--json"]).objects()
        #expect(stated.first?["error"] == nil, "\(stated)")
    }

    @Test func vaspFolders_holdPrimitiveCellAndGrid_andAZipTheSame() throws {
        try makeRelaxedRun()
        let target = folder.path("dft")
        #expect(try export(["--vasp", "-o", target]).status == 0)
        let poscar = try String(contentsOfFile: "\(target)/run1-3-1-2-NaCl/POSCAR", encoding: .utf8)
        #expect(poscar.hasPrefix("NaCl run1-3-1-2\n") && poscar.contains("\nNa Cl\n1 1\n"))
        let grid = try String(contentsOfFile: "\(target)/run1-3-1-2-NaCl/KPOINTS", encoding: .utf8)
        // 64 per reciprocal volume of 5.53 1/Å3 and edges of 3.988 Å.
        #expect(grid.hasSuffix("\n0\nGamma\n7 7 7\n0 0 0\n"), "\(grid)")
        #expect(try table("\(target)/crystals.csv", ["material_id", "n_atoms"]) == [["run1-3-1-2", "2"]])
        let again = try export(["--vasp", "-o", target])
        #expect(again.status == 1 && again.messages.contains("holds files already"), "\(again.messages)")
        let zip = folder.path("dft.zip")
        #expect(try export(["--vasp", "-o", zip]).status == 0)
        let archive = try ZipArchive(URL(filePath: zip))
        #expect(
            archive.entries.map(\.name) == [
                "run1-3-1-2-NaCl/POSCAR", "run1-3-1-2-NaCl/KPOINTS", "crystals.csv",
            ])
        #expect(try archive.contents(of: archive.entries[0]) == Array(poscar.utf8))
    }

    /// Atoms and energy are of the cell that the CIF beside them has, so that the table can be read back.
    @Test func tables_areOfTheCellOfTheirCIFs() throws {
        try makeRelaxedRun()
        let (table, cifs) = (folder.path("out.csv"), folder.path("cifs"))
        for options in [
            ["-o", table], ["--format", "cif", "-o", cifs], ["--format", "poscar", "-o", folder.path("p")],
        ] {
            #expect(try export(options).status == 0)
        }
        for path in [table, "\(cifs)/crystals.csv"] {
            let row = try #require(try self.table(path, ["n_atoms", "energy", "energy_per_atom"]).first)
            #expect(row[0] == "8" && Double(row[2]) == -3.4)
            #expect(abs(try #require(Double(row[1])) + 27.2) < 1e-9)
        }
        #expect(try self.table(folder.path("p/crystals.csv"), ["n_atoms"]) == [["2"]])
        let answers = try DruseProcess.run(["hull", table, "--json"]).objects()
        #expect(answers.count == 1 && answers[0]["error"] == nil && answers[0]["e_above_hull"] is Double)
    }

    @Test func standardOutput_getsTheCrystalsAlone() throws {
        try makeRelaxedRun()
        let outcome = try export(["--format", "jsonl", "-o", "/dev/stdout"])
        let count = try outcome.objects().count
        #expect(outcome.status == 0 && count == 1, "\(outcome.messages)")
    }

    @Test(arguments: ["cif", "extxyz", "csv", "jsonl"]) func everyFormat_isReadAgain(format: String) throws {
        try makeRelaxedRun()
        for output in ["out.\(format)", "out.zip"] {
            let written = try export(["--format", format, "-o", folder.path(output)])
            #expect(written.status == 0, "\(written.messages)")
            let read = try DruseProcess.run(["tokens", folder.path(output), "--json"]).objects()
            // A zip of CIFs also has a table, which holds no structures.
            #expect(read.count == 1)
            let crystal = try #require(read.first)
            #expect(crystal["space_group"] as? Int == 225)
            let edge = try #require((crystal["lattice"] as? [Double])?.first)
            #expect(abs(edge - 5.64) < 1e-6)
        }
    }

    @Test(arguments: [
        ["-o", "folder"], ["-o", "a.json"], ["-o", "a.vasp"], ["-o", "a.csv", "--format", "cif"],
        ["-o", "a.csv", "--per", "formula"], ["-o", "a.csv", "--top", "0"], ["-o", "a.csv", "--forces"],
        ["-o", "a.csv", "--vasp"], ["-o", "a.extxyz", "--potential", "chgnet"], ["-o", "a.csv", "--known", "default"],
        [],
    ])
    func impossibleOptions_areAUsageError(options: [String]) throws {
        #expect(try export(options).status == 64)
    }
}
