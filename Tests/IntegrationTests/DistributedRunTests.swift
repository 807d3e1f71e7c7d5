import Archive
import Crystals
import FineTuning
import Foundation
import ProgramFixtures
import Telemetry
import Testing
import Trajectories

/// The programs in processes of their own, over real sockets, killed and started again.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct DistributedRunTests {
    @Test func run_ofThreeRoles_completesWithEveryCrystalOnce() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner()
        var peers = [try await cluster.startRewardWorker(), try await cluster.startRewardWorker()]
        // Without an actor nothing can be over before all are there.
        try await cluster.until("the workers log in") { peers.allSatisfy { $0.text.contains("logged in") } }
        peers.append(try await cluster.startActor())
        try await cluster.expectEnd(of: learner, and: peers)
        #expect(peers.allSatisfy { $0.text.contains("the learner ends the run: the run is complete") })
        try cluster.expectEveryCrystalOnce()
        #expect(cluster.versionLines == TestCluster.versions)
        let records = try StepRecord.read(from: cluster.directory.appending(path: "metrics.jsonl"))
        #expect(records.map(\.step) == Array(0..<TestCluster.versions))
        #expect(records.allSatisfy { $0.crystals == TestCluster.batchSize })
        // There was something to learn, and it was learnt.
        #expect(records.allSatisfy { $0.scored > 0 && ($0.gradientNorm ?? 0) > 0 })
        #expect(try cluster.policy() != cluster.policy(version: TestCluster.versions - 1))
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        #expect(learner.text.contains("done: version \(TestCluster.versions)"))
        try await cluster.expectTheSameWhenJudgedAgain()
        let report = try await DruseProcess.run(["report", cluster.directory.path])
        #expect(report.status == 0, "\(report.messages)")
        let page = try String(contentsOf: cluster.directory.appending(path: "report.html"), encoding: .utf8)
        #expect(page.contains("</html>"))
    }

    @Test func run_thatRelaxesItsCrystals_archivesBothForms() async throws {
        let cluster = try TestCluster(versions: 1)
        let text = try String(contentsOfFile: cluster.configurationFile, encoding: .utf8)
        try (text + "reward: {relax: {steps: 3}}\n").write(
            toFile: cluster.configurationFile, atomically: true, encoding: .utf8)
        let learner = try cluster.startLearner()
        let actor = try await cluster.startActor()
        let worker = try await cluster.startRewardWorker(threads: 2)
        try await cluster.expectEnd(of: learner, and: [actor, worker])
        try cluster.expectEveryCrystalOnce(versions: 1)
        let archive = try RunArchive(url: cluster.directory.appending(path: "archive.sqlite"), access: .readOnly)
        let scored = try archive.crystals(versions: 0...0).filter { $0.outcome == .scored }
        #expect(!scored.isEmpty)
        for crystal in scored {
            let measurement = crystal.measurement
            let relaxed = try #require(measurement.relaxed)
            #expect(relaxed.positions.count == crystal.crystal.sites.count)
            let fall = (measurement[.initialEnergyPerAtom] ?? 0) - (measurement[.energyPerAtom] ?? 9)
            #expect(fall > -1e-5, "\(crystal.id): \(fall) eV/atom")
        }
        let metrics = try String(contentsOf: cluster.directory.appending(path: "metrics.jsonl"), encoding: .utf8)
        #expect(metrics.contains("\"relaxation\""))
    }

    @Test func run_withManyProcessesAndThreads_givesTheSameWeights() async throws {
        let cluster = try TestCluster(threads: 3)
        let learner = try cluster.startLearner()
        var peers: [RunningProgram] = []
        for index in 0..<3 {
            peers.append(try await cluster.startActor(threads: 2))
            peers.append(try await cluster.startRewardWorker(threads: index == 0 ? 2 : 1))
        }
        try await cluster.expectEnd(of: learner, and: peers)
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func run_whoseActorAndWorkerAreKilled_losesNothing() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner()
        let (actor, worker) = (try await cluster.startActor(), try await cluster.startRewardWorker())
        try await cluster.killPrograms([actor, worker], afterVersions: 1)
        #expect(cluster.versionLines < TestCluster.versions)
        #expect(learner.isRunning)
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
        try cluster.expectEveryCrystalOnce()
        #expect(cluster.versionLines == TestCluster.versions)
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func run_whoseLearnerIsKilled_goesOnWithItsPeers() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner()
        let address = try await cluster.endpoint()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.killPrograms([learner], afterVersions: 1)
        #expect(cluster.versionLines < TestCluster.versions)
        let reference = cluster.directory.appending(path: FineTuningRun.referenceFileName)
        let bytes = try Data(contentsOf: reference)
        try (bytes + Data([0])).write(to: reference)
        let refused = try await DruseProcess.run(
            program: "learner", ["--config", cluster.configurationFile, "--resume", "--listen", address])
        #expect(refused.status == 1)
        #expect(refused.messageLines.count == 1)
        #expect(refused.messages.contains("reference.safetensors: is not the reference policy"))
        // One that is missing is made again, as long as it comes out the same.
        try FileManager.default.removeItem(at: reference)
        let next = try cluster.startLearner(["--resume", "--listen", address])
        try await cluster.expectEnd(of: next, and: peers)
        #expect(!next.text.contains("version 0 of"))
        #expect(try Data(contentsOf: reference) == bytes)
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func run_thatActorsJoinLate_takesThemIn() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner()
        var peers = [try await cluster.startRewardWorker()]
        try await cluster.until("the worker has joined") { learner.text.contains("joined: ") }
        #expect(cluster.versionLines == 0)
        let actor = try await cluster.startActor()
        // The run waits for those who come late.
        let identifier = actor.identifier
        await cluster.atVersions(1) { kill(identifier, SIGSTOP) }
        peers.append(try await cluster.startRewardWorker())
        peers.append(try await cluster.startActor())
        try await cluster.until("all have joined") { learner.text.components(separatedBy: "joined: ").count > 4 }
        actor.signal(SIGCONT)
        try await cluster.expectEnd(of: learner, and: peers + [actor])
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func programs_askedToStop_leaveWithSuccess() async throws {
        let cluster = try TestCluster(versions: 100_000)
        let learner = try cluster.startLearner()
        let actor = try await cluster.startActor()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.untilVersions(1)
        actor.signal(SIGTERM)
        #expect(try await cluster.exit(of: actor) == 0)
        try await cluster.until("the learner knows") { learner.text.contains("left: ") }
        let before = cluster.versionLines
        try await cluster.untilVersions(before + 1)
        learner.signal(SIGTERM)
        try await cluster.expectEnd(of: learner, and: peers, status: 3)
        #expect(learner.text.contains("stopped at version"))
        let done = cluster.versionLines
        #expect(done >= 2)
        #expect(try !cluster.policy(version: done).isEmpty)
    }
}
