import FineTuning
import Foundation
import ProgramFixtures
import Security
import Testing

/// Runs with relays between the learner and its peers: real processes over TCP, with keys.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct RelayRunTests {
    private let cluster: TestCluster
    private let keys: KeyRing

    init() throws {
        cluster = try TestCluster(liveness: nil)
        keys = try KeyRing(cluster.folder)
    }

    private var relayFile: String { cluster.folder.path("relay.json") }

    /// The folder of a peer's key, with the relay's public key beside it.
    private func makeKeys(_ name: String, role: KeyRole = .any) throws -> String {
        let place = try keys.make(name, role: role)
        try FileManager.default.copyItem(atPath: "\(keys.folder)-relay/relay.pub", toPath: "\(place)/relay.pub")
        return place
    }

    private func startRelay(allowed: String? = nil, _ more: [String] = []) throws -> RunningProgram {
        try cluster.start(
            "druse",
            [
                "relay", "--connect-file", cluster.endpointFile.path, "--listen", "tcp://*:*", "--endpoint-file",
                relayFile, "--keys", "\(keys.folder)-relay", "--allowed", allowed ?? "\(keys.folder)/allowed",
            ] + more)
    }

    private func start(_ program: String, keys place: String) throws -> RunningProgram {
        try cluster.start(
            program, ["--connect-file", cluster.endpointFile.path, "--relay", relayFile, "--keys", place])
    }

    /// A relay is killed in the middle of a run, and another one started in its place: the run has the weights that it
    /// would have.
    @Test func relayKilledAndStartedAgain_changesNothing() async throws {
        _ = try keys.make("relay", role: .relay)
        let learner = try cluster.startLearner(["--keys", keys.folder, "--listen", "tcp://*:*"])
        let relay = try startRelay()
        try await cluster.until("the relay listens") { FileManager.default.fileExists(atPath: relayFile) }
        let actors = try ["one", "two"].map { try start("actor", keys: makeKeys($0, role: .actor)) }
        for actor in actors {
            try await cluster.until("it has the relay") { actor.text.contains("connected to the relay that") }
        }
        // Without a reward worker the run waits.
        let worker = try start("reward-worker", keys: makeKeys("worker", role: .rewardWorker))
        try await cluster.killPrograms([relay], afterVersions: 2)
        let again = try startRelay()
        try await cluster.expectEnd(of: learner, and: actors + [worker])
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        try cluster.expectEveryCrystalOnce()
        for actor in actors {
            #expect(actor.text.contains("is gone: weights and files come from the learner"), "\(actor.text)")
        }
        // The second one may have come when the run was over.
        try? await cluster.until("the relay leaves", within: .seconds(5)) { !again.isRunning }
        again.signal(SIGTERM)
        #expect(try await cluster.exit(of: again) == 0, "\(again.text)")
        #expect(!FileManager.default.fileExists(atPath: relayFile))
        #expect(!relay.text.contains("insecure"))
    }

    /// Prometheus finds it by the learner's list, and reads of it what the documentation says.
    @Test func relay_servesItsMetrics() async throws {
        _ = try keys.make("relay", role: .relay)
        let learner = try cluster.startLearner(
            ["--keys", keys.folder, "--listen", "tcp://*:*", "--metrics-port", "0", "--set", "versions=100000"])
        let relay = try startRelay(["--metrics-port", "0"])
        try await cluster.until("the relay listens") { FileManager.default.fileExists(atPath: relayFile) }
        // What the relay does not have in time comes from the learner: there is more to come.
        let peers = [
            try start("actor", keys: makeKeys("one")), try start("reward-worker", keys: makeKeys("worker")),
        ]
        let list = cluster.directory.appending(path: MonitoringFiles.targetsName)
        func target() -> String? {
            let groups = (try? Data(contentsOf: list)).flatMap {
                try? JSONDecoder().decode([MonitoringFiles.Group].self, from: $0)
            }
            return groups?.first { $0.labels["component"] == "relay" }?.targets.first
        }
        try await cluster.until("the relay is in the list") { target() != nil }
        let place = try #require(target())
        let (expected, relayHasServed) = (try MetricsTable().names(of: "A relay"), "druse_relay_served_bytes_total 0")
        var page = try await OwnThread.run { try PlainHTTP.get("http://\(place)/metrics") }
        for _ in 0..<300 where page.text.contains(relayHasServed) || !page.text.contains("druse_relay_connections") {
            try await Task.sleep(for: .milliseconds(100))
            page = try await OwnThread.run { try PlainHTTP.get("http://\(place)/metrics") }
        }
        #expect(MetricsTable.families(of: page.text) == expected)
        #expect(!page.text.contains(relayHasServed), "\(page.text)")
        #expect(page.text.contains(/druse_relay_connections [12]\n/), "\(page.text)")
        #expect(page.text.contains("druse_build_info{role=\"relay\""), "\(page.text)")
        for path in ["healthz", "readyz"] {
            #expect(try await OwnThread.run { try PlainHTTP.get("http://\(place)/\(path)").status } == 200)
        }
        learner.signal(SIGTERM)
        for program in [learner, relay] + peers { _ = try await cluster.exit(of: program) }
    }

    /// What stands behind it asks the learner for nothing that the relay has.
    @Test func relay_servesWhatItPulledOnce() async throws {
        _ = try keys.make("relay", role: .relay)
        let learner = try cluster.startLearner(["--keys", keys.folder, "--listen", "tcp://*:*"])
        let relay = try startRelay()
        try await cluster.until("the relay listens") { FileManager.default.fileExists(atPath: relayFile) }
        let peers = try ["one", "two", "three"].map { try start("actor", keys: makeKeys($0)) }
        for peer in peers {
            try await cluster.until("it has the relay") { peer.text.contains("connected to the relay that") }
        }
        let worker = try start("reward-worker", keys: makeKeys("worker"))
        try await cluster.expectEnd(of: learner, and: peers + [worker])
        #expect(try await cluster.exit(of: relay) == 0, "\(relay.text)")
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        let line = #/(\d+) MB served in (\d+) pieces, (\d+) MB pulled from the learner/#
        let found = try #require(relay.text.firstMatch(of: line), "\(relay.text)")
        let (served, pulled) = (try #require(Int(found.1)), try #require(Int(found.3)))
        #expect(served >= pulled && pulled > 0, "\(relay.text)")
        print("a relay of three actors: \(found.0)")
    }

    @Test func relayWithoutWhatItNeeds_endsWithAClearLine() async throws {
        let place = try keys.make("relay", role: .relay)
        func refused(_ arguments: [String]) async throws -> String {
            let outcome = try await DruseProcess.run(["relay", "--connect", "tcp://127.0.0.1:9"] + arguments)
            #expect(outcome.status == 1)
            #expect(outcome.messageLines.count == 1, "\(outcome.messages)")
            return outcome.messages
        }
        #expect(try await refused(["--listen", "tcp://*:*"]).contains("give --insecure"))
        #expect(try await refused(["--keys", place]).contains("there is no allow-list \(place)/allowed"))
        let worker = try keys.make("worker")
        let text = try await refused(["--keys", worker, "--allowed", "\(keys.folder)/allowed"])
        #expect(text.contains("druse keys new NAME --role relay"), "\(text)")
        // A peer that trusts no relay's key.
        let peer = try await DruseProcess.run(
            program: "actor", ["--connect", "tcp://127.0.0.1:9", "--keys", worker, "--relay", "tcp://127.0.0.1:9"])
        #expect(peer.status == 1)
        #expect(peer.messages.contains("there is no relay.pub beside"), "\(peer.messages)")
        try FileManager.default.copyItem(atPath: "\(worker)/worker.pub", toPath: "\(worker)/relay.pub")
        let misled = try await DruseProcess.run(
            program: "actor", ["--connect", "tcp://127.0.0.1:9", "--keys", worker, "--relay", "tcp://127.0.0.1:9"])
        #expect(misled.messages.contains("that of a relay is needed"), "\(misled.messages)")
        let nowhere = try await DruseProcess.run(
            program: "actor", ["--connect", "tcp://127.0.0.1:9", "--relay", "tcp://*:9"])
        #expect(nowhere.messages.contains("--relay: tcp://*:9 is nothing to connect to"), "\(nowhere.messages)")
    }

    /// A relay that does not know a peer, and one with another key, are gone around, and the reason is told.
    @Test func relayThatDoesNotLetIn_isGoneAround() async throws {
        _ = try keys.make("relay", role: .relay)
        let learner = try cluster.startLearner(["--keys", keys.folder, "--listen", "tcp://*:*"])
        let allowed = cluster.folder.path("nobody")
        try FileManager.default.createDirectory(atPath: allowed, withIntermediateDirectories: true)
        let relay = try startRelay(allowed: allowed)
        try await cluster.until("the relay listens") { FileManager.default.fileExists(atPath: relayFile) }
        let actor = try start("actor", keys: makeKeys("one"))
        try await cluster.until("it says why", within: .seconds(30)) {
            actor.text.contains("its allow-list does not have the key one")
        }
        let worker = try start("reward-worker", keys: makeKeys("worker"))
        try await cluster.expectEnd(of: learner, and: [actor, worker])
        #expect(try await cluster.exit(of: relay) == 0, "\(relay.text)")
        #expect(relay.text.contains("is not on the relay's allow-list"), "\(relay.text)")
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }
}
