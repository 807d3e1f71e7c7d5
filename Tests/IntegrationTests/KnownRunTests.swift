import Archive
import Foundation
import ProgramFixtures
import Testing
import Trajectories

/// Runs whose reward looks through an index of known crystals, or whose judges are files: what was kept decides, and
/// files are compared by their contents.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct KnownRunTests {
    private static let salt = """
        {"id":"salt","lattice":[[0,2.82,2.82],[2.82,0,2.82],[2.82,2.82,0]],"species":["Na","Cl"],\
        "frac_coords":[[0,0,0],[0.5,0.5,0.5]]}

        """
    private static let iron = """
        {"id":"iron","lattice":[[-1.4,1.4,1.4],[1.4,-1.4,1.4],[1.4,1.4,-1.4]],"species":["Fe"],"frac_coords":[[0,0,0]]}

        """

    private func index(_ structures: String, _ name: String, in folder: TemporaryFolder) async throws -> String {
        let file = try folder.file("\(name).jsonl", structures)
        let outcome = try await DruseProcess.run(["index", file, "-o", folder.path("\(name).index")])
        #expect(outcome.status == 0, "\(outcome.messages)")
        return folder.path("\(name).index")
    }

    private static let reward = """
        reward:
          guards: none
          terms: [{source: novelty, known: mine.index}, {source: e_above_hull}]
        """

    @Test func run_goesOnWithTheIndexItWasBegunWith_whateverBecomesOfTheFile() async throws {
        let cluster = try TestCluster(versions: 1, more: Self.reward)
        let mine = try await index(Self.salt, "mine", in: cluster.folder)
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
        let directory = try RunDirectory.open(at: cluster.directory)
        let kept = directory.inputs.appending(path: "known-1.index")
        #expect(directory.manifest.knownDigests?.count == 1)
        #expect(try Data(contentsOf: kept) == Data(contentsOf: URL(filePath: mine)))
        let run = ["--run-dir", cluster.directory.path, "--resume"]
        let judged = try await DruseProcess.run(["reward", "--run", cluster.directory.path, "--json"])
        // What says what is measured cannot be judged by without measuring.
        for (setting, words) in [
            ("reward.limits.maximum_uncertainty=0.05", "the uncertainty of the share 0.1"),
            ("reward.limits.minimum_distance=0.8", "reward.limits.minimum_distance is 0.8, the run has"),
            ("reward.relax=converged", "reward.relax.until is converged"),
            ("potential=chgnet-r2scan", "potential is chgnet-r2scan, the run has chgnet"),
        ] {
            let refused = try await DruseProcess.run(["reward", "--run", cluster.directory.path, "--set", setting])
            #expect(refused.status == 1 && refused.messageLines.count == 1 && refused.messages.contains(words))
        }
        let other = ["reward", "--run", cluster.directory.path, "--set", "reward.combine=minimum"]
        #expect(try await DruseProcess.run(other).status == 0)
        // Another index in its place: nothing of the run changes, and by --config it is told.
        let iron = try await index(Self.iron, "iron", in: cluster.folder)
        let same = try await index(Self.salt, "copy", in: cluster.folder)
        try FileManager.default.removeItem(atPath: mine)
        #expect(try await DruseProcess.run(program: "learner", run).status == 0)
        let again = try await DruseProcess.run(["reward", "--run", cluster.directory.path, "--json"])
        #expect(again.status == 0 && again.output == judged.output, "\(again.messages)")
        func resumed(by index: String) async throws -> DruseProcess.Outcome {
            let terms = "[{source: novelty, known: \(index)}, {source: e_above_hull}]"
            return try await DruseProcess.run(
                program: "learner",
                ["--config", cluster.configurationFile, "--resume", "--set", "reward.terms=\(terms)"])
        }
        #expect(try await resumed(by: same).status == 0)
        let refused = try await resumed(by: iron)
        #expect(refused.status == 1 && refused.messages.contains("reward.terms"), "\(refused.messages)")
        try FileManager.default.removeItem(at: kept)
        try FileManager.default.copyItem(atPath: iron, toPath: kept.path)
        let damaged = try await DruseProcess.run(program: "learner", run)
        #expect(damaged.status == 1 && damaged.messages.contains("known-1.index"), "\(damaged.messages)")
        #expect(damaged.messages.contains("restore the file"))
    }

    @Test func plan_withoutTheIndex_isRefusedAsTheStartIs() async throws {
        let cluster = try TestCluster(versions: 1, more: Self.reward)
        for more in [["--dry-run"], []] {
            let outcome = try await DruseProcess.run(
                program: "learner", ["--config", cluster.configurationFile] + more)
            #expect(outcome.status == 1 && outcome.messages.contains("mine.index"), "\(outcome.messages)")
            #expect(outcome.output.isEmpty)
        }
        #expect(!FileManager.default.fileExists(atPath: cluster.directory.path))
    }

    /// A judge whose files' names begin as the run's own do.
    @Test func run_withAJudgeNamedHull_goesOnAlsoWhereItsFileIsGone() async throws {
        let cluster = try TestCluster(
            versions: 1, more: "judges: [{name: hull, potential: model.safetensors}]")
        let resources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/Potentials/Resources")
        let model = cluster.folder.path("model.safetensors")
        let source = resources.appending(path: "chgnet-0.2.0/model.safetensors")
        try FileManager.default.copyItem(at: source, to: URL(filePath: model))
        let learner = try cluster.startLearner()
        let peers = [
            try await cluster.startActor(),
            try await cluster.startRewardWorker(environment: ["DRUSE_CACHE": cluster.folder.path("cache")]),
        ]
        try await cluster.expectEnd(of: learner, and: peers)
        let moved = cluster.folder.path("moved.safetensors")
        try FileManager.default.moveItem(atPath: model, toPath: moved)
        let run = ["--run-dir", cluster.directory.path, "--resume"]
        let resumed = try await DruseProcess.run(program: "learner", run)
        #expect(resumed.status == 0, "\(resumed.messages)")
        let given = ["--config", cluster.configurationFile, "--resume", "--set"]
        let elsewhere = try await DruseProcess.run(
            program: "learner", given + ["judges=[{name: hull, potential: \(moved)}]"])
        #expect(elsewhere.status == 0, "\(elsewhere.messages)")
        let other = try await DruseProcess.run(
            program: "learner", given + ["judges=[{name: hull, potential: chgnet-r2scan}]"])
        #expect(other.status == 1 && other.messages.contains("judges"), "\(other.messages)")
    }
}
