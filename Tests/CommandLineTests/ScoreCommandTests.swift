import Foundation
import Policy
import PolicyFixtures
import ProgramFixtures
import Testing

@Suite struct ScoreCommandTests {
    private struct Reference: Decodable {
        struct Values: Decodable {
            let w, xyz, a, l: [Double]

            private enum CodingKeys: String, CodingKey {
                case w = "logp_w"
                case xyz = "logp_xyz"
                case a = "logp_a"
                case l = "logp_l"
            }
        }

        let crystals: Values
        let synthetic: Values
    }

    private struct Answer: Decodable {
        struct Values: Decodable {
            let w, a, xyz, l, total: Double
        }

        let id: String
        let logp: Values
    }

    @Test(arguments: ["tiny", "small"])
    func score_ofTheReferencesCrystals_agrees(model: String) throws {
        let reference: Reference = try Fixture.json("\(model)/logp.json")
        for (crystals, expected) in [
            (try Fixture.inputCrystals(), reference.crystals), (try Fixture.syntheticCrystals(), reference.synthetic),
        ] {
            let outcome = try DruseProcess.run(
                ["score"] + CommandFixtures.policy(model) + ["-", "--json", "--threads", "2"],
                input: CommandFixtures.lines(crystals))
            #expect(outcome.status == 0)
            let answers = try outcome.output.split(separator: "\n").map {
                try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
            }
            #expect(answers.map(\.id) == crystals.indices.map { "\($0)" })
            try #require(answers.count == expected.w.count)
            for (index, answer) in answers.enumerated() {
                let pairs = [
                    (answer.logp.w, expected.w[index]), (answer.logp.a, expected.a[index]),
                    (answer.logp.xyz, expected.xyz[index]), (answer.logp.l, expected.l[index]),
                ]
                for (ours, theirs) in pairs {
                    #expect((ours - theirs).magnitude < 1e-3 + 1e-5 * theirs.magnitude, "crystal \(index) of \(model)")
                }
                #expect((answer.logp.total - pairs.map(\.0).reduce(0, +)).magnitude < 1e-9)
            }
        }
    }

    @Test func score_onThreads_givesTheSameBytes() throws {
        let lines = CommandFixtures.lines(try Fixture.syntheticCrystals())
        let arguments = ["score"] + CommandFixtures.policy("tiny") + ["-", "--json", "--threads"]
        let one = try DruseProcess.run(arguments + ["1"], input: lines)
        let three = try DruseProcess.run(arguments + ["3"], input: lines)
        #expect(one.status == 0)
        let isSame = one.output == three.output
        #expect(isSame)
    }

    @Test func score_ofAStructure_findsItsSites() throws {
        let folder = try TemporaryFolder()
        let cell = try folder.file(
            "salt.extxyz",
            """
            2
            Lattice="0 2.82 2.82 2.82 0 2.82 2.82 2.82 0" Properties=species:S:1:pos:R:3 id=salt
            Na 0 0 0
            Cl 2.82 0 0

            """)
        let arguments = ["score"] + CommandFixtures.policy("tiny") + ["--json"]
        let structure = try #require(DruseProcess.run(arguments + [cell]).objects().first)
        let sites = try #require(
            DruseProcess.run(arguments + ["-"], input: CommandFixtures.rockSalt).objects().first)
        #expect(structure["id"] as? String == "salt")
        #expect(structure["space_group"] as? Int == 225)
        let total = try #require((structure["logp"] as? [String: Any])?["total"] as? Double)
        let expected = try #require((sites["logp"] as? [String: Any])?["total"] as? Double)
        #expect((total - expected).magnitude < 1e-3)
    }

    @Test func score_ofTooManySites_failsThatInputAlone() throws {
        let folder = try TemporaryFolder()
        try CommandFixtures.writePolicy(to: folder.url.appending(path: "policy.safetensors"), maximumSites: 1)
        let one = """
            {"id":"one","space_group":225,"lattice":[4,4,4,90,90,90],\
            "sites":[{"wyckoff":"a","element":"Cu","position":[0,0,0]}]}

            """
        let outcome = try DruseProcess.run(
            ["score", "--policy", folder.path("policy.safetensors"), "-", "--json"],
            input: CommandFixtures.rockSalt + one)
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        #expect((answers.first?["error"] as? String)?.contains("at most 1") == true)
        #expect(answers.last?["logp"] != nil)
        #expect(outcome.messageLines.count == 1)
    }

    @Test func score_withABadPolicy_saysWhy() throws {
        let folder = try TemporaryFolder()
        let damaged = try folder.file("damaged.safetensors", "this is not a policy")
        let plain = CommandFixtures.path("policy/tiny/params.safetensors")
        for (path, words) in [
            (folder.path("missing.safetensors"), "no such file"), (damaged, "not a safetensors file"),
            (plain, "no configuration"), (folder.url.path, "folder"),
        ] {
            let outcome = try DruseProcess.run(["score", "--policy", path, "-"], input: CommandFixtures.rockSalt)
            #expect(outcome.status == 1)
            #expect(outcome.output.isEmpty)
            #expect(outcome.messageLines.count == 1)
            #expect(outcome.messages.contains(words) && outcome.messages.contains(path))
        }
    }

    @Test(.enabled(if: (try? PolicyWeights.embedded()) != nil))
    func score_withoutPolicy_usesTheEmbeddedOne() throws {
        let outcome = try DruseProcess.run(["score", "-", "--json"], input: CommandFixtures.rockSalt)
        #expect(outcome.status == 0)
        #expect(try outcome.objects().first?["logp"] != nil)
    }
}
