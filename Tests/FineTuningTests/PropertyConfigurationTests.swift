import Configuration
import FineTuning
import Foundation
import ModelFixtures
import Testing

@Suite struct PropertyConfigurationTests {
    private func parse(_ text: String, folder: URL? = nil) throws -> RunConfiguration {
        try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "run.yaml", folder: folder)
    }

    @Test func properties_areFilesBesideTheConfigurationAndAreWrittenAgain() throws {
        let text = "properties: [\"gap.safetensors:band_gap_hse\", /models/eform]"
        let configuration = try parse(text, folder: URL(filePath: "/data/"))
        #expect(configuration.properties == ["/data/gap.safetensors:band_gap_hse", "/models/eform"])
        let written = ConfigurationText.yaml(configuration)
        #expect(try parse(written).properties == configuration.properties)
        #expect(try ConfigurationText.yaml(parse("{}")).contains("properties: []"))
    }

    @Test(arguments: [
        ("properties: gap", "properties"), ("properties: [a, a]", "names one of them twice"),
        ("properties: [\((0..<17).map { "m\($0)" }.joined(separator: ", "))]", "holds 17; it may hold 16"),
    ])
    func properties_thatMakeNoSense_areRefusedByName(text: String, words: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try parse(text) }
        #expect("\(error)".contains(words), "\(error)")
    }

    @Test func properties_calledAsAColumnOfTheArchive_areRefusedBeforeTheRunBegins() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var tiny = TinyMEGNet()
        tiny.property = "novel"
        let model = try tiny.write(to: folder.appending(path: "gap.safetensors")).path
        let configuration = try parse("properties: [\(model)]")
        let error = try #require(throws: ConfigurationError.self) {
            try RunPlan(
                configuration: configuration, directory: folder.appending(path: "run"), resume: false, isInsecure: false
            )
        }
        #expect("\(error)".contains("predicts \"novel\", which every run's archive has as a name of its own"))
    }

    @Test func properties_ofAModelThatIsNotThere_areNamedBeforeTheRunBegins() throws {
        let configuration = try parse("properties: [/no/such.safetensors]")
        let error = #expect(throws: (any Error).self) {
            try RunPlan(
                configuration: configuration,
                directory: FileManager.default.temporaryDirectory.appending(path: "\(UUID())"), resume: false,
                isInsecure: false)
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("properties") && text.contains("/no/such.safetensors"), "\(text)")
    }
}
