import Foundation
import ProgramFixtures
import Testing

/// `druse config`, and the reference made by it.
@Suite struct ConfigCommandTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func reference_isUpToDate() throws {
        let page = Self.repository.appending(path: "Documentation/configuration.md")
        let isUpToDate =
            try DruseProcess.run(["config", "--reference"]).output == String(contentsOf: page, encoding: .utf8)
        #expect(isUpToDate, "make it again: druse config --reference > Documentation/configuration.md")
    }

    @Test func key_isExplained() throws {
        let outcome = try DruseProcess.run(["config", "stable_below"])
        #expect(outcome.status == 0)
        for part in [
            "stable_below (learner, druse launch)", "unit", "eV/atom", "default", "0.1", "no, it decides results",
        ] {
            #expect(outcome.output.contains(part), "\(outcome.output)")
        }
        let both = try DruseProcess.run(["config", "threads"]).output
        #expect(both.contains("threads (learner, druse launch)") && both.contains("threads (druse pretrain)"))
        #expect(both.contains("yes, from the start of the process on"))
        #expect(try DruseProcess.run(["config", "objective"]).output.contains("objective.kl_weight"))
    }

    @Test func keyOfAListsItems_isExplained() throws {
        for more in [[], ["--set", "seed=2"]] {
            let outcome = try DruseProcess.run(["config", "reward.terms[].of"] + more)
            #expect(outcome.status == 0, "\(outcome.messages)")
            #expect(outcome.output.hasPrefix("reward.terms[].of\n") && outcome.output.contains("are multiplied"))
        }
        let near = try DruseProcess.run(["config", "reward.terms[].wieght"])
        #expect(near.status == 1 && near.messages.contains("did you mean reward.terms[].weight?"), "\(near.messages)")
    }

    /// Values that a start would refuse, each with what to do.
    @Test(arguments: [
        ("elements=[]", "elements.from: is an empty list"),
        ("properties=[band-gap:foo]", "band-gap predicts band_gap alone, not foo"),
    ])
    func plan_ofAValueThatMakesNoSense_saysWhatIsWrong(setting: String, words: String) throws {
        let folder = try TemporaryFolder()
        let config = try folder.file("run.yaml", "run_dir: \(folder.path("run"))\n")
        let outcome = try DruseProcess.run(
            program: "learner", ["--config", config, "--dry-run", "--set", setting])
        #expect(outcome.status == 1 && outcome.messages.contains(words), "\(outcome.messages)")
    }

    @Test func explain_hasEachKeyWithItsValue() throws {
        let file = Self.repository.appending(path: "Configs/quickstart.yaml").path
        let outcome = try DruseProcess.run(["config", "--explain", "--config", file, "--set", "objective.clip=0.15"])
        let keys = try DruseProcess.run(["config", "--config", file, "--json"]).objects()
        #expect(outcome.status == 0 && keys.count > 50)
        for key in keys {
            let name = try #require(key["key"] as? String)
            #expect(outcome.output.contains("\(name)\n") || outcome.output.contains("\(name) ("), "\(name)")
        }
        #expect(outcome.output.contains("0.15"))
    }

    @Test func key_thatIsNone_isRefusedWithTheOneThatWasMeant() throws {
        for (key, meant) in [("kl_weight", "objective.kl_weight"), ("versoins", "versions")] {
            let outcome = try DruseProcess.run(["config", key])
            #expect(outcome.status == 1 && outcome.messageLines.count == 1)
            #expect(outcome.messages.contains("did you mean \(meant)?"), "\(outcome.messages)")
        }
    }

    /// What is printed is a configuration, and prints itself.
    @Test(arguments: ["quickstart", "paper-ehull", "alex20-ehull", "pretrain"])
    func effectiveConfiguration_printsItself(
        name: String
    ) throws {
        let file = Self.repository.appending(path: "Configs/\(name).yaml").path
        let kind = name == "pretrain" ? ["--pretraining"] : []
        let first = try DruseProcess.run(["config", "--config", file] + kind)
        #expect(first.status == 0, "\(first.messages)")
        let folder = try TemporaryFolder()
        let again = try DruseProcess.run(["config", "--config", folder.file("again.yaml", first.output)] + kind)
        #expect(again.output == first.output)
    }

    @Test func json_hasALineForEachKey() throws {
        let lines = try DruseProcess.run(["config", "--json", "--set", "objective.kl_weight=0.5"]).objects()
        let line = try #require(lines.first { $0["key"] as? String == "objective.kl_weight" })
        #expect(line["value"] as? String == "0.5" && line["default"] as? String == "0.005")
    }
}
