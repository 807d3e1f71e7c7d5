import Foundation
import ProgramFixtures
import Security
import Testing

/// A run on seven hosts with addresses of their own: a learner, a relay, two actors, three reward workers, with keys,
/// whose lines are cut and joined again while it runs.
@Suite(
    .serialized, .fewAtOnce, .timeLimit(.minutes(5)),
    .enabled(if: HostNetwork.obstacle == nil, "\(HostNetwork.obstacle ?? "")"))
struct SeveralHostsTests {
    private static let versions = 6
    private let cluster: TestCluster
    private let keys: KeyRing

    private enum Host {
        static let learner = 1
        static let relay = 2
        static let actors = [3, 4]
        static let workers = [5, 6, 7]
    }

    init() throws {
        cluster = try TestCluster(versions: Self.versions, liveness: 3)
        keys = try KeyRing(cluster.folder)
    }

    private var relayFile: String { cluster.folder.path("relay.json") }

    private func start(_ program: String, on host: Int, of network: HostNetwork) throws -> RunningProgram {
        let name = "\(program)-\(host)"
        let place = try keys.make(name, role: program == "actor" ? .actor : .rewardWorker)
        try FileManager.default.copyItem(atPath: "\(keys.folder)-relay/relay.pub", toPath: "\(place)/relay.pub")
        return try network.start(
            program, ["--connect-file", cluster.endpointFile.path, "--relay", relayFile, "--keys", place], on: host)
    }

    /// The learner and the relay on their hosts.
    private func startServers(
        of network: HostNetwork
    ) async throws -> (learner: RunningProgram, relay: RunningProgram) {
        _ = try keys.make("relay", role: .relay)
        let learner = try network.start(
            "learner", ["--config", cluster.configurationFile, "--keys", keys.folder, "--listen", "tcp://*:5555"],
            on: Host.learner)
        let relay = try network.start(
            "druse",
            [
                "relay", "--connect-file", cluster.endpointFile.path, "--listen", "tcp://*:5556", "--endpoint-file",
                relayFile, "--keys", "\(keys.folder)-relay", "--allowed", "\(keys.folder)/allowed",
            ], on: Host.relay)
        try await cluster.until("learner and relay listen") {
            let files = [cluster.endpointFile.path, relayFile]
            return files.allSatisfy { FileManager.default.fileExists(atPath: $0) } || !learner.isRunning
        }
        try #require(learner.isRunning, "\(learner.text)")
        #expect(try await cluster.endpoint() == "tcp://\(HostNetwork.address(Host.learner)):5555", "\(learner.text)")
        return (learner, relay)
    }

    private func count(_ text: String, in log: RunningProgram) -> Int {
        log.text.components(separatedBy: text).count - 1
    }

    private func expectUndisturbed(
        _ learner: RunningProgram, _ relay: RunningProgram, _ peers: [RunningProgram]
    ) async throws {
        try await cluster.expectEnd(of: learner, and: peers + [relay])
        #expect(
            try await cluster.policy(version: Self.versions) == SequentialRun.policy(versions: Self.versions))
        try cluster.expectEveryCrystalOnce(versions: Self.versions)
        #expect(!learner.text.contains("insecure"))
    }

    /// Everybody but the learner is off the network for longer than a peer may be silent, some twice; the relay too.
    @Test func linesThatAreCutAndJoined_changeNothing() async throws {
        let begin = ContinuousClock.now
        let network = try await HostNetwork(hosts: 7, cluster: cluster)
        let (learner, relay) = try await startServers(of: network)
        var peers = [
            try start("actor", on: Host.actors[0], of: network),
            try start("reward-worker", on: Host.workers[0], of: network),
        ]
        let first = [Host.actors[0], Host.workers[0]]
        // Without the others the run stands still meanwhile.
        await cluster.atVersions(1, network.command(connect: false, first + [Host.relay]))
        try await cluster.until("they are lost") { count("lost: ", in: learner) >= 3 }
        let second = [Host.actors[1]] + Host.workers.dropFirst()
        peers += try second.map { try start($0 == Host.actors[1] ? "actor" : "reward-worker", on: $0, of: network) }
        let begun = cluster.versionLines
        await cluster.atVersions(begun + 1, network.command(connect: false, second))
        network.command(connect: true, first)()
        try await cluster.until("the others are lost") { count("lost: ", in: learner) >= 6 }
        try await cluster.untilVersions(min(begun + 2, Self.versions))
        network.command(connect: true, second + [Host.relay])()
        try await expectUndisturbed(learner, relay, peers)
        for peer in peers.prefix(2) { #expect(count("logged in at", in: peer) >= 2, "\(peer.text)") }
        #expect(peers[0].text.contains("connected to the relay that"), "\(peers[0].text)")
        print("a run of seven hosts, each cut off once: \(begin.duration(to: .now))")
    }

    /// On lines that delay and lose, where the kernel has such.
    @Test(.enabled(if: HostNetwork.disturbanceObstacle == nil, "\(HostNetwork.disturbanceObstacle ?? "")"))
    func linesThatLoseAndDelay_changeNothing() async throws {
        let network = try await HostNetwork(hosts: 7, cluster: cluster)
        let hosts = [Host.learner, Host.relay] + Host.actors + Host.workers
        try network.disturb(hosts, delayMilliseconds: 10, lossPercent: 1)
        let (learner, relay) = try await startServers(of: network)
        let peers =
            try Host.actors.map { try start("actor", on: $0, of: network) }
            + Host.workers.map { try start("reward-worker", on: $0, of: network) }
        try await expectUndisturbed(learner, relay, peers)
    }
}
