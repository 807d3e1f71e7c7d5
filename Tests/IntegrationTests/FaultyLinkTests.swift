import Foundation
import ProgramFixtures
import Testing

/// Peers that break their messages on purpose, or themselves.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct FaultyLinkTests {
    /// Lost, late, doubled and damaged messages in both directions: nobody is blamed, and nothing changes.
    @Test func run_overFaultyLinks_hasTheUndisturbedWeights() async throws {
        let cluster = try TestCluster(more: "task_lease_seconds: 4\nunit_lease_seconds: 4")
        let learner = try cluster.startLearner()
        let address = try await cluster.endpoint()
        let faults = "lose=0.01,delay=0.1:0.1,duplicate=0.1,corrupt=0.01"
        let peers = try ["actor", "actor", "reward-worker", "reward-worker"].map {
            try cluster.start($0, ["--connect", address, "--chaos", faults])
        }
        #expect(try await cluster.exit(of: learner) == 0, "\(learner.text)")
        for peer in peers {
            // Whoever was told of the end by a message that was lost looks for the learner.
            peer.signal(SIGTERM)
            #expect(try await cluster.exit(of: peer) == 0, "\(peer.text)")
            #expect(peer.text.contains("faults on purpose: \(faults)"), "\(peer.text)")
        }
        #expect(
            !learner.text.contains("turned away") && !learner.text.contains("that makes no sense"), "\(learner.text)")
        #expect(learner.text.contains("damaged"), "\(learner.text)")
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func peersThatKillThemselves_areReplacedByLaunch() async throws {
        let cluster = try TestCluster()
        let launch = try cluster.start(
            "druse",
            [
                "launch", "--config", cluster.configurationFile, "--actors", "1", "--reward-workers", "2",
                "--worker-options", "--chaos kill=0.1",
            ], isRole: false)
        #expect(try await cluster.exit(of: launch) == 0, "\(launch.text)")
        #expect(launch.text.contains("ended with status 137; starting it again"), "\(launch.text)")
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func faultsThatAreNone_areRefused() async throws {
        let outcome = try await DruseProcess.run(
            program: "actor", ["--connect", "tcp://127.0.0.1:9", "--chaos", "drop=0.1"])
        #expect(outcome.status == 64)
        #expect(outcome.messages.contains("--chaos: \"drop=0.1\" is none of kill, lose"), "\(outcome.messages)")
    }
}
