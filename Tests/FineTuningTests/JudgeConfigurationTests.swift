import Configuration
import FineTuning
import Foundation
import Testing

@Suite struct JudgeConfigurationTests {
    private func parse(_ text: String, folder: URL? = nil) throws -> RunConfiguration {
        try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "run.yaml", folder: folder)
    }

    @Test func judges_areReadAndWrittenAgain() throws {
        let text = """
            judges:
              - {name: r2scan, potential: chgnet-r2scan}
              - potential: external mace-mp-0
                hull: mace.json.bz2
            """
        let configuration = try parse(text, folder: URL(filePath: "/data/"))
        #expect(configuration.judges.map(\.name) == ["r2scan", "judge"])
        #expect(configuration.judges.map(\.potential) == ["chgnet-r2scan", "external mace-mp-0"])
        #expect(configuration.judges.map(\.hull) == ["none", "/data/mace.json.bz2"])
        let written = ConfigurationText.yaml(configuration)
        #expect(try ConfigurationText.yaml(parse(written)) == written)
        #expect(try parse(written).judges == configuration.judges)
        #expect(try ConfigurationText.yaml(parse("{}")).contains("judges: []"))
    }

    @Test(arguments: [
        ("judges: chgnet", "judges"), ("judges: [chgnet]", "judges[0]"), ("judges: [{name: a}]", "judges[0].potential"),
        ("judges: [{name: A b, potential: chgnet}]", "judges[0].name"),
        ("judges: [{nome: a, potential: chgnet}]", "did you mean judges[0].name"),
        ("judges: [{potential: chgnet}, {potential: chgnet-0.2.0}]", "holds two of one name"),
        ("judges: [{potential: }]", "judges[0].potential"),
        ("judges: [{name: formation, potential: chgnet-r2scan}]", "with which formation_energy_per_atom begins"),
        ("judges: [{name: initial, potential: chgnet-r2scan}]", "give the judge another name"),
        ("judges: [{name: relaxed, potential: chgnet-r2scan}]", "give the judge another name"),
    ])
    func judges_thatMakeNoSense_areRefusedByName(text: String, words: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try parse(text) }
        #expect("\(error)".contains(words), "\(error)")
    }

    /// What models predict, and what an engine's numbers would be called in the archive.
    @Test(arguments: [
        ("{name: band, potential: chgnet-r2scan}", "band_gap begins"),
        ("{name: space, potential: external mine}", "space_group begins"),
    ])
    func judges_whoseQuantitiesWouldStandInThePlaceOfOthers_areRefused(judge: String, words: String) throws {
        let configuration = try parse("{properties: [band-gap], judges: [\(judge)]}")
        let error = #expect(throws: ConfigurationError.self) {
            try RunPlan(
                configuration: configuration,
                directory: FileManager.default.temporaryDirectory.appending(path: "\(UUID())"), resume: false,
                isInsecure: false)
        }
        #expect("\(try #require(error))".contains(words), "\(String(describing: error))")
    }

    @Test func judges_ofAPotentialThatIsNotThere_areNamedBeforeTheRunBegins() throws {
        let configuration = try parse("judges: [{name: far, potential: /no/such.safetensors}]")
        let error = #expect(throws: (any Error).self) {
            try RunPlan(
                configuration: configuration,
                directory: FileManager.default.temporaryDirectory.appending(path: "\(UUID())"),
                resume: false,
                isInsecure: false)
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("far") && text.contains("/no/such.safetensors"), "\(text)")
    }
}
