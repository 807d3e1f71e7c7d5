import Foundation
import ProgramFixtures
import Testing

/// `druse launch` and the processes it keeps alive.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct LaunchTests {
    private func launch(_ cluster: TestCluster, _ more: [String] = []) throws -> RunningProgram {
        try cluster.start(
            "druse",
            ["launch", "--config", cluster.configurationFile, "--actors", "1", "--reward-workers", "2"] + more,
            isRole: false)
    }

    @Test func launch_runsAllRoles_andRefusesToBeginTheRunAgain() async throws {
        let cluster = try TestCluster()
        let first = try launch(cluster)
        #expect(try await cluster.exit(of: first) == 0, "\(first.text)")
        #expect(!first.text.contains("starting it again"))
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        let again = try await DruseProcess.run(["launch", "--config", cluster.configurationFile])
        #expect(again.status == 1)
        #expect(again.messageLines.count == 1)
        #expect(again.messages.contains("already holds the run"))
    }

    @Test func launch_whoseChildrenAreKilled_startsThemAgain() async throws {
        let cluster = try TestCluster()
        let launch = try launch(cluster)
        let running = launch.identifier
        await cluster.atVersions(1) { ProcessTable.signal(["reward-worker", "learner"], of: running, SIGKILL) }
        #expect(try await cluster.exit(of: launch) == 0, "\(launch.text)")
        for name in ["learner", "reward-worker"] {
            #expect(launch.text.contains(try Regex("\(name)[-0-9]* ended with status 137; starting it again")))
        }
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func launch_thatIsKilled_leavesNoProcessBehind() async throws {
        let cluster = try TestCluster(versions: 100_000)
        let launch = try launch(cluster)
        try await cluster.untilVersions(1)
        let children = ProcessTable.children(of: launch.identifier).map(\.identifier)
        #expect(children.count == 4)
        launch.signal(SIGKILL)
        #expect(try await cluster.exit(of: launch) == 128 + SIGKILL)
        try await cluster.until("all children are gone", within: .seconds(30)) {
            !children.contains(where: ProcessTable.isAlive)
        }
        // The learner left as if asked: what it had done can be gone on with.
        #expect(!FileManager.default.fileExists(atPath: cluster.endpointFile.path))
        #expect(try !cluster.policy(version: cluster.versionLines).isEmpty)
    }
}
