import Archive
import Base
import FineTuning
import Foundation
import GRDB
import ProgramFixtures
import Telemetry
import Testing
import Trajectories

/// Sampling, measuring and training at the same time, in processes of their own.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(10))) struct AsynchronousRunTests {
    private static func cluster(staleness: Int, versions: Int = 12) throws -> TestCluster {
        try TestCluster(versions: versions, more: "mode: asynchronous\nmax_staleness: \(staleness)")
    }

    /// Killed actors, reward workers and learners: each crystal is in one batch, none is too old, and the archive holds
    /// what it takes to make the same weights again.
    @Test func run_whoseProcessesAreKilled_isRepeatedFromItsArchive() async throws {
        let (staleness, versions) = (2, 12)
        let cluster = try Self.cluster(staleness: staleness, versions: versions)
        let learner = try cluster.startLearner()
        let actors = [try await cluster.startActor(), try await cluster.startActor()]
        let workers = [try await cluster.startRewardWorker(), try await cluster.startRewardWorker()]
        try await cluster.killPrograms([actors[0], workers[0], learner], afterVersions: 4)
        // The learner's place may be another one.
        for peer in [actors[1], workers[1]] { peer.signal(SIGKILL) }
        for peer in [actors[1], workers[1]] { _ = try await cluster.exit(of: peer) }
        try? FileManager.default.removeItem(at: cluster.endpointFile)
        let again = try cluster.start("learner", ["--run-dir", cluster.directory.path, "--resume"])
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: again, and: peers)

        let run = try RunDirectory.open(at: cluster.directory)
        let archive = try RunArchive(url: run.archive, access: .readOnly)
        let crystals = try archive.crystals(versions: 0...versions)
        var batches: [Int: Int] = [:]
        for crystal in crystals {
            guard let step = crystal.batch else { continue }
            batches[step.number, default: 0] += 1
            #expect((0...staleness).contains(step.staleness(of: crystal.id.version)))
            #expect(crystal.trainedAt == nil || crystal.trainedAt == step)
        }
        #expect(batches == Dictionary(uniqueKeysWithValues: (0..<versions).map { ($0, TestCluster.batchSize) }))
        let records = try StepRecord.read(from: run.metrics)
        #expect(records.count == versions)
        // A batch that is there before it is asked for has taken the time of the step before.
        #expect(records.allSatisfy { $0.rates.sampled <= 1_000 * Double(TestCluster.batchSize) })
        #expect(records.contains { $0.staleness?["1"] ?? 0 > 0 && $0.importance?.mean ?? 0 > 0 })

        try await cluster.expectTheSameWhenJudgedAgain()
        // The books of both lives, crystals that no step took included.
        let ledger = try archive.ledger(maximumStaleness: staleness)
        #expect(ledger.isBalanced && ledger.granted == crystals.count, "\(ledger.line)")
        #expect(again.text.contains("\n\(ledger.line)\n"), "\(ledger.line)")
        #expect(!again.text.contains("are nowhere"))
        let books = try await DruseProcess.run(["ledger", cluster.directory.path, "--json"])
        #expect(books.output == "\(ledger.json.line)\n", "\(books.output)")

        let replay = try cluster.start("learner", ["--replay", cluster.directory.path], isRole: false)
        #expect(try await cluster.exit(of: replay) == 0, "\(replay.text)")
        #expect(replay.text.contains("12 steps") && replay.text.contains("the weights are those of the run"))
        #expect(replay.text.contains("policy \(Digest(of: try cluster.policy(version: versions)))"))
    }

    /// A replay finds what was changed.
    @Test func replay_ofAChangedArchive_saysFromWhereOn() async throws {
        let cluster = try Self.cluster(staleness: 1, versions: 4)
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
        let run = try RunDirectory.open(at: cluster.directory)
        let database = try DatabaseQueue(path: run.archive.path)
        try await database.write { connection in
            try connection.execute(
                sql: """
                    UPDATE measurements SET value = value + 0.5 WHERE quantity = 'e_above_hull' AND (version, unit, \
                    crystal_index) IN (SELECT version, unit, crystal_index FROM crystals WHERE batch = 2)
                    """)
        }
        try database.close()
        let replay = try cluster.start("learner", ["--replay", cluster.directory.path], isRole: false)
        #expect(try await cluster.exit(of: replay) == 1, "\(replay.text)")
        #expect(replay.text.contains("the weights differ from step 2 on"), "\(replay.text)")
    }

    /// Where nothing may be older than the step's own version, the weights are those of the synchronous mode.
    @Test func run_withoutStaleness_hasTheWeightsOfTheSynchronousMode() async throws {
        let cluster = try Self.cluster(staleness: 0, versions: TestCluster.versions)
        let learner = try cluster.startLearner()
        let peers = [
            try await cluster.startActor(), try await cluster.startActor(), try await cluster.startRewardWorker(),
        ]
        try await cluster.expectEnd(of: learner, and: peers)
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        try cluster.expectEveryCrystalOnce()
    }

    /// A synchronous run is repeated in the same way.
    @Test func replay_ofASynchronousRun_hasItsWeights() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
        let replay = try cluster.start("learner", ["--replay", cluster.directory.path], isRole: false)
        #expect(try await cluster.exit(of: replay) == 0, "\(replay.text)")
        #expect(replay.text.contains("5 steps, 180 crystals"), "\(replay.text)")
        // What the last step made stands in its checkpoint alone.
        let run = try RunDirectory.open(at: cluster.directory)
        let store = CheckpointStore(
            reading: run.checkpoints, referenceDigest: run.manifest.referenceDigest, run: run.manifest.mark)
        try FileManager.default.removeItem(at: store.folder(of: TestCluster.versions))
        let partly = try cluster.start("learner", ["--replay", cluster.directory.path], isRole: false)
        #expect(try await cluster.exit(of: partly) == 0, "\(partly.text)")
        #expect(partly.text.contains("those of the run in the 4 steps that could be compared; of 1"), "\(partly.text)")
    }
}
