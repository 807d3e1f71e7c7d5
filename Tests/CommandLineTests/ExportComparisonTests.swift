import Archive
import Base
import Crystals
import Foundation
import ProgramFixtures
import StructureFiles
import Testing
import Trajectories

/// `druse export`: what is told of crystals by comparing them.
@Suite struct ExportComparisonTests {
    private let folder: TemporaryFolder
    private var run: String { folder.path("run") }

    init() throws { folder = try TemporaryFolder() }

    /// A crystal of the run.
    private struct Entry {
        let crystal: Crystal
        /// Above the hull, eV/atom.
        let height: Double
        var relaxed: RelaxedGeometry?
        /// What else was measured.
        var more: [Trajectories.Measurement.Quantity: Double] = [:]
    }

    /// A run of crystals, each with its position as index.
    private func makeRun(_ entries: [Entry]) throws {
        let manifest = RunManifest(runID: "run1", build: "0.1.0", seed: 42, referenceDigest: "9f3a")
        let (directory, lock) = try RunDirectory.create(
            at: URL(filePath: run), manifest: manifest, configuration: "seed: 42\n")
        defer { lock.release() }
        let archive = try RunArchive(url: directory.archive)
        try archive.insert(
            entries.enumerated().map { index, entry in
                let values: [Trajectories.Measurement.Quantity: Double] = [
                    .energyPerAtom: -3, .energyAboveHull: entry.height,
                ]
                return ArchivedCrystal(
                    id: CrystalID(version: 0, unit: 0, index: index), crystal: entry.crystal,
                    formula: entry.crystal.composition.reducedFormula, atomCount: max(1, entry.crystal.atomCount),
                    logProbability: .zero, referenceLogProbability: .zero, outcome: .scored,
                    measurement: .init(values.merging(entry.more) { $1 }, relaxed: entry.relaxed), reward: 0.5,
                    lineage: .init(
                        seed: 42, policyDigest: "p", actor: "actor-1", worker: "w-1", potential: "chgnet-0.3.0",
                        hull: "h"))
            })
        try archive.close()
    }

    private func element(_ symbol: String) throws -> Element { try #require(Element(symbol: symbol)) }

    /// A cubic chloride of the structure of rock salt (225) or of caesium chloride (221).
    private func chloride(_ metal: String, group: Int = 225, edge: Double = 5.6) throws -> Crystal {
        Crystal(
            spaceGroup: try #require(SpaceGroup(number: group)),
            sites: [
                .init(wyckoff: 1, element: try element(metal), position: .zero),
                .init(wyckoff: 2, element: try element("Cl"), position: SIMD3(repeating: 0.5)),
            ], lattice: LatticeParameters(a: edge, b: edge, c: edge, alpha: 90, beta: 90, gamma: 90))
    }

    /// Two atoms in a cubic cell without symmetry.
    private func pair(_ position: SIMD3<Double>, angle: Double = 90) throws -> Crystal {
        Crystal(
            spaceGroup: try #require(SpaceGroup(number: 1)),
            sites: [
                .init(wyckoff: 1, element: try element("Na"), position: .zero),
                .init(wyckoff: 1, element: try element("Cl"), position: position),
            ], lattice: LatticeParameters(a: 3.4, b: 3.4, c: 3.4, alpha: angle, beta: angle, gamma: angle))
    }

    /// The lines of an export, and what it says.
    private func export(_ options: [String]) throws -> (lines: [[String: Any]], messages: String) {
        let path = folder.path("out.jsonl")
        let outcome = try DruseProcess.run(["export", run, "-o", path] + options)
        #expect(outcome.status == 0, "\(outcome.messages)")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = try text.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        return (lines, outcome.messages)
    }

    private func indices(_ options: [String]) throws -> [Int] {
        try export(options).lines.compactMap { $0["crystal_index"] as? Int }
    }

    // MARK: --unique

    @Test func unique_leavesOutWhatEqualsOneBefore_andIsCountedAfterwards() throws {
        try makeRun([
            Entry(crystal: try chloride("K"), height: 0.04), Entry(crystal: try chloride("Na"), height: 0.03),
            Entry(crystal: try chloride("Na", group: 221, edge: 3.4), height: 0.02),
            Entry(crystal: try chloride("Na", edge: 5.7), height: 0.01),
            Entry(crystal: try pair(SIMD3(repeating: 0.5)), height: 0.05),
        ])
        #expect(try indices([]) == [3, 2, 1, 0, 4])
        #expect(try indices(["--unique"]) == [3, 2, 0])
        #expect(try indices(["--unique", "--threads", "1"]) == [3, 2, 0])
        #expect(try indices(["--unique", "--sort=-e_above_hull"]) == [4, 0, 1])
        let first = ["--top", "2", "--per", "formula", "--where", "e_above_hull <> 0.02"]
        #expect(try indices(first) == [3, 1, 0])
        #expect(try indices(first + ["--unique"]) == [3, 0, 4])
        #expect(try indices(["--unique", "--limit", "2"]) == [3, 2])
    }

    @Test func unique_comparesTheGeometryThatIsWritten() throws {
        let caesiumChloride = try pair(SIMD3(repeating: 0.5))
        let other = try pair(SIMD3(0.5, 0.1, 0.02))
        try makeRun([
            Entry(crystal: caesiumChloride, height: 0.01),
            Entry(crystal: other, height: 0.02, relaxed: RelaxedGeometry(of: caesiumChloride)),
        ])
        #expect(try indices(["--unique"]) == [0])
        #expect(try indices(["--unique", "--geometry", "sampled"]) == [0, 1])
    }

    /// The first and the last are far apart in the order; what no cell has between them equals nothing.
    @Test func unique_remembersAllBefore() throws {
        let impossible = try pair(SIMD3(repeating: 0.5), angle: 130)
        let between = (0..<1500).map { Entry(crystal: impossible, height: 0.1 + Double($0) * 1e-5) }
        try makeRun(
            [Entry(crystal: try chloride("Na"), height: 0)] + between
                + [
                    Entry(crystal: try chloride("Na", edge: 5.7), height: 1),
                    Entry(crystal: try chloride("K"), height: 2),
                ])
        let (lines, messages) = try export(["--unique"])
        #expect(lines.map { $0["crystal_index"] as? Int } == [0, 1502])
        #expect(messages.contains("1500 of 1502 crystals left out"), "\(messages)")
    }

    // MARK: novel

    /// An index of rock salt alone.
    private func index() throws -> String {
        let path = folder.path("known.index")
        let salt = try folder.file("salt.jsonl", CommandFixtures.rockSalt)
        #expect(try DruseProcess.run(["index", salt, "-o", path]).status == 0)
        return path
    }

    private func makeRunOfChlorides() throws {
        try makeRun([
            Entry(crystal: try chloride("Na", edge: 5.7), height: 0.01),
            Entry(crystal: try chloride("K"), height: 0.02),
            Entry(crystal: try chloride("Na", group: 221, edge: 3.4), height: 0.03),
            Entry(crystal: try chloride("Na"), height: 0.06),
            Entry(crystal: try chloride("Rb"), height: 0.07),
            Entry(crystal: try pair(SIMD3(repeating: 0.5), angle: 130), height: 0.04),
        ])
    }

    /// A crystal that cannot be compared is neither novel nor known.
    @Test(arguments: [
        ("novel", [1, 2, 4]), ("NOT novel", [0, 3]), ("e_above_hull < 0.05 AND novel", [1, 2]),
        ("e_above_hull < 0.05 AND NOT NOVEL", [0]), ("(novel) = 0 -- known", [0, 3]),
        ("(novel OR e_above_hull < 0.05) AND formula = 'NaCl' AND e_above_hull <> 0.04", [0, 2]),
        ("formula LIKE 'not novel' OR e_above_hull = 0.06", [3]),
    ])
    func novel_standsForWhatIsNotAmongTheKnown(condition: String, expected: [Int]) throws {
        try makeRunOfChlorides()
        #expect(try indices(["--where", condition, "--known", try index()]) == expected)
    }

    @Test func novel_isAboutTheEmbeddedCrystals_andTheKnownOnesAreNamed() throws {
        try makeRunOfChlorides()
        let options = ["--where", "e_above_hull < 0.015 AND NOT novel"]
        let embedded = try #require(try export(options).lines.first)
        #expect((embedded["known"] as? String)?.isEmpty == false)
        let own = ["--known", try index()]
        #expect(try export(options + own).lines.first?["known"] as? String == "salt")
        #expect(try export(["--where", "novel"] + own).lines.allSatisfy { $0["known"] is NSNull })
        // Nothing is told where nothing was asked.
        #expect(try export(["--where", "e_above_hull < 0.015"]).lines.allSatisfy { $0["known"] == nil })

        let table = folder.path("out.csv")
        #expect(
            try DruseProcess.run(
                ["export", run, "-o", table, "--where", "novel OR formula = 'NaCl'", "--limit", "2"] + own
            ).status == 0)
        var reader = try CSVReader(path: table)
        let column = try reader.column("known")
        var known: [String] = []
        while let row = try reader.next() { known.append(row.string(column)) }
        #expect(known == ["salt", ""])
    }

    @Test func novel_goesWithUniqueAndTop() throws {
        try makeRun([
            Entry(crystal: try chloride("Na"), height: 0.01), Entry(crystal: try chloride("K"), height: 0.02),
            Entry(crystal: try chloride("K", edge: 6), height: 0.03),
            Entry(crystal: try chloride("K", group: 221, edge: 3.6), height: 0.04),
            Entry(crystal: try chloride("Rb"), height: 0.05),
        ])
        let options = ["--where", "novel", "--unique", "--known", try index()]
        #expect(try indices(options) == [1, 3, 4])
        #expect(try indices(options + ["--limit", "2"]) == [1, 3])
        #expect(try indices(options + ["--top", "1", "--per", "formula"]) == [1, 4])
        #expect(try indices(options + ["--top", "1"]) == [1])
        #expect(try indices(["--sort", "novel", "--known", try index()]) == [0, 1, 2, 3, 4])
    }

    /// A run whose engine measures something of that name means it, unless known crystals are named.
    @Test func novel_isTheRunsOwnQuantity_whereThereIsOne() throws {
        let novel = Trajectories.Measurement.Quantity(rawValue: "novel")
        try makeRun([
            Entry(crystal: try chloride("Na"), height: 0.01, more: [novel: 1]),
            Entry(crystal: try chloride("K"), height: 0.02, more: [novel: 0]),
        ])
        let (lines, messages) = try export(["--where", "novel"])
        #expect(lines.map { $0["crystal_index"] as? Int } == [0])
        #expect(messages.contains("--known"), "\(messages)")
        #expect(try indices(["--where", "novel", "--known", try index()]) == [1])
    }

    @Test func novel_withoutKnownCrystals_isOneLine() throws {
        try makeRunOfChlorides()
        let foreign = try folder.file("salt.jsonl", CommandFixtures.rockSalt)
        for (path, reason) in [(foreign, "is not an index"), (folder.path("none.index"), "cannot be read")] {
            let outcome = try DruseProcess.run([
                "export", run, "--where", "novel", "--known", path, "-o", folder.path("a.csv"),
            ])
            #expect(outcome.status == 1 && outcome.messageLines.count == 1, "\(outcome.messages)")
            #expect(outcome.messages.contains(reason), "\(outcome.messages)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("a.csv")))
    }
}
