import Base
import Foundation
import ProgramFixtures
import Testing

@Suite struct EvaluateCommandTests {
    /// Rock salt of two sizes, something that is no crystal, and a line that is broken.
    private static let structures = """
        {"id":"salt","lattice":[[0,2.82,2.82],[2.82,0,2.82],[2.82,2.82,0]],"species":["Na","Cl"],\
        "frac_coords":[[0,0,0],[0.5,0.5,0.5]]}
        {"id":"wide","lattice":[[0,2.9,2.9],[2.9,0,2.9],[2.9,2.9,0]],"species":["Na","Cl"],\
        "frac_coords":[[0.1,0.1,0.1],[0.6,0.6,0.6]]}
        {"id":"dense","lattice":[[1,0,0],[0,1,0],[0,0,1]],"species":["Fe"],"frac_coords":[[0,0,0]]}
        {"id":"odd","lattice":[[3,0,0],[0,3,0],[0,0,3]],"species":["Na"],"frac_coords":[]}

        """

    @Test func evaluate_structures_tellsEachAndTheFigures() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("made.jsonl", Self.structures)
        let arguments = ["evaluate", "--structures", file, "--json", "--save", folder.path("kept"), "--cifs"]
        let outcome = try DruseProcess.run(arguments)
        #expect(outcome.status == 0, "\(outcome.messages)")
        let lines = try outcome.objects()
        #expect(lines.count == 5 && lines.prefix(4).map { $0["id"] as? String } == ["salt", "wide", "dense", "odd"])
        let states = lines.map { $0["as_sampled"] as? [String: Any] }
        #expect(states[0]?["known"] is String && states[1]?["equals"] as? String == "salt")
        #expect(lines[2]["invalid"] is String && (lines[3]["invalid"] as? String)?.hasPrefix("unreadable") == true)
        #expect(lines[4]["samples"] as? Int == 4)
        #expect(outcome.messages.contains("1 of 4 structures cannot be read"), "\(outcome.messages)")
        #expect(outcome.messages.contains("odd: "))
        // What it keeps has each crystal several times, beside files that are none.
        let kept = try DruseProcess.run(["evaluate", "--structures", folder.path("kept")])
        #expect(kept.status == 1 && kept.messages.contains("is what an evaluation saved"), "\(kept.messages)")
        let figures = try #require(lines[4]["figures"] as? [String: Any])
        let valid = try #require(figures["valid"] as? [String: Any])
        #expect(valid["count"] as? Int == 2 && valid["of"] as? Int == 4 && valid["share"] as? Double == 0.5)
        for name in [
            "crystals-structures.jsonl", "crystals-structures.csv", "figures.csv", "figures.json", "page.html",
        ] {
            #expect(FileManager.default.fileExists(atPath: folder.path("kept/\(name)")), "\(name)")
        }
        // The checksums are those of the files, and the CIFs are the structures.
        let sums = try String(contentsOfFile: folder.path("kept/cifs-structures/SHA256SUMS"), encoding: .utf8)
        for line in sums.split(separator: "\n") {
            let parts = line.split(separator: " ")
            let data = try Data(contentsOf: URL(filePath: folder.path("kept/cifs-structures/\(parts[1])")))
            #expect(Digest(of: data).hexadecimal == parts[0])
        }
        let again = try DruseProcess.run(["match", folder.path("kept/cifs-structures/salt.cif"), file, "--json"])
        #expect(try again.objects().first?["match"] as? Bool == true)
        // Once more: nothing is measured, and nothing else is told.
        let next = try DruseProcess.run(arguments)
        #expect(next.output == outcome.output && next.messages.contains("going on: 4 crystals are measured already"))
        // Other contents under the same name are another evaluation.
        try Self.structures.replacing("2.9", with: "2.95").write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try DruseProcess.run(arguments).messages.contains("is the log of another evaluation"))
        let other = try DruseProcess.run(arguments + ["--relax"])
        #expect(other.status == 1 && other.messages.contains("is the log of another evaluation"))
    }

    @Test func evaluate_crystalsTable_tellsTheFormWhoseCIFItHas() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("made.jsonl", Self.structures)
        func rows(_ name: String, _ options: [String]) throws -> [[String: Substring]] {
            let outcome = try DruseProcess.run(
                ["evaluate", "--structures", file, "--save", folder.path(name)] + options)
            #expect(outcome.status == 0, "\(outcome.messages)")
            let text = try String(contentsOfFile: folder.path("\(name)/crystals-structures.csv"), encoding: .utf8)
            let lines = text.split(separator: "\n")
            let names = lines[0].split(separator: ",").map(String.init)
            return lines.filter { $0.hasPrefix("salt,") || $0.hasPrefix("wide,") }.map { line in
                Dictionary(zip(names, line.split(separator: ",", omittingEmptySubsequences: false))) { a, _ in a }
            }
        }
        let known = try rows("known", [])
        #expect(known.map { $0["unique"] } == ["true", "false"] && known.map { $0["novel"] } == ["false", "false"])
        // Novelty that was not looked for is not told.
        let unknown = try rows("unknown", ["--known", "none"])
        #expect(unknown.map { $0["unique"] } == ["true", "false"])
        #expect(unknown.allSatisfy { $0["novel"]?.isEmpty == true })
        // Moved off their saddle points by much, they have lost the group that they began with.
        let relaxed = try rows("relaxed", ["--relax", "--rattle", "0.3", "--steps", "1"])
        #expect(relaxed.count == 2 && relaxed.allSatisfy { $0["spacegroup"] != "225" }, "\(relaxed)")
        #expect(known.allSatisfy { $0["spacegroup"] == "225" })
    }

    /// Another hull under the same name is another evaluation.
    @Test func evaluate_judgeWithAnotherHull_doesNotGoOn() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("made.jsonl", Self.structures)
        func hull(_ sodium: Double) throws -> String {
            try folder.file(
                "hull.json",
                """
                [{"composition":{"Na":1},"energy":\(sodium)},{"composition":{"Cl":1},"energy":-1.8},\
                {"composition":{"Fe":1},"energy":-8.4},{"composition":{"Na":1,"Cl":1},"energy":-6.8}]
                """)
        }
        let command = [
            "evaluate", "--structures", file, "--save", folder.path("kept"), "--judge", "chgnet-r2scan",
            "--judge-hull", try hull(-1.3),
        ]
        let first = try DruseProcess.run(command)
        #expect(first.status == 0, "\(first.messages)")
        #expect(try DruseProcess.run(command).messages.contains("going on: 4 crystals"))
        _ = try hull(-1.4)
        let other = try DruseProcess.run(command)
        #expect(other.status == 1 && other.messages.contains("is the log of another evaluation"), "\(other.messages)")
    }

    @Test func evaluate_whatDoesNotOpen_isAnError() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("made.jsonl", Self.structures)
        let damaged = try folder.file("damaged.cif.gz", "no gzip")
        try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: true)
        for path in [damaged, folder.path("empty"), try folder.file("notes.txt", "x")] {
            let outcome = try DruseProcess.run(["evaluate", "--structures", file, path])
            #expect(outcome.status == 1 && outcome.messageLines.count == 1, "\(outcome.messages)")
            #expect(outcome.messages.contains(path), "\(outcome.messages)")
        }
        // Where there is nothing but broken texts there are no figures.
        let broken = try folder.file("broken.jsonl", "{\"lattice\":1}\n{\"id\":\"b\"}\n")
        let outcome = try DruseProcess.run(["evaluate", "--structures", broken])
        #expect(outcome.status == 1 && outcome.messages.contains("none of 2 structures can be read"))
    }

    @Test func evaluate_policyInEachGroup_tellsTheTable() throws {
        let folder = try TemporaryFolder()
        let page = folder.path("page.html")
        let outcome = try DruseProcess.run([
            "evaluate", "--policy", "base", "--space-groups", "225,221", "--count", "3", "--known", "none", "--page",
            page,
        ])
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.output.contains("samples") && outcome.output.contains("% of 6"))
        #expect(!outcome.output.contains("S.U.N.") && outcome.output.contains("warning: base: 6 samples are few"))
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("</html>"))
    }

    @Test(arguments: [
        (["--policy", "base", "--run", "x"], "give one of --policy, --run and --structures"),
        (["--policy", "base", "--space-groups", "0"], "write fourteen, or numbers from 1 to 230"),
        (["--structures", "a.cif", "--count", "3"], "belong to a policy that is sampled"),
        (["--policy", "base", "--rattle", "0.1"], "--rattle belongs to --relax"),
        (["--policy", "base", "--steps", "3"], "--steps belongs to --relax"),
        (["--policy", "base", "--space-groups", ","], "each once"),
        (["--policy", "base", "--space-groups", "62,62"], "each once"),
        (["--structures", "a.cif", "--temperature", "2"], "belong to a policy that is sampled"),
        (["--policy", "base", "--judge-hull", "x"], "--judge-hull needs --judge or --judge-engine"),
        (["--policy", "base", "--cifs"], "--cifs needs --save"),
    ])
    func evaluate_optionsThatMakeNoSense_areRefused(options: [String], words: String) throws {
        let outcome = try DruseProcess.run(["evaluate"] + options)
        #expect(outcome.status == 64 && outcome.messages.contains(words), "\(outcome.messages)")
    }

    @Test(.enabled("needs python3") { TestEngines.python != nil })
    func evaluate_judgeInAnotherLanguage_isAskedAndFailsByName() throws {
        let folder = try TemporaryFolder()
        // This engine fails where the first atom is one of the lightest.
        let heavy = Self.structures.replacing("Na", with: "Rb").replacing("Cl", with: "Br").replacing(
            "2.82", with: "3.42"
        )
        .replacing("2.9", with: "3.5")
        let file = try folder.file("made.jsonl", heavy)
        func command(_ start: String) throws -> [String] {
            let engine = "\(try #require(TestEngines.python)) '\(TestEngines.file("faulty_engine.py"))' '\(start)'"
            return ["evaluate", "--structures", file, "--json", "--judge-engine", engine]
        }
        let outcome = try DruseProcess.run(command(""))
        #expect(outcome.status == 0, "\(outcome.messages)")
        let judged = try outcome.objects().map { ($0["judged"] as? [String: Any])?["energy_per_atom"] as? Double }
        #expect(judged[0] != nil && judged[1] != nil && judged[2] == nil && judged[3] == nil)
        let dead = try DruseProcess.run(command("die"))
        #expect(dead.status == 1 && dead.output.isEmpty)
        #expect(dead.messages.contains("judges no crystal") && dead.messages.contains("there is no such model"))
    }

    @Test func evaluate_structuresThatAreNotThere_isRefused() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("made.jsonl", Self.structures)
        let outcome = try DruseProcess.run(["evaluate", "--structures", file, folder.path("none.zip")])
        #expect(outcome.status == 1 && outcome.output.isEmpty && outcome.messageLines.count == 1)
        #expect(outcome.messages.contains("none.zip: there is no such file or folder"), "\(outcome.messages)")
    }

    @Test func evaluate_indexThatIsNone_isNamed() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("known.index", "not an index")
        let outcome = try DruseProcess.run(["evaluate", "--policy", "base", "--count", "2", "--known", file])
        #expect(outcome.status == 1 && outcome.messages.contains("known.index"), "\(outcome.messages)")
    }
}
