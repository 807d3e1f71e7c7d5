import Configuration
import Engines
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

    @Test(arguments: ["quickstart", "paper-ehull", "alex20-ehull", "dielectric-fom", "dielectric-pareto"])
    func shippedRunConfiguration_isValid(name: String) throws {
        let file = Self.configs.appending(path: "\(name).yaml")
        let configuration = try ConfigurationLoader.load(RunConfiguration.self, from: file)
        let text = ConfigurationText.yaml(configuration)
        let again = try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "text")
        #expect(ConfigurationText.yaml(again) == text)
    }

    @Test func paperConfiguration_isThePapers() throws {
        let configuration = try ConfigurationLoader.load(
            RunConfiguration.self, from: Self.configs.appending(path: "paper-ehull.yaml"))
        #expect(configuration.objective.ratio == .crystal)
        #expect(configuration.objective.advantage == .detached)
        #expect(configuration.objective.settings.objective.ratioLimit == nil)
        #expect(configuration.reward.shape == .linear(clip: -10...10))
    }

    /// The same experiment, from another policy and above another hull.
    @Test func alexandriaConfiguration_isThePapersButForItsFiles() throws {
        let paper = try ConfigurationLoader.load(
            RunConfiguration.self, from: Self.configs.appending(path: "paper-ehull.yaml"))
        var alexandria = try ConfigurationLoader.load(
            RunConfiguration.self, from: Self.configs.appending(path: "alex20-ehull.yaml"))
        #expect(alexandria.spaceGroupsFrom?.hasSuffix("Configs/downloads/alex20.csv") == true)
        (alexandria.policy, alexandria.hull) = (paper.policy, paper.hull)
        (alexandria.spaceGroupsFrom, alexandria.runDirectory) = (nil, paper.runDirectory)
        #expect(ConfigurationText.yaml(alexandria) == ConfigurationText.yaml(paper))
    }

    @Test func spaceGroups_namedTwice_areRefused() {
        let text = refusal("space_groups: [225]\nspace_groups_from: data.csv\n")
        #expect(text.contains("space_groups_from (line 2) has no meaning beside space_groups"), "\(text)")
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
        #expect("\(folder)".contains("it is a folder"))
    }

    @Test func paths_areRelativeToTheFile_thoseOfTheCommandLineToTheCurrentFolder() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "run.yaml")
        try "policy: models/a.safetensors\nrun_dir: runs/x\n".write(to: file, atomically: true, encoding: .utf8)
        let here = FileManager.default.currentDirectoryPath
        let configuration = try ConfigurationLoader.load(
            RunConfiguration.self, from: file, overrides: ConfigurationOverride.list(["reference=b.safetensors"]))
        #expect(configuration.policy == folder.path + "/models/a.safetensors")
        #expect(configuration.reference == here + "/b.safetensors")
        #expect(configuration.runDirectory == here + "/runs/x")
        #expect(configuration.hull == "default" && configuration.potential == "chgnet")
    }

    /// The names of potentials that come with the program are no files.
    @Test(arguments: PotentialSource.names)
    func potential_thatComesWithTheProgram_staysAName(name: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "run.yaml")
        try "potential: \(name)\n".write(to: file, atomically: true, encoding: .utf8)
        #expect(try ConfigurationLoader.load(RunConfiguration.self, from: file).potential == name)
        try "potential: \(name).safetensors\n".write(to: file, atomically: true, encoding: .utf8)
        let configuration = try ConfigurationLoader.load(RunConfiguration.self, from: file)
        #expect(configuration.potential == folder.path + "/\(name).safetensors")
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

    /// What stands in a run directory of an earlier build, in the form in which it was written then.
    @Test func configurationOfAnEarlierBuild_readsTheSame() throws {
        let text = """
            batch_size: 512
            hull: default
            keep_checkpoints: 3
            listen: tcp://127.0.0.1:35671
            liveness_seconds: 1e+1
            objective:
              advantage: detached
              baseline_memory: 9.5e-1
              clip: 2e-1
              clip_norm: 1e+0
              epochs: 5
              kl_weight: 2.5e-2
              learning_rate: 3e-4
              learning_rate_decay: 0e+0
              minibatch: 0
              ratio: component
              ratio_limit: 1e+1
              warmup_steps: 30
            policy: base
            potential: chgnet
            reward:
              limits:
                maximum_angle: 1.6e+2
                maximum_atoms: 200
                maximum_length: 1e+2
                maximum_volume_per_atom: 1e+3
                minimum_angle: 2e+1
                minimum_distance: 5e-1
                minimum_length: 1.5e+0
                minimum_volume_per_atom: 2e+0
              shape:
                kind: exponential
                maximum: 2e+0
                scale: 1.5e-1
            run_dir: runs/quickstart
            seed: 1
            space_groups: []
            stable_below: 1e-1
            task_lease_seconds: 1.2e+2
            task_size: 8
            threads: 2
            unit_lease_seconds: 3e+2
            unit_size: 32
            versions: 24

            """
        let stored = try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "config.yaml")
        let file = Self.configs.appending(path: "quickstart.yaml")
        let shipped = try ConfigurationLoader.load(RunConfiguration.self, from: file)
        #expect(shipped.obstacles(toResuming: stored) == [])
        #expect(ConfigurationDifference.between(given: shipped, stored: stored).map(\.key) == ["run_dir", "listen"])
    }

    @Test func resume_tellsBothValues_andTheKeysThatMayChange() {
        var given = RunConfiguration()
        given.seed = 2
        given.objective.klWeight = 0.01
        given.reward.shape = .linear(clip: -10...10)
        given.hull = "/h.json"
        given.versions = 80
        given.runDirectory = "elsewhere"
        let obstacles = given.obstacles(toResuming: RunConfiguration())
        #expect(
            obstacles == [
                "seed is 2, the run has 1", "objective.kl_weight is 0.01, the run has 0.005",
                "reward.shape.kind is linear, the run has exponential",
                "reward.shape.scale is not set, the run has 0.15", "reward.shape.maximum is not set, the run has 2",
                "reward.shape.clip is [-10.0, 10.0], the run has not set", "hull is /h.json, the run has default",
            ])
        #expect(
            RunConfiguration.resumeAdvice.hasSuffix(
                "versions, task_size, listen, threads, keep_checkpoints, keep_best, unit_lease_seconds, "
                    + "task_lease_seconds, liveness_seconds, audit_share, audit_tolerance"
            ))
        let error = ConfigurationError(source: "--config", problems: ["seed is 2, the run has 1"], advice: ["Resume"])
        #expect("\(error)" == "--config: seed is 2, the run has 1. Resume")
        let taken = RunConfiguration().takingChangeableKeys(from: given)
        #expect(taken.versions == 80 && taken.seed == 1 && taken.objective.klWeight == 0.005)
    }

    /// A property without a key would silently be no part of a configuration.
    @Test func everyProperty_hasAKey() {
        func leaves(_ value: Any) -> Int {
            guard value is any ConfigurationSection, !(value is RewardShape) else { return 1 }
            return Mirror(reflecting: value).children.reduce(0) { $0 + leaves($1.value) }
        }
        // The shape is one value with four keys.
        #expect(RunConfiguration().entries().count == leaves(RunConfiguration()) + 3)
        #expect(PretrainingConfiguration().entries().count == leaves(PretrainingConfiguration()))
        for entry in RunConfiguration().entries() + PretrainingConfiguration().entries() {
            #expect(!entry.help.isEmpty && !entry.help.contains("\n"), "\(entry.path)")
        }
    }

    /// A default is a value that the key takes.
    @Test func defaults_areAccepted() throws {
        #expect(RunConfiguration().problems() == [])
        let text = ConfigurationText.yaml(RunConfiguration())
        let again = try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: "text")
        #expect(ConfigurationText.yaml(again) == text)
    }

    @Test(arguments: [
        ("objective.kl_weight=0.1", 0.1), ("objective.kl_weight=0", 0.0), ("objective.kl_weight=1e-3", 0.001),
    ])
    func set_standsForTheValueOfTheFile(setting: String, expected: Double) throws {
        let text = "objective: {kl_weight: 0.5, clip: 0.3}\n"
        let configuration = try ConfigurationLoader.parse(
            RunConfiguration.self, text: text, source: "run.yaml", overrides: ConfigurationOverride.list([setting]))
        #expect(configuration.objective.klWeight == expected && configuration.objective.clip == 0.3)
    }

    @Test func set_ofTables_replacesThem() throws {
        let text = "reward: {shape: {kind: exponential, scale: 0.2}}\nspace_groups: [1]\n"
        let configuration = try ConfigurationLoader.parse(
            RunConfiguration.self, text: text, source: "run.yaml",
            overrides: ConfigurationOverride.list([
                "reward.shape={kind: linear, clip: [-5, 5]}", "space_groups=[225, 227]",
            ]))
        #expect(configuration.reward.shape == .linear(clip: -5...5) && configuration.spaceGroups == [225, 227])
    }

    @Test(arguments: [
        ("objective.kl_weight=-1", "objective.kl_weight (--set) is -1; it must be at least 0"),
        ("objective.klweight=1", "key objective.klweight (--set) is unknown: did you mean objective.kl_weight?"),
        ("kl_weight=1", "key kl_weight (--set) is unknown: did you mean objective.kl_weight?"),
        ("seed=", "seed (--set) has no value"), ("seed=007", "seed (--set) is 007, which could be octal"),
        ("reward.shape.clip=[1, 2]", "does not belong here: it has a meaning where reward.shape.kind is linear"),
        ("objective=3", "objective (--set) must be a table"), ("space_groups=[1", "is not a list or table in YAML"),
    ])
    func set_ofNonsense_isRefusedLikeTheFiles(setting: String, words: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.parse(
                RunConfiguration.self, text: "reward: {shape: {kind: exponential}}", source: "run.yaml",
                overrides: ConfigurationOverride.list([setting]))
        }
        #expect(error.problems.count == 1 && "\(error)".contains(words), "\(error)")
    }

    @Test(arguments: [
        ("versions: [1]", "versions (line 1) must be a whole number, not a list"),
        ("reward: {shape: {kind: cubic}}", "reward.shape.kind (line 1) must be exponential or linear, not \"cubic\""),
        ("reward: {shape: {scale: 1}}", "reward.shape.kind (line 1) is missing"),
        ("reward: {shape: {kind: linear, clip: [1]}}", "reward.shape.clip (line 1) is [1.0]; it must be two numbers"),
        ("seed: 1\nseed: 2", "has a key twice in the table of line 1: seed"),
        ("seed: 99999999999999999999", "seed (line 1) is 99999999999999999999; it must be 0 to 18446744073709551615"),
        ("a: [1, 2", "is not valid YAML: line 2, column 1: did not find"),
        ("seed: 1.5", "seed (line 1) must be a whole number, not \"1.5\""),
        ("stable_below: .nan", "stable_below (line 1) is .nan; it must be a number"),
        ("objective: {clip: 0x1p3}", "objective.clip (line 1) is 0x1p3"),
        ("policy: ''", "policy (line 1) is an empty text"),
        ("\n\nunit_size: 0", "unit_size (line 3) is 0; it must be 1 to 1024 crystals"),
    ])
    func problems_areToldInOurWords(text: String, words: String) {
        let message = refusal(text)
        #expect(message.contains(words), "\(message)")
        for foreign in ["DecodingError", "CodingKey", "Swift", "Error Domain", "operation could not", "Optional("] {
            #expect(!message.contains(foreign), "\(message)")
        }
        #expect(!message.contains("\n"))
    }
}
