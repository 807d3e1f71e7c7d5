import Base
import FineTuning
import Foundation
import Monitoring
import ProgramFixtures
import Testing

/// What a run with `--metrics-port` tells of itself while it goes on.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(10))) struct MonitoredRunTests {
    /// A run of learner, actor and reward worker that all serve their metrics at free ports.
    struct Fleet {
        let cluster: TestCluster
        let learner: RunningProgram
        let peers: [RunningProgram]

        init(_ cluster: TestCluster, learner options: [String] = []) async throws {
            self.cluster = cluster
            learner = try cluster.startLearner(["--metrics-port", "0"] + options)
            let connection = ["--connect", try await cluster.endpoint(), "--metrics-port", "0"]
            peers = [try cluster.start("actor", connection), try cluster.start("reward-worker", connection)]
        }

        var place: MonitoringFiles.Place? {
            (try? Data(contentsOf: cluster.directory.appending(path: MonitoringFiles.placeName))).flatMap {
                try? JSONDecoder().decode(MonitoringFiles.Place.self, from: $0)
            }
        }

        /// The targets by component.
        var targets: [String: [String]] {
            let file = cluster.directory.appending(path: MonitoringFiles.targetsName)
            let groups = (try? Data(contentsOf: file)).flatMap {
                try? JSONDecoder().decode([MonitoringFiles.Group].self, from: $0)
            }
            return Dictionary(
                (groups ?? []).map { ($0.labels["component"] ?? "", $0.targets) }, uniquingKeysWith: +)
        }

        func get(_ target: String, _ path: String) async throws -> PlainHTTP.Answer {
            try await OwnThread.run { try PlainHTTP.get("http://\(target)\(path)") }
        }

        func status() async throws -> RunStatus {
            let place = try #require(place)
            let answer = try await OwnThread.run { try PlainHTTP.get(place.status) }
            return try #require(RunStatus(json: answer.body))
        }
    }

    /// All names of the tables are served, and no others; what Prometheus' own tool says of them is nothing.
    @Test func scrape_ofEveryRole_isTheTableOfTheDocumentation() async throws {
        let fleet = try await Fleet(TestCluster(versions: 100_000))
        let cluster = fleet.cluster
        try await cluster.untilVersions(2)
        try await cluster.until("both peers are in the list of targets") { fleet.targets.count == 3 }
        let learner = try #require(fleet.targets["learner"]?.first)
        // The learner looks at its fleet once a second, and rates are of two looks.
        var status = try await fleet.status()
        func isSeen(_ status: RunStatus) -> Bool {
            status.lastStep != nil && status.threadTime.count >= 2 && status.fleet.allSatisfy { $0.rates.last10 > 0 }
        }
        for _ in 0..<300 where !isSeen(status) {
            try await Task.sleep(for: .milliseconds(100))
            status = try await fleet.status()
        }
        let table = try MetricsTable()
        let promtool = PrometheusTests.promtool
        if promtool == nil { print("not checked by promtool, which is not here (apt-get install prometheus)") }
        for (component, section) in [
            ("learner", "The learner"), ("actor", "An actor"), ("reward-worker", "A reward worker"),
        ] {
            let target = try #require(fleet.targets[component]?.first)
            var page = try await fleet.get(target, "/metrics")
            let expected = table.names(of: section)
            // Shares and rates are of some seconds, which have to be over.
            for _ in 0..<200 where !expected.isSubset(of: MetricsTable.families(of: page.text)) {
                try await Task.sleep(for: .milliseconds(100))
                page = try await fleet.get(target, "/metrics")
            }
            #expect(page.status == 200)
            let served = MetricsTable.families(of: page.text)
            #expect(served.subtracting(expected) == [], "\(component) serves what no table has")
            #expect(expected.subtracting(served) == [], "\(component) does not serve all")
            #expect(try await fleet.get(target, "/healthz").status == 200)
            #expect(try await fleet.get(target, "/readyz").status == 200)
            if let promtool {
                let outcome = try await promtool.run(["check", "metrics"], input: page.text)
                #expect(outcome.status == 0 && outcome.messages.isEmpty, "\(component): \(outcome.messages)")
            }
        }
        check(status, of: fleet)
        #expect(fleet.place?.metrics == "http://\(learner)/metrics")
        for peer in fleet.peers { #expect(peer.text.contains("metrics at http://127.0.0.1:")) }
        fleet.learner.signal(SIGTERM)
        try await cluster.expectEnd(of: fleet.learner, and: fleet.peers, status: 3)
        // Nobody serves any more.
        #expect(fleet.place == nil && fleet.targets.isEmpty)
    }

    private func check(_ status: RunStatus, of fleet: Fleet) {
        #expect(status.state == .running && status.mode == .synchronous)
        #expect(status.version > 0 && status.versionsAsked == 100_000 && status.step == status.version)
        #expect(status.process == Int(fleet.learner.identifier))
        #expect(status.peers == ["actor": 1, "reward-worker": 1])
        #expect(Set(status.fleet.map(\.process)) == Set(fleet.peers.map { Int($0.identifier) }))
        for peer in status.fleet { #expect(peer.crystals > 0 && peer.rates.last10 > 0 && peer.metrics != nil) }
        if let ledger = status.ledger {
            let dropped = ledger.dropped.values.reduce(0, +)
            let inFlight = ledger.inFlight.values.reduce(0, +)
            #expect(ledger.granted == ledger.trained + dropped + inFlight && ledger.missing == 0)
            #expect(ledger.inFlight.values.allSatisfy { $0 >= 0 })
            #expect(ledger.trained > 0)
        } else {
            Issue.record("there is no ledger")
        }
        if let shares = status.shares?.learner {
            let sum = shares.waiting + shares.storing + shares.training + shares.saving
            #expect(abs(sum - 1) < 1e-6 && shares.training > 0)
        }
        #expect(status.wanted != nil && status.diskFreeBytes ?? 0 > 0)
        #expect(status.verdict?.text.isEmpty == false)
    }

    /// `druse launch` has all of its processes served, each in the list.
    @Test func launch_servesTheMetricsOfAllItsProcesses() async throws {
        let cluster = try TestCluster(versions: 100_000)
        let launch = try cluster.start(
            "druse",
            [
                "launch", "--config", cluster.configurationFile, "--actors", "2", "--reward-workers", "2",
                "--metrics-port", "0",
            ], isRole: false)
        let list = cluster.directory.appending(path: MonitoringFiles.targetsName)
        func targets() -> [String: [String]] {
            let groups = (try? Data(contentsOf: list)).flatMap {
                try? JSONDecoder().decode([MonitoringFiles.Group].self, from: $0)
            }
            return Dictionary(
                (groups ?? []).map { ($0.labels["component"] ?? "", $0.targets) }, uniquingKeysWith: +)
        }
        try await cluster.until("all five are in the list") { targets().values.reduce(0) { $0 + $1.count } == 5 }
        #expect(targets().mapValues(\.count) == ["learner": 1, "actor": 2, "reward-worker": 2])
        for (component, places) in targets() {
            for place in places {
                let page = try await OwnThread.run { try PlainHTTP.get("http://\(place)/metrics") }
                #expect(page.status == 200 && page.text.contains("role=\"\(component)\""), "\(page.text)")
            }
        }
        launch.signal(SIGTERM)
        #expect(try await cluster.exit(of: launch) == 3, "\(launch.text)")
        #expect(try JSONDecoder().decode([MonitoringFiles.Group].self, from: Data(contentsOf: list)).isEmpty)
    }

    /// Whoever looks changes nothing, and what a run makes is counted as its archive has it.
    @Test func run_thatIsLookedAt_hasTheSameWeights() async throws {
        let fleet = try await Fleet(TestCluster())
        try await fleet.cluster.expectEnd(of: fleet.learner, and: fleet.peers)
        #expect(try await fleet.cluster.policy() == SequentialRun.finalPolicy)
        try fleet.cluster.expectEveryCrystalOnce()
    }

    @Test func port_thatIsTaken_endsTheLearnerBeforeThereIsADirectory() async throws {
        let board = StatusBoard()
        let taken = try MetricsServer(at: ServedAddress(port: 0), pages: .learner(board, build: ""))
        defer { taken.close() }
        let cluster = try TestCluster()
        let learner = try cluster.startLearner(["--metrics-port", "\(taken.address.port)"])
        #expect(try await cluster.exit(of: learner) == 1)
        #expect(learner.text.contains("nothing can be served at \(taken.address): the port is taken"))
        #expect(!FileManager.default.fileExists(atPath: cluster.directory.path))
    }
}
