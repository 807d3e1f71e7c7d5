import Archive
import Foundation
import Testing

/// Processes that stand still for longer than a silent peer may: a closed lid, a stopped container.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct SuspensionTests {
    private func wake(_ programs: [RunningProgram]) { for program in programs { program.signal(SIGCONT) } }

    private func expectNobodyBlamed(
        _ cluster: TestCluster, _ learner: RunningProgram, _ peers: [RunningProgram]
    ) async throws {
        try await cluster.expectEnd(of: learner, and: peers)
        for phrase in ["turned away", "engine_", "giving up", "could not be finished"] {
            #expect(!learner.text.contains(phrase), "\(learner.text)")
        }
        try cluster.expectEveryCrystalOnce()
        let run = try RunDirectory.open(at: cluster.directory)
        let crystals = try RunArchive(url: run.archive, access: .readOnly).crystals(versions: 0...100)
        #expect(!crystals.contains { $0.reason?.hasPrefix("engine") == true })
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func learnerSuspendedAlone_peersComeBackAndNobodyIsBlamed() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        let identifier = learner.identifier
        await cluster.atVersions(1) { kill(identifier, SIGSTOP) }
        try await cluster.until("the peers miss the learner") {
            peers.allSatisfy { $0.text.contains("the learner has been silent") }
        }
        wake([learner])
        try await expectNobodyBlamed(cluster, learner, peers)
    }

    @Test func everythingSuspended_goesOnAsIfNothingWas() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        let identifiers = ([learner] + peers).map(\.identifier)
        await cluster.atVersions(1) { for identifier in identifiers { kill(identifier, SIGSTOP) } }
        // As long as it takes for a silent peer to be lost, and more.
        try await Task.sleep(for: .seconds(6))
        wake([learner] + peers)
        try await expectNobodyBlamed(cluster, learner, peers)
    }
}
