import Archive
import Base
import Coordination
import FineTuning
import Foundation
import Telemetry
import Testing
import Trajectories

/// Processes that are killed, stopped, or started elsewhere, with what that costs in time.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(10))) struct ElasticFleetTests {
    private func start(_ program: String, of cluster: TestCluster) throws -> RunningProgram {
        try cluster.start(program, ["--connect-file", cluster.endpointFile.path])
    }

    /// Waits on a thread of its own, which other tests do not hold up, until a log holds a text; how long that took.
    private func time(
        after begin: @escaping @Sendable () -> Void, until log: URL, holds text: String
    ) async -> Duration {
        await withCheckedContinuation { (continuation: CheckedContinuation<Duration, Never>) in
            Thread.detachNewThread {
                begin()
                let start = Moment.now
                while !((try? String(contentsOf: log, encoding: .utf8)) ?? "").contains(text),
                    start.duration(to: .now) < .seconds(60)
                { Thread.sleep(forTimeInterval: 0.005) }
                continuation.resume(returning: start.duration(to: .now))
            }
        }
    }

    /// The actor is started before the learner. That is killed, and started again elsewhere: its peers go there, and
    /// nobody starts them again.
    @Test func learner_killedAndStartedElsewhere_isFollowed() async throws {
        let cluster = try TestCluster()
        let actor = try start("actor", of: cluster)
        let learner = try cluster.startLearner()
        // Without a reward worker the run waits.
        let first = try await cluster.endpoint()
        let peers = [actor, try start("reward-worker", of: cluster)]
        try await cluster.killPrograms([learner], afterVersions: 2)
        let killed = Moment.now
        let again = try cluster.start("learner", ["--run-dir", cluster.directory.path, "--resume"])
        let place = #/listening at (\S+)/#
        try await cluster.until("the learner is elsewhere") { again.text.contains(place) }
        let listening = Moment.now
        let second = String(try #require(again.text.firstMatch(of: place)).1)
        #expect(second != first)
        for peer in peers {
            let time = await time(after: {}, until: peer.log, holds: "logged in at \(second)")
            #expect(time < .seconds(10), "\(peer.text)")
        }
        print(
            "a learner started elsewhere: \(killed.duration(to: listening)) until it listens, "
                + "\(listening.duration(to: .now)) until both peers are there")
        try await cluster.expectEnd(of: again, and: peers)
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        try cluster.expectEveryCrystalOnce()
    }

    /// What waits for a file says for which, once.
    @Test func peer_withoutALearner_namesTheFileAfterTenSeconds() async throws {
        let cluster = try TestCluster()
        let peer = try start("actor", of: cluster)
        try await cluster.until("it names the file", within: .seconds(40)) {
            peer.text.contains("waiting for \(cluster.endpointFile.path), in which a learner says where it listens")
        }
        peer.signal(SIGTERM)
        #expect(try await cluster.exit(of: peer) == 0, "\(peer.text)")
    }

    /// A killed worker is missed as soon as the system closes its connection, and a killed actor as well; their work
    /// goes on elsewhere.
    @Test func peers_killed_areMissedWithinTwoSeconds() async throws {
        let cluster = try TestCluster(versions: 100_000, liveness: nil)
        let learner = try cluster.startLearner()
        let others = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        let victims = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.untilVersions(3)
        for (victim, role) in zip(victims, ["actor", "reward-worker"]) {
            let identifier = victim.identifier
            let before = cluster.versionLines
            let start = Moment.now
            let time = await time(after: { kill(identifier, SIGKILL) }, until: learner.log, holds: "lost: \(role)")
            #expect(time < .seconds(2), "\(learner.text)")
            // The version in hand is finished by the others.
            try await cluster.untilVersions(before + 1)
            print("a killed \(role): missed after \(time), the version in hand done after \(start.duration(to: .now))")
        }
        learner.signal(SIGTERM)
        #expect(try await cluster.exit(of: learner) == 3, "\(learner.text)")
        for peer in others { _ = try await cluster.exit(of: peer) }
    }

    /// A worker that is stopped, not killed, keeps its connection: its tasks go to another after what is usual for such
    /// tasks, long before its silence (60 s) or its lease (120 s) is over.
    @Test func worker_stopped_costsWhatIsUsual() async throws {
        let versions = 14
        let cluster = try TestCluster(versions: versions, liveness: 60)
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        let stopped = try await cluster.startRewardWorker()
        defer { stopped.signal(SIGCONT) }
        let identifier = stopped.identifier
        await cluster.atVersions(6) { kill(identifier, SIGSTOP) }
        let start = Moment.now
        let before = cluster.versionLines
        try await cluster.untilVersions(versions)
        let time = start.duration(to: .now)
        #expect(time < .seconds(50), "\(learner.text)")
        let records = try StepRecord.read(from: cluster.directory.appending(path: "metrics.jsonl"))
        let again = records.map { ($0.speculated ?? 0) + $0.requeued }
        print("a stopped worker: \(versions - before) versions in \(time), tasks given again \(again)")
        #expect(again.reduce(0, +) > 0 && again.reduce(0, +) <= 8)
        #expect(!learner.text.contains("lost: reward-worker"))
        stopped.signal(SIGCONT)
        try await cluster.expectEnd(of: learner, and: peers + [stopped])
        #expect(try await cluster.policy(version: versions) == SequentialRun.policy(versions: versions))
    }
}
