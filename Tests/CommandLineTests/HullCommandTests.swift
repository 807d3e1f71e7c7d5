import Foundation
import ProgramFixtures
import Testing

@Suite struct HullCommandTests {
    private static let reference = CommandFixtures.path("physics/hull/reference.json.bz2")

    @Test func hull_ofTheReferencesQueries_agrees() throws {
        let queries = try #require(
            CommandFixtures.json("physics/hull/reference_queries.json") as? [[String: Any]])
        let lines = try queries.map { query in
            let object = ["composition": query["composition"], "energy": query["energy"]]
            return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        }
        let outcome = try DruseProcess.run(
            ["hull", "--entries", Self.reference, "-", "--json", "--threads", "2"],
            input: lines.joined(separator: "\n"))
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        try #require(answers.count == queries.count)
        for (answer, query) in zip(answers, queries) {
            guard let expected = query["e_above_hull"] as? Double else {
                #expect(answer["error"] != nil)
                continue
            }
            #expect((try #require(answer["e_above_hull"] as? Double) - expected).magnitude < 1e-6)
            guard query["decomposition_unique"] as? Bool == true else { continue }
            let ours = try #require(answer["decomposition"] as? [String: Double])
            let theirs = try #require(query["decomposition"] as? [String: Double])
            #expect(Set(ours.keys) == Set(theirs.keys))
            for (formula, share) in theirs { #expect((ours[formula, default: 0] - share).magnitude < 1e-6) }
        }
    }

    @Test func hull_ofCompositions_takesIdsListsAndCorrections() throws {
        let folder = try TemporaryFolder()
        let list = try folder.file(
            "list.json",
            """
            [{"id": "a", "composition": {"Na": 4, "Cl": 4}, "energy": -27.2},
             {"entry_id": 7, "composition": {"Na": 1, "Cl": 1}, "energy": -6.0, "correction": -0.8}]
            """)
        let outcome = try DruseProcess.run(["hull", list, "--json"])
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        #expect(answers.map { $0["id"] as? String } == ["a", "7"])
        #expect(answers.map { $0["formula"] as? String } == ["NaCl", "NaCl"])
        let distances = answers.compactMap { $0["e_above_hull"] as? Double }
        try #require(distances.count == 2)
        #expect((distances[0] - distances[1]).magnitude < 1e-9)
    }

    @Test func hull_withoutItself_givesTheReactionEnergy() throws {
        let outcome = try DruseProcess.run(
            ["hull", "-", "--json", "--without-itself"],
            input: "{\"id\":\"salt\",\"composition\":{\"Na\":1,\"Cl\":1},\"energy\":-6.8}")
        let answer = try #require(try outcome.objects().first)
        let reaction = try #require(answer["reaction"] as? [String: Double])
        #expect(reaction["NaCl"] == nil && (reaction.values.reduce(0, +) - 1).magnitude < 1e-9)
        let (energy, height) = (answer["reaction_energy"] as? Double, answer["e_above_hull"] as? Double)
        #expect(try #require(energy) < 0 && #require(height) > 0)
        let plain = try DruseProcess.run(["hull", "-"], input: "{\"composition\":{\"Na\":1,\"Cl\":1},\"energy\":-6.8}")
        #expect(!plain.output.contains("reaction"))
        // An element has no other compositions.
        let element = try DruseProcess.run(
            ["hull", "-", "--json", "--without-itself"], input: "{\"composition\":{\"Na\":2},\"energy\":-2.4}")
        let alone = try #require(try element.objects().first)
        #expect(alone["reaction_energy"] is NSNull && alone["reaction"] is NSNull && alone["e_above_hull"] is Double)
    }

    /// The compact form of a dump answers as the dump.
    @Test func hullIndex_ofADump_givesTheSameAnswersAndCounts() throws {
        let folder = try TemporaryFolder()
        let compact = folder.path("my.hull")
        let made = try DruseProcess.run(["hull-index", Self.reference, "-o", compact, "--json"])
        #expect(made.status == 0, "\(made.messages)")
        let counts = try #require(try made.objects().first)
        #expect(counts["entries"] as? Int == 1312 && counts["energy_convention"] as? String == "mp2020-corrected")
        #expect((counts["refused"] as? [String: Int])?.isEmpty == true)
        let known = try #require(CommandFixtures.json("physics/hull/reference_queries.json") as? [[String: Any]])
        let queries = try known.filter { $0["e_above_hull"] is Double }.prefix(5).map { query in
            let object = ["composition": query["composition"], "energy": query["energy"]]
            return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        }.joined(separator: "\n")
        let answers = try [compact, Self.reference].map { hull in
            try DruseProcess.run(["hull", "-", "--json", "--hull", hull, "--without-itself"], input: queries).output
        }
        #expect(answers[0] == answers[1] && answers[0].contains("e_above_hull"))
        let again = try DruseProcess.run(["hull-index", Self.reference, "-o", compact])
        #expect(again.status == 1 && again.messages.contains("add to it with --add-to"))
        let added = try DruseProcess.run(["hull-index", Self.reference, "--add-to", compact, "--json"])
        #expect(try added.objects().first?["compounds"] as? Int == counts["compounds"] as? Int)
    }

    @Test func hull_ofStructures_usesThePotential() throws {
        let folder = try TemporaryFolder()
        let salt = try folder.file("salt.jsonl", CommandFixtures.rockSalt)
        let hull = try #require(DruseProcess.run(["hull", salt, "--json"]).objects().first)
        let energy = try #require(DruseProcess.run(["energy", salt, "--hull", "default", "--json"]).objects().first)
        #expect(hull["e_above_hull"] as? Double == energy["e_above_hull"] as? Double)
        #expect(hull["decomposition"] as? [String: Double] == ["NaCl": 1])
        #expect(hull["id"] as? String == "salt")
    }

    @Test func hull_ofBadLines_answersEachInItsPlace() throws {
        let lines = """
            {"composition":{"Na":1,"Cl":NaN},"energy":-6.8}
            {"energy":1}
            [1]
            {"composition":{"Xx":1},"energy":1}
            {"composition":{"Na":1},"energy":"x"}
            {"composition":{},"energy":1}
            {"composition":{"Na":-1},"energy":1}
            {"id":"good","composition":{"Na":1},"energy":-1.2}
            """
        let outcome = try DruseProcess.run(["hull", "-", "--json"], input: lines)
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        #expect(answers.count == 8)
        #expect(answers.dropLast().allSatisfy { $0["error"] is String })
        #expect(answers.last?["id"] as? String == "good")
        #expect(answers.last?["e_above_hull"] is Double)
    }

    /// Energies whose meaning their name leaves open are not passed over for the potential's.
    @Test(arguments: ["total_energy", "final_energy", "uncorrected_energy"])
    func hull_ofAnUnclearEnergy_refusesItByName(key: String) throws {
        let structure = #""lattice":[[3,0,0],[0,3,0],[0,0,3]],"species":["Na"],"frac_coords":[[0,0,0]]"#
        let lines = """
            {\(structure),"\(key)":-1.2}
            {\(structure),"\(key)":-1.2,"energy":-1.25}
            {"composition":{"Na":1},"\(key)":-1.2}
            """
        let answers = try DruseProcess.run(["hull", "-", "--json"], input: lines).objects()
        #expect(answers.count == 3)
        #expect((answers.first?["error"] as? String)?.contains("\"\(key)\" alone") == true)
        #expect(answers[1]["e_above_hull"] is Double)
        #expect((answers.last?["error"] as? String)?.contains("\"\(key)\" alone") == true)
    }

    @Test func hull_ofNothing_fails() throws {
        for input in ["", "\n \n"] {
            let outcome = try DruseProcess.run(["hull", "-", "--json"], input: input)
            #expect(outcome.status == 1)
            #expect(outcome.messageLines.count == 1)
        }
        let outcome = try DruseProcess.run(["hull", "-", "--json", "--input-format", "json"], input: "{\"a\":")
        #expect(outcome.status == 1)
        #expect(outcome.messages.contains("not valid JSON"))
    }
}
