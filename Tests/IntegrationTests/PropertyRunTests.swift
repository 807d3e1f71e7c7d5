import Archive
import Base
import Foundation
import ModelFixtures
import Policy
import ProgramFixtures
import Testing
import Trajectories

/// Runs whose crystals get predictions, over real sockets.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct PropertyRunTests {
    /// Killed and resumed, with the model's file gone: every measured crystal that the model knows has its numbers, and
    /// training is not touched.
    @Test func run_withAModelOfProperties_predictsAndLearnsTheSame() async throws {
        let cluster = try TestCluster(more: "properties: [\"tiny/gap.safetensors:band_gap,band_gap_hse\"]")
        let folder = cluster.folder.url.appending(path: "tiny")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "gap.safetensors")
        try TinyMEGNet().knowingAllElements.write(to: file)
        let cache = ["DRUSE_CACHE": cluster.folder.path("cache")]
        let learner = try cluster.startLearner()
        let address = try await cluster.endpoint()
        let actor = try await cluster.startActor()
        let worker = try await cluster.startRewardWorker(threads: 2, environment: cache)
        try await cluster.killPrograms([learner], afterVersions: 1)
        try FileManager.default.removeItem(at: folder)
        let next = try cluster.start(
            "learner", ["--run-dir", cluster.directory.path, "--resume", "--listen", address])
        let late = try await cluster.startRewardWorker(environment: cache)
        try await cluster.expectEnd(of: next, and: [actor, worker, late])
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        let run = try RunDirectory.open(at: cluster.directory)
        #expect(run.manifest.properties?.map(\.quantities) == [["band_gap", "band_gap_hse"]])
        let archive = try RunArchive(url: run.archive, access: .readOnly)
        let measured = try archive.crystals(versions: 0...TestCluster.versions).map(\.measurement)
            .filter { $0[.energyPerAtom] != nil }
        #expect(measured.count > TestCluster.batchSize)
        let gaps = measured.compactMap { $0[.init(rawValue: "band_gap")] }
        let hybrid = measured.compactMap { $0[.init(rawValue: "band_gap_hse")] }
        // Only crystals without neighbours within 4 Å have none.
        #expect(gaps.count == hybrid.count && Double(gaps.count) > 0.5 * Double(measured.count))
        #expect(gaps != hybrid && Set(gaps).count > 10)
        #expect(measured.allSatisfy { $0[.hullEntries] ?? 0 >= 1 && $0[.formationEnergyPerAtom] != nil })
    }

    @Test func start_withAModelThatIsNotThere_namesTheKeyAndLeavesNothing() async throws {
        let cluster = try TestCluster(more: "properties: [far.safetensors]")
        let outcome = try await DruseProcess.run(program: "learner", ["--config", cluster.configurationFile])
        #expect(outcome.status != 0)
        #expect(outcome.messages.contains("properties") && outcome.messages.contains("far.safetensors"))
        #expect(!FileManager.default.fileExists(atPath: cluster.directory.path))
    }

    /// Another model in the place of the one it was begun with is another run.
    @Test func resume_withAnotherModel_isRefused() async throws {
        let cluster = try TestCluster(versions: 1, more: "properties: [gap.safetensors]")
        let file = cluster.folder.url.appending(path: "gap.safetensors")
        var tiny = TinyMEGNet().knowingAllElements
        try tiny.write(to: file)
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
        tiny.phase = 1
        let other = cluster.folder.url.appending(path: "other.safetensors")
        try tiny.write(to: other)
        let resume = ["--config", cluster.configurationFile, "--resume", "--set"]
        let refused = try await DruseProcess.run(program: "learner", resume + ["properties=[\(other.path)]"])
        #expect(refused.status == 1 && refused.messages.contains("properties"), "\(refused.messages)")
        // The same model elsewhere is the same.
        tiny.phase = 0
        try tiny.write(to: other)
        let taken = try await DruseProcess.run(program: "learner", resume + ["properties=[\(other.path)]"])
        #expect(taken.status == 0, "\(taken.messages)")
    }
}
