import Foundation
import ModelFixtures
import ProgramFixtures
import Testing

@Suite struct PropertyCommandTests {
    private let folder: TemporaryFolder
    private let model: String

    init() throws {
        folder = try TemporaryFolder()
        model = try TinyMEGNet().write(to: folder.url.appending(path: "gap.safetensors")).path
    }

    @Test func property_ofAStructure_givesTheContractsObject() throws {
        let outcome = try DruseProcess.run(
            ["property", "-", "--head", model, "--json"], input: CommandFixtures.rockSalt)
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.output.hasPrefix(#"{"id":"salt","property":"band_gap","unit":"eV","value":"#))
        let answer = try #require(try outcome.objects().first)
        #expect(Set(answer.keys) == ["id", "property", "unit", "value", "sigma", "in_domain"])
        #expect(answer["value"] is Double && answer["sigma"] is NSNull && answer["in_domain"] is NSNull)
    }

    @Test func property_ofSeveralQuantities_hasTheFirstAsValueAndAllByName() throws {
        let outcome = try DruseProcess.run(
            ["property", "-", "--head", model + ":band_gap,band_gap_hse", "--json"], input: CommandFixtures.rockSalt)
        let answer = try #require(try outcome.objects().first)
        let values = try #require(answer["values"] as? [String: [String: Any]])
        #expect(Set(values.keys) == ["band_gap", "band_gap_hse"])
        #expect(values["band_gap"]?["value"] as? Double == answer["value"] as? Double)
        #expect(values["band_gap_hse"]?["value"] as? Double != answer["value"] as? Double)
    }

    @Test func property_ofWhatTheModelDoesNotKnow_isAnErrorInItsPlace() throws {
        let xenon = CommandFixtures.rockSalt.replacingOccurrences(of: "Na", with: "Xe")
            .replacingOccurrences(of: "\"salt\"", with: "\"xenon\"")
        let lines = [xenon, CommandFixtures.rockSalt].joined(separator: "\n")
        let some = try DruseProcess.run(["property", "-", "--head", model, "--json"], input: lines)
        #expect(some.status == 0)
        let answers = try some.objects()
        #expect(answers.map { $0["id"] as? String } == ["xenon", "salt"])
        #expect((answers[0]["error"] as? String)?.contains("is Xe, which tiny-megnet does not know") == true)
        let none = try DruseProcess.run(["property", "-", "--head", model, "--json"], input: xenon)
        #expect(none.status == 1 && none.messageLines.count == 1)
    }

    @Test func property_asATable_namesQuantityAndUnit() throws {
        let outcome = try DruseProcess.run(["property", "-", "--head", model], input: CommandFixtures.rockSalt)
        #expect(outcome.output.contains("band_gap eV") && outcome.output.contains("NaCl"))
    }

    @Test func property_onThreads_givesTheSameBytes() throws {
        let structures = CommandFixtures.path("physics/structures/structures.json")
        let outputs = try ["1", "3"].map { threads in
            try DruseProcess.run(["property", structures, "--head", model, "--json", "--threads", threads]).output
        }
        let isSame = outputs[0] == outputs[1]
        #expect(isSame && !outputs[0].isEmpty)
    }

    @Test func property_ofTwoModels_isRefused() throws {
        let outcome = try DruseProcess.run(
            ["property", "-", "--head", model, "--head", "band-gap"], input: CommandFixtures.rockSalt)
        #expect(outcome.status == 64 && outcome.messages.contains("ask one model at a time"), "\(outcome.messages)")
    }

    @Test func property_withoutAModel_saysWhatToName() throws {
        let missing = try DruseProcess.run(
            ["property", "-", "--head", "/no/gap.safetensors"], input: CommandFixtures.rockSalt)
        #expect(missing.status == 1 && missing.messages.contains("no file /no/gap.safetensors"))
        #expect(try DruseProcess.run(["property", "-"], input: CommandFixtures.rockSalt).status == 64)
    }
}
