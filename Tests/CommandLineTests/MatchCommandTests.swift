import Foundation
import ProgramFixtures
import Testing

@Suite struct MatchCommandTests {
    /// Rock salt in its conventional cell (x of one chlorine may be moved), and its primitive cell.
    private static func salt(_ id: String, _ cation: String = "Na", moved: Double = 0) -> String {
        let corners = "[0,0,0],[0,0.5,0.5],[0.5,0,0.5],[0.5,0.5,0],[0.5,0.5,0.5],[0.5,0,0],[0,0.5,0],[\(moved),0,0.5]"
        let species = (Array(repeating: "\"\(cation)\"", count: 4) + Array(repeating: "\"Cl\"", count: 4))
            .joined(separator: ",")
        return "{\"id\":\"\(id)\",\"lattice\":[[5.64,0,0],[0,5.64,0],[0,0,5.64]],\"species\":[\(species)],"
            + "\"frac_coords\":[\(corners)]}\n"
    }

    private static let primitive = """
        {"id":"primitive","lattice":[[0,3,3],[3,0,3],[3,3,0]],"species":["Cl","Na"],\
        "frac_coords":[[0.1,0.1,0.1],[0.6,0.6,0.6]]}

        """

    @Test func match_ofTwoFiles_comparesEachWithEach() throws {
        let folder = try TemporaryFolder()
        let first = try folder.file("a.jsonl", Self.salt("salt") + Self.salt("sylvine", "K"))
        let second = try folder.file("b.jsonl", Self.primitive + Self.salt("moved", moved: 0.02))
        let outcome = try DruseProcess.run(["match", first, second, "--json"])
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        #expect(answers.map { $0["id_a"] as? String } == ["salt", "salt", "sylvine", "sylvine"])
        #expect(answers.map { $0["id_b"] as? String } == ["primitive", "moved", "primitive", "moved"])
        #expect(answers.map { $0["match"] as? Bool } == [true, true, false, false])
        #expect(try #require(answers[0]["rms"] as? Double) < 1e-5)
        #expect(answers[1]["max_distance"] as? Double != nil)
        #expect(answers[2]["rms"] == nil)
    }

    @Test func match_pairwise_comparesOneWithOne() throws {
        let folder = try TemporaryFolder()
        let first = try folder.file("a.jsonl", Self.salt("salt") + Self.salt("sylvine", "K") + "{\"id\":\"none\"}\n")
        let second = try folder.file("b.jsonl", Self.primitive + Self.salt("other") + Self.salt("third"))
        let outcome = try DruseProcess.run(["match", first, second, "--pairwise", "--json", "--threads", "2"])
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        #expect(answers.map { $0["match"] as? Bool } == [true, false, nil])
        #expect(answers[2]["error"] as? String != nil && answers[2]["id_b"] as? String == "third")
        #expect(outcome.messageLines.count == 1)

        let shorter = try folder.file("c.jsonl", Self.primitive)
        let refused = try DruseProcess.run(["match", first, shorter, "--pairwise"])
        #expect(refused.status == 1)
        #expect(refused.messages.contains("a.jsonl has 3") && refused.messages.contains("c.jsonl has 1"))
    }

    @Test func match_withTolerances_obeysThem() throws {
        let folder = try TemporaryFolder()
        let first = try folder.file("a.jsonl", Self.salt("a", moved: 0.1))
        let second = try folder.file("b.jsonl", Self.salt("b", moved: 0.16))
        func isMatch(_ options: [String]) throws -> Bool? {
            try DruseProcess.run(["match", first, second, "--json"] + options).objects().first?["match"] as? Bool
        }
        #expect(try isMatch([]) == true)
        #expect(try isMatch(["--stol", "0.01"]) == false)
        #expect(try DruseProcess.run(["match", first, second, "--stol", "0"]).status == 64)
    }

    @Test func match_withoutJSON_printsATable() throws {
        let folder = try TemporaryFolder()
        let first = try folder.file("a.jsonl", Self.salt("salt"))
        let outcome = try DruseProcess.run(["match", first, "-"], input: Self.primitive + Self.salt("k", "K"))
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("id_a") && lines[0].contains("id_b"))
        #expect(lines[1].contains("yes") && lines[2].hasSuffix("no"))
    }

    @Test func match_ofWrongUse_isRefused() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("a.jsonl", Self.salt("salt"))
        #expect(try DruseProcess.run(["match", file]).status == 64)
        #expect(try DruseProcess.run(["match", file, file, "--pairwise", "--index", "default"]).status == 64)
        let missing = try DruseProcess.run(["match", file, folder.path("none.cif")])
        #expect(missing.status == 1 && missing.messageLines.count == 1)
    }

    @Test func index_isMadeAddedToAndAsked() throws {
        let folder = try TemporaryFolder()
        let first = try folder.file("a.jsonl", Self.salt("salt") + "{\"id\":\"none\"}\n" + Self.salt("again"))
        let index = folder.path("known.index")
        let made = try DruseProcess.run(["index", first, "-o", index, "--json"])
        #expect(made.status == 0)
        let summary = try #require(try made.objects().first)
        #expect(summary["added"] as? Int == 2 && summary["refused"] as? Int == 1)
        #expect(made.messages.contains("refused 1") && made.messages.contains("none"))

        let query = try folder.file("q.jsonl", Self.primitive + Self.salt("sylvine", "K"))
        let before = try DruseProcess.run(["match", query, "--index", index, "--json"]).objects()
        #expect(before.map { $0["match"] as? Bool } == [true, false])
        #expect(before[0]["id_b"] as? String == "salt" && before[1]["id_b"] == nil)

        let second = try folder.file("b.jsonl", Self.salt("potassium", "K"))
        let added = try DruseProcess.run(["index", second, "--add-to", index])
        #expect(added.status == 0 && added.output.contains("it has 3 crystals"))
        let after = try DruseProcess.run(["match", query, "--index", index, "--json"]).objects()
        #expect(after.map { $0["id_b"] as? String } == ["salt", "potassium"])
    }

    @Test func index_ofNothingOrForeign_isRefused() throws {
        let folder = try TemporaryFolder()
        let bad = try folder.file("bad.jsonl", "{\"id\":\"none\"}\n")
        let outcome = try DruseProcess.run(["index", bad, "-o", folder.path("x.index")])
        #expect(outcome.status == 1 && outcome.messageLines.count == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.path("x.index")))
        #expect(try DruseProcess.run(["index", bad]).status == 64)
        #expect(try DruseProcess.run(["index", bad, "--add-to", "default"]).status == 64)

        let query = try folder.file("q.jsonl", Self.primitive)
        let same = try DruseProcess.run(["index", query, "-o", query])
        #expect(same.status == 1 && same.messages.contains("one of the inputs"), "\(same.messages)")
        #expect(try String(contentsOfFile: query, encoding: .utf8) == Self.primitive)
        let foreign = try DruseProcess.run(["match", query, "--index", query])
        #expect(foreign.status == 1 && foreign.messageLines.count == 1)
        #expect(foreign.messages.contains("is not an index of known crystals"))
        let embedded = try DruseProcess.run(["match", query, "--index", "default", "--json"]).objects()
        #expect(embedded.first?["match"] as? Bool == true)
    }
}
