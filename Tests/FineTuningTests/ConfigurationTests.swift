import Configuration
import FineTuning
import Foundation
import Policy
import PolicyOptimization
import Pretraining
import Rewards
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
        #expect(configuration.objective.settings.objective.ratioLimit == nil)
        #expect(configuration.reward.shape == .linear(clip: -10...10))
    }

    @Test(arguments: [("{}", 10.0), ("{ratio_limit: 20}", 20), ("{ratio_limit: 0}", nil)])
    func ratioLimit_isTenUnlessToldOtherwise(text: String, expected: Double?) throws {
        let objective = try ConfigurationLoader.parse(ObjectiveConfiguration.self, text: text, source: "text")
        #expect(objective.settings.objective.ratioLimit == expected)
    }

    /// Null might stand for no limit as well as for the default: neither is guessed.
    @Test(arguments: ["-1", "1.1", ".nan", ".inf", "null", "~", ""])
    func ratioLimit_insideTheClipRangeOrNull_isRefused(value: String) {
        #expect(throws: ConfigurationError.self) {
            try ConfigurationLoader.parse(
                ObjectiveConfiguration.self, text: "ratio_limit: \(value)", source: "text")
        }
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

    /// A file that was cut short is not taken for one that asks for the defaults.
    @Test(arguments: ["", "\n\n", "# nothing\n", "\u{feff}  # nothing"])
    func blankFile_isRefused(text: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "blank-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.load(RunConfiguration.self, from: file)
        }
        #expect("\(error)".contains("holds no key"))
        try Data("{}".utf8).write(to: file)
        _ = try ConfigurationLoader.load(RunConfiguration.self, from: file)
        let folder = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.load(RunConfiguration.self, from: file.deletingLastPathComponent())
        }
        #expect("\(folder)".contains("Is a directory"))
    }

    @Test func paths_areRelativeToTheFile() {
        var configuration = RunConfiguration()
        configuration.policy = "models/a.safetensors"
        let resolved = configuration.resolved(relativeTo: URL(filePath: "/somewhere/run.yaml"))
        #expect(resolved.policy == "/somewhere/models/a.safetensors")
        #expect(resolved.hull == "default" && resolved.potential == "chgnet")
    }

    private func refusal(_ text: String) -> String {
        do {
            _ = try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "run.yaml")
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("seed: 0032", "seed", "32"), ("versions: -007", "versions", "-7"), ("batch_size: 0o17", "batch_size", "15"),
        ("unit_size: 0x10", "unit_size", "16"), ("batch_size: 1_000", "batch_size", "1000"),
        ("stable_below: 1:30", "stable_below", "sixties"), ("seed: 0b11", "seed", "3"),
        ("stable_below: 00.1", "stable_below", "0.1"), ("objective: {clip: 00.2}", "objective.clip", "0.2"),
        ("seed: +010", "seed", "10"), ("threads: \"004\"", "threads", "4"),
        ("space_groups: [225, 0062]", "space_groups[1]", "62"),
        ("reward: {shape: {kind: exponential, scale: 0_1}}", "reward.shape.scale", "underscores"),
    ])
    func numbers_thatReadInSeveralWays_areRefused(text: String, key: String, advice: String) {
        let message = refusal(text)
        #expect(message.contains(key) && message.contains(advice), "\(message)")
    }

    @Test(arguments: [
        "seed:", "seed: ~", "seed: null", "policy: Null", "objective: {clip: }", "reward:", "space_groups: [1, ~]",
    ])
    func keys_withoutValue_areRefused(text: String) throws {
        let message = refusal(text)
        let key = try #require(text.split(separator: ":").first)
        #expect(message.contains(key) && message.contains("has no value"), "\(message)")
    }

    /// What looks odd where a text is expected stays a text; plain numbers stay numbers.
    @Test func ordinaryValues_areAccepted() throws {
        let text = "policy: '0032'\nseed: 0\nstable_below: 0.05\nversions: 10\nthreads: 2\n"
        let configuration = try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "run.yaml")
        #expect(configuration.policy == "0032" && configuration.seed == 0 && configuration.stableBelow == 0.05)
        _ = try ConfigurationLoader.parse(RunConfiguration.self, text: "", source: "run.yaml")
        _ = try ConfigurationLoader.parse(RunConfiguration.self, text: "# nothing\n", source: "run.yaml")
    }

    @Test func wrongTypes_doNotHideWrongRanges() {
        let message = refusal(
            "versions: many\nbatch_size: 0\nobjective: {clip: x, epochs: 0}\nseed: 007\nlisten: nowhere")
        for part in ["versions", "batch_size", "objective.clip", "seed", "listen"] {
            #expect(message.contains(part), "\(part) is not in: \(message)")
        }
        #expect(message.components(separatedBy: "seed").count == 2, "\(message)")
    }
}
