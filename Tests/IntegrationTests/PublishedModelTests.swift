import Archive
import FineTuning
import Foundation
import ProgramFixtures
import Testing

/// A checkpoint of the reference, converted, and `Configs/alex20-ehull.yaml` on it above a small hull.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5)), .enabled("needs python3") { TestEngines.python != nil })
struct PublishedModelTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func path(_ name: String) -> String { repository.appending(path: name).path }

    @Test func convertedCheckpoint_samplesScoresIsFineTunedAndEvaluated() async throws {
        let folder = try TemporaryFolder()
        let model = folder.path("model.safetensors")
        let converted = try await CheckpointConversion.run(
            python: try #require(TestEngines.python),
            [
                CheckpointConversion.checkpoint.path, "--config", CheckpointConversion.configuration.path, "-o", model,
            ])
        #expect(converted.status == 0, "\(converted.messages)")

        let table = Self.path("Tests/Fixtures/crystals/crystal-of-each-space-group.csv.gz")
        let crystals = folder.path("crystals.jsonl")
        let sampled = try await DruseProcess.run(
            ["sample", "--policy", model, "--count", "8", "--space-groups-from", table, "-o", crystals])
        #expect(sampled.status == 0, "\(sampled.messages)")
        let scored = try await DruseProcess.run(["score", "--policy", model, crystals, "--json"])
        #expect(try scored.objects().count == 8, "\(scored.messages)")

        let run = folder.path("run")
        let settings = [
            "policy=\(model)", "hull=\(Self.path("Tests/Fixtures/physics/hull/reference.json.bz2"))", "versions=2",
            "batch_size=24", "unit_size=8", "objective.epochs=2", "space_groups_from=\(table)",
        ]
        let launch = ["launch", "--config", Self.path("Configs/alex20-ehull.yaml"), "--run-dir", run]
        let sets = settings.flatMap { ["--set", $0] }
        let without = try await DruseProcess.run(launch + sets.dropLast(2) + ["--set", "space_groups_from=null"])
        #expect(without.status == 1 && without.messages.contains("space_groups_from"), "\(without.messages)")
        #expect(!FileManager.default.fileExists(atPath: run))
        let launched = try await DruseProcess.run(launch + ["--actors", "1", "--reward-workers", "1"] + sets)
        #expect(launched.status == 0, "\(launched.messages)")
        let archive = try RunArchive(url: URL(filePath: run).appending(path: "archive.sqlite"), access: .readOnly)
        #expect(try archive.crystalCount() == 48)

        // The frequencies are in the run's policies: nothing is needed but the directory, and nothing is named twice.
        let more = sets.map { $0 == "versions=2" ? "versions=3" : $0 }
        let longer = try await DruseProcess.run(launch + ["--actors", "1", "--reward-workers", "1", "--resume"] + more)
        #expect(longer.status == 0, "\(longer.messages)")
        let evaluated = try await DruseProcess.run(["evaluate", "--run", run, "--count", "16", "--json"])
        #expect(try evaluated.objects().count { $0["samples"] != nil } == 2, "\(evaluated.messages)")
    }
}
