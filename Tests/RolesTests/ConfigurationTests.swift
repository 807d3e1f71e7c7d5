import Foundation
import Policy
import PolicyOptimization
import Rewards
import Roles
import Testing

/// Reading configuration files: what ships is valid, what is wrong is named.
@Suite struct ConfigurationTests {
    private static let configs = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Configs")

    @Test(arguments: ["quickstart", "paper-ehull"]) func shippedRunConfiguration_isValid(name: String) throws {
        let file = Self.configs.appending(path: "\(name).yaml")
        let configuration = try ConfigurationLoader.load(RunConfiguration.self, from: file)
        let text = try ConfigurationLoader.text(configuration)
        let again = try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "text")
        #expect(try ConfigurationLoader.text(again) == text)
    }

    @Test func paperConfiguration_isThePapers() throws {
        let configuration = try ConfigurationLoader.load(
            RunConfiguration.self, from: Self.configs.appending(path: "paper-ehull.yaml"))
        #expect(configuration.objective.ratio == .crystal)
        #expect(configuration.objective.advantage == .detached)
        #expect(configuration.reward.shape == .linear(clip: -10...10))
    }

    @Test func pretrainingConfiguration_isValidAndThatOfTheEmbeddedPolicy() throws {
        let file = Self.configs.appending(path: "pretrain.yaml")
        let configuration = try ConfigurationLoader.load(PretrainingConfiguration.self, from: file)
        #expect(try PolicyWeights.embedded().configuration == configuration.policy)
    }

    @Test func manyMistakes_areAllNamed() throws {
        let text = """
            versoins: 3
            batch_size: 0
            objective: {clip: 2, klweight: 1}
            reward: {shape: {kind: exponential, scale: -1}, limits: {minimum_distance: 99}}
            listen: nowhere
            """
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "run.yaml")
        }
        let text2 = "\(error)"
        for part in [
            "run.yaml", "versoins", "line 1", "objective.klweight", "batch_size", "objective.clip",
            "reward.shape.scale",
            "reward.limits.minimum_distance", "listen",
        ] {
            #expect(text2.contains(part), "\(part) is not in: \(text2)")
        }
    }

    @Test(arguments: ["versions: many", "objective: 3", "- a\n- b", "a: [1, 2", "reward: {shape: {kind: cubic}}"])
    func nonsense_isRefusedInOneLine(text: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "run.yaml")
        }
        #expect("\(error)".hasPrefix("run.yaml: "))
    }

    @Test func paths_areRelativeToTheFile() {
        var configuration = RunConfiguration()
        configuration.policy = "models/a.safetensors"
        let resolved = configuration.resolved(relativeTo: URL(filePath: "/somewhere/run.yaml"))
        #expect(resolved.policy == "/somewhere/models/a.safetensors")
        #expect(resolved.hull == "default" && resolved.potential == "chgnet")
    }
}
