import Foundation
import ProgramFixtures
import Testing

@Suite struct EnergyCommandTests {
    private static let structures = CommandFixtures.path("physics/structures/structures.json")

    @Test func energy_ofTheReferencesStructures_agrees() throws {
        let predictions = try #require(
            CommandFixtures.json("physics/chgnet/predictions-0.3.0.json") as? [[String: Any]])
        let outcome = try DruseProcess.run(["energy", Self.structures, "--json", "--threads", "2"])
        #expect(outcome.status == 0)
        let answers = try outcome.objects()
        let given = try #require(CommandFixtures.json("physics/structures/structures.json") as? [[String: Any]])
        #expect(answers.map { $0["id"] as? String } == given.map { $0["id"] as? String })
        var expected: [String: Double] = [:]
        for prediction in predictions where prediction["status"] as? String == "ok" {
            let values = prediction["f64"] as? [String: Any]
            if let id = prediction["id"] as? String { expected[id] = values?["energy_per_atom"] as? Double }
        }
        for answer in answers {
            let id = try #require(answer["id"] as? String)
            if let energy = expected[id] {
                let ours = try #require(answer["energy_per_atom"] as? Double)
                #expect((ours - energy).magnitude < 2e-5 * max(1, energy.magnitude), "\(id)")
                #expect(answer["formula"] is String && answer["atoms"] is Int)
            } else {
                #expect(Set(answer.keys) == ["id", "error"])
            }
        }
        #expect(outcome.messageLines.count == 1)
    }

    @Test func energy_onThreads_givesTheSameBytes() throws {
        let one = try DruseProcess.run(["energy", Self.structures, "--json", "--threads", "1"])
        let three = try DruseProcess.run(["energy", Self.structures, "--json", "--threads", "3"])
        let isSame = one.output == three.output
        #expect(isSame)
    }

    @Test func energy_withTheDefaultHull_addsTheDistance() throws {
        let outcome = try DruseProcess.run(
            ["energy", "-", "--hull", "default", "--json"], input: CommandFixtures.rockSalt)
        #expect(outcome.status == 0)
        let answer = try #require(try outcome.objects().first)
        #expect(outcome.output.hasPrefix(#"{"id":"salt","formula":"NaCl","atoms":8,"energy_per_atom":"#))
        #expect(try #require(answer["e_above_hull"] as? Double).magnitude < 0.05)
    }

    @Test func energy_withoutReference_tellsTheEnergyAndTheReason() throws {
        let xenon = CommandFixtures.rockSalt.replacingOccurrences(of: "Cl", with: "Xe")
        let outcome = try DruseProcess.run(["energy", "-", "--hull", "default", "--json"], input: xenon)
        #expect(outcome.status == 1)
        let answer = try #require(try outcome.objects().first)
        #expect(answer["energy_per_atom"] is Double)
        #expect((answer["error"] as? String)?.contains("Xe") == true)
    }

    @Test(arguments: ["--forces", "--relax"])
    func energy_ofLaterWork_isRefused(flag: String) throws {
        let outcome = try DruseProcess.run(["energy", Self.structures, flag])
        #expect(outcome.status == 64)
        #expect(outcome.messages.hasPrefix("Error: \(flag) is not available in this version"))
    }

    @Test func energy_withABadModel_saysWhy() throws {
        let folder = try TemporaryFolder()
        let damaged = try folder.file("damaged.safetensors", "this is no model")
        for arguments in [
            ["--potential", "mace"], ["--potential", damaged], ["--hull", folder.path("missing.json")],
            ["--hull", damaged],
        ] {
            let outcome = try DruseProcess.run(["energy", "-"] + arguments, input: CommandFixtures.rockSalt)
            #expect(outcome.status == 1)
            #expect(outcome.output.isEmpty)
            #expect(outcome.messageLines.count == 1)
            #expect(outcome.messages.contains(arguments[1]))
        }
    }
}
