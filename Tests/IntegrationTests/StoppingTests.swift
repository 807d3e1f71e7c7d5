import Foundation
import ProgramFixtures
import Testing

/// Runs that are asked to stop, to save, or to go on without what they need.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct StoppingTests {
    private func launch(_ cluster: TestCluster, _ more: [String] = []) throws -> RunningProgram {
        try cluster.start(
            "druse",
            ["launch", "--config", cluster.configurationFile, "--actors", "1", "--reward-workers", "1"] + more,
            isRole: false)
    }

    private func child(_ program: String, of launch: RunningProgram) -> Int32? {
        ProcessTable.children(of: launch.identifier).first { $0.program == program }?.identifier
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func launch_askedToStop_finishesTheVersionAndCanGoOn(
        signal: Int32
    ) async throws {
        // Not over before the signal is sent, however busy the machine is.
        let cluster = try TestCluster(versions: 100_000)
        let first = try launch(cluster, ["--grace", "150"])
        let running = first.identifier
        await cluster.atVersions(1) { kill(running, signal) }
        #expect(try await cluster.exit(of: first) == 3, "\(first.text)")
        let stopped = try #require(first.text.firstMatch(of: /stopped at version (\d+)/), "\(first.text)")
        #expect(!first.text.contains("starting it again"))
        let versions = try #require(Int(stopped.output.1)) + 2
        let next = try launch(cluster, ["--resume", "--versions", "\(versions)"])
        #expect(try await cluster.exit(of: next) == 0, "\(next.text)")
        try cluster.expectEveryCrystalOnce(versions: versions)
        #expect(try await cluster.policy(version: versions) == SequentialRun.policy(versions: versions))
    }

    @Test func learner_askedToSave_saysSoAndGoesOn() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        let identifiers = ([learner] + peers).map(\.identifier)
        await cluster.atVersions(1) { for identifier in identifiers { kill(identifier, SIGUSR1) } }
        try await cluster.expectEnd(of: learner, and: peers)
        #expect(learner.text.contains("saved version "))
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func launch_askedToSave_passesItOn() async throws {
        let cluster = try TestCluster()
        let launch = try launch(cluster)
        let running = launch.identifier
        await cluster.atVersions(1) { kill(running, SIGUSR1) }
        #expect(try await cluster.exit(of: launch) == 0, "\(launch.text)")
        #expect(launch.text.contains("saved version "))
        #expect(!launch.text.contains("starting it again"))
    }

    @Test func learner_withoutPeers_stopsAtOnce() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner(["--grace", "1000"])
        _ = try await cluster.endpoint()
        learner.signal(SIGTERM)
        #expect(try await cluster.exit(of: learner, within: .seconds(20)) == 3)
    }

    @Test func launch_askedTwice_endsAtOnce() async throws {
        // The stopped worker is not to be missed meanwhile.
        let cluster = try TestCluster(versions: 100_000, liveness: 60)
        var launch = try launch(cluster)
        var children: [Int32] = []
        for _ in 0..<20 {
            let count = cluster.versionLines
            try await cluster.untilVersions(count + 1)
            // The worker cannot finish anything.
            kill(try #require(child("reward-worker", of: launch)), SIGSTOP)
            children = ProcessTable.children(of: launch.identifier).map(\.identifier)
            launch.signal(SIGINT)
            let running = launch
            try await cluster.until("the learner waits for the version") {
                running.text.contains("a second signal") || !running.isRunning
            }
            if launch.isRunning { break }
            // It had all crystals of the version before the worker stood still, and finished it: once more.
            launch = try self.launch(cluster, ["--resume"])
        }
        try await Task.sleep(for: .milliseconds(1200))
        launch.signal(SIGINT)
        #expect(try await cluster.exit(of: launch, within: .seconds(10)) == 130, "\(launch.text)")
        #expect(!children.contains(where: ProcessTable.isAlive))
    }

    /// Ctrl-\ of a terminal, which reaches all processes: they end at once, without a report of a crash.
    @Test func everybodyToldToQuit_endsAtOnce() async throws {
        let cluster = try TestCluster(versions: 100_000)
        let launch = try launch(cluster)
        try await cluster.untilVersions(1)
        let children = ProcessTable.children(of: launch.identifier).map(\.identifier)
        let engines = children.flatMap { ProcessTable.children(of: $0).map(\.identifier) }
        for process in engines + children { kill(process, SIGQUIT) }
        launch.signal(SIGQUIT)
        #expect(try await cluster.exit(of: launch, within: .seconds(10)) == 128 + SIGQUIT, "\(launch.text)")
        try await cluster.until("all are gone") { !(children + engines).contains(where: ProcessTable.isAlive) }
        #expect(!launch.text.contains("crashed"))
    }

    @Test func launch_whoseActorIsToldToLeave_startsItAgain() async throws {
        let cluster = try TestCluster()
        let launch = try launch(cluster)
        let running = launch.identifier
        await cluster.atVersions(1) { ProcessTable.signal(["actor"], of: running, SIGTERM) }
        #expect(try await cluster.exit(of: launch) == 0, "\(launch.text)")
        #expect(launch.text.contains("starting it again"), "\(launch.text)")
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func launch_whoseHullIsMissing_doesNotTryAgain() async throws {
        let cluster = try TestCluster()
        let text = try String(contentsOfFile: cluster.configurationFile, encoding: .utf8)
        try (text + "hull: none.json\n").write(toFile: cluster.configurationFile, atomically: true, encoding: .utf8)
        let launch = try launch(cluster)
        #expect(try await cluster.exit(of: launch) == 1, "\(launch.text)")
        #expect(launch.text.contains("none.json"))
        #expect(launch.text.contains("starting it again would not help"))
    }

    @Test func peers_withoutALearner_leaveAfterTheirPatience() async throws {
        for program in ["actor", "reward-worker"] {
            let outcome = try await DruseProcess.run(
                program: program, ["--connect", "tcp://127.0.0.1:9", "--patience", "0.5"])
            #expect(outcome.status == 1)
            #expect(outcome.messages.contains("no learner answered at tcp://127.0.0.1:9"))
        }
    }

    @Test func peer_thatConnectsToANameWithoutAddress_saysSo() async throws {
        let outcome = try await DruseProcess.run(
            program: "actor", ["--connect", "tcp://no.such.host.invalid:9", "--patience", "0.5"])
        #expect(outcome.status == 1)
        #expect(outcome.messages.contains("the name no.such.host.invalid has no address"), "\(outcome.messages)")
    }

    @Test func learner_whereOthersReachIt_isRefusedUnlessToldSo() async throws {
        let cluster = try TestCluster()
        for listen in ["tcp://*:*", "tcp://0.0.0.0:*"] {
            let arguments = ["--config", cluster.configurationFile, "--listen", listen]
            let refused = try await DruseProcess.run(program: "learner", arguments)
            #expect(refused.status == 1)
            #expect(refused.messages.contains("--insecure"))
        }
        #expect(!FileManager.default.fileExists(atPath: cluster.directory.path))
        let learner = try cluster.startLearner(["--listen", "tcp://*:*", "--insecure"])
        let address = try await cluster.endpoint()
        #expect(!address.contains("*") && !address.contains("0.0.0.0"))
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
    }

    @Test(arguments: ["tcp://localhost:*", "tcp://[::1]:*"]) func learner_listeningByName_isFound(
        listen: String
    ) async throws {
        let cluster = try TestCluster(versions: 1)
        let learner = try cluster.startLearner(["--listen", listen])
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
    }

    @Test(arguments: ["0<&- 1>&-", "1>&- 2>&-", "0<&- 2>&-", "0<&- 1>&- 2>&-", "2>&-"])
    func learner_withClosedDescriptors_runs(closed: String) async throws {
        let cluster = try TestCluster(versions: 1)
        let path = DruseProcess.executable("learner").path
        let script = "exec '\(path)' --config '\(cluster.configurationFile)' \(closed)"
        let learner = try RunningProgram(
            executable: URL(filePath: "/bin/sh"), ["-c", script], log: cluster.folder.url.appending(path: "log"))
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
        #expect(try !cluster.policy(version: 1).isEmpty)
    }

    @Test func learner_withFewDescriptors_isRefused() throws {
        let folder = try TemporaryFolder()
        let path = DruseProcess.executable("learner").path
        let log = folder.url.appending(path: "log")
        let learner = try RunningProgram(
            executable: URL(filePath: "/bin/sh"), ["-c", "ulimit -n 24; exec '\(path)' --config none.yaml"], log: log)
        learner.waitUntilExit()
        #expect(learner.status == 1)
        #expect(learner.text.contains("ulimit -n"))
    }
}
