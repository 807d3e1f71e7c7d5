import Foundation
import LivePage
import ProgramFixtures
import Testing

/// The page of a run while it goes on, and afterwards.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct LivePageRunTests {
    /// The page that a program has printed.
    private func page(of program: RunningProgram, _ cluster: TestCluster) async throws -> PageClient {
        try await cluster.until("a page is there") { program.text.contains("at http://") }
        let address = try #require(program.text.firstMatch(of: /at (http:\/\/\S+)/)).output.1
        return try PageClient(url: String(address))
    }

    private func object(_ page: PageClient, _ path: String) async throws -> [String: Any] {
        let data = try await OwnThread.run { try page.get(path) }
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func page_ofARunningLearner_showsRunAndFleet_andServeShowsItAfterwards() async throws {
        let cluster = try TestCluster(versions: 100_000)
        let learner = try cluster.startLearner(["--page"])
        let live = try await page(of: learner, cluster)
        // Before anybody has joined, too.
        let early = try await object(live, "/api/runs/0/overview")
        #expect(early["state"] as? String == "running" && early["versions"] as? Int == 100_000)
        _ = try await cluster.startActor()
        _ = try await cluster.startRewardWorker()
        try await cluster.untilVersions(2)
        let overview = try await object(live, "/api/runs/0/overview")
        #expect((overview["steps"] as? Int ?? 0) >= 2 && overview["stable"] is Double)
        let books = try await object(live, "/api/runs/0/books")
        #expect((books["ledger"] as? [String: Any])?["balanced"] as? Bool == true)
        let crystals = try await object(live, "/api/runs/0/crystals?kind=newest")["crystals"] as? [[String: Any]]
        #expect(crystals?.isEmpty == false)
        learner.signal(SIGTERM)
        #expect(try await cluster.exit(of: learner) == 3, "\(learner.text)")
        #expect(!FileManager.default.fileExists(atPath: cluster.directory.appending(path: "archive.sqlite-wal").path))

        let server = try cluster.start(
            "druse", ["serve", cluster.directory.path, "--listen", "127.0.0.1:0"], isRole: false)
        let after = try await object(try await page(of: server, cluster), "/api/runs/0/overview")
        #expect(after["state"] as? String == "stopped")
        let address = try #require(server.text.firstMatch(of: /at (http:\/\/\S+)/)).output.1
        let shown = try await DruseProcess.run(["monitor", "--connect", String(address)])
        #expect(shown.status == 0 && shown.output.contains("stopped"), "\(shown.messages)")
        server.signal(SIGTERM)
        #expect(try await cluster.exit(of: server) == 0, "\(server.text)")
    }

    /// A token that was given is known, one that is made must not stand in what a system collects.
    @Test func token_isNotInWhatIsPrinted() async throws {
        let cluster = try TestCluster()
        let refused = try await DruseProcess.run(
            program: "learner",
            ["--config", cluster.configurationFile, "--page", "0.0.0.0:0", "--log-format", "json"])
        #expect(refused.status == 1)
        #expect((refused.output + refused.messages).contains("has to be given by DRUSE_PAGE_TOKEN"))
        #expect(!FileManager.default.fileExists(atPath: cluster.directory.path))
        let token = "a-token-that-is-known"
        let learner = try cluster.start(
            "learner", ["--config", cluster.configurationFile, "--page", "0.0.0.0:0", "--log-format", "json"],
            environment: ["DRUSE_PAGE_TOKEN": token])
        try await cluster.until("a page is there") { learner.text.contains("page at http://") }
        #expect(!learner.text.contains(token))
        learner.signal(SIGTERM)
        #expect(try await cluster.exit(of: learner) == 3, "\(learner.text)")
    }

    @Test func launch_withAPageThatIsLookedAt_comesToTheSameWeights() async throws {
        let cluster = try TestCluster()
        let launch = try cluster.start(
            "druse",
            ["launch", "--config", cluster.configurationFile, "--actors", "1", "--reward-workers", "1", "--page"],
            isRole: false)
        let live = try await page(of: launch, cluster)
        var looks = 0
        while launch.isRunning {
            // The learner may be over at any time.
            guard (try? await object(live, "/api/runs/0/books")) != nil else { break }
            looks += 1
        }
        #expect(looks > 0)
        #expect(try await cluster.exit(of: launch) == 0, "\(launch.text)")
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    /// The learner is started again with the same token, and `launch` is who tells it.
    @Test func launch_withAPageForOthers_tellsItsTokenOnce() async throws {
        let cluster = try TestCluster(versions: 100_000)
        let launch = try cluster.start(
            "druse",
            [
                "launch", "--config", cluster.configurationFile, "--actors", "1", "--reward-workers", "1", "--page",
                "0.0.0.0:0",
            ], isRole: false)
        try await cluster.until("a page is told with its token") { launch.text.contains("?token=") }
        let address = try #require(launch.text.firstMatch(of: /page at http:\/\/\S+:(\d+)\/(\?token=\S+)/)).output
        try await cluster.until("the page answers") {
            (try? PageClient(url: "http://127.0.0.1:\(address.1)/\(address.2)").get("/api/runs")) != nil
        }
        #expect(launch.text.split(separator: "?token=").count == 2)
        launch.signal(SIGTERM)
        _ = try await cluster.exit(of: launch)
        let refused = try cluster.start(
            "druse", ["launch", "--config", cluster.configurationFile, "--resume", "--page", "0.0.0.0:0"],
            isRole: false, environment: ["DRUSE_LOG": "json"])
        #expect(try await cluster.exit(of: refused) == 1)
        #expect(refused.text.contains("has to be given by DRUSE_PAGE_TOKEN") && refused.text.hasPrefix("{"))
    }

    @Test func port_thatIsTaken_leavesNoRunBehind() async throws {
        let socket = try PageSocket(PageAddress("127.0.0.1:0"))
        defer { socket.close() }
        let cluster = try TestCluster()
        let learner = try await DruseProcess.run(
            program: "learner", ["--config", cluster.configurationFile, "--page", "\(socket.address.port)"])
        #expect(learner.status == 1 && learner.messages.contains("name another address or port"))
        #expect(!FileManager.default.fileExists(atPath: cluster.directory.path))
    }
}
