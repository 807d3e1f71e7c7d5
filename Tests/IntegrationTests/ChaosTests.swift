import Archive
import Foundation
import Telemetry
import Testing

/// Learner, two actors and three reward workers under random signals: the weights are those of the undisturbed run.
///
/// `DRUSE_CHAOS_SEED` repeats a run of signals; their moments depend on the machine, the result must not.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(30))) struct ChaosTests {
    private static let seed = ProcessInfo.processInfo.environment["DRUSE_CHAOS_SEED"].flatMap(UInt64.init) ?? 20_260
    private static let isSlow = ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1"

    @Test func processes_underSomeSignals_giveTheUndisturbedWeights() async throws {
        try await StartedByHand().disturb(signals: 20, seed: Self.seed)
    }

    @Test func launch_underSomeSignals_givesTheUndisturbedWeights() async throws {
        try await Launched().disturb(signals: 20, seed: Self.seed)
    }

    @Test(.enabled(if: isSlow)) func processes_under200Signals_giveTheUndisturbedWeights() async throws {
        try await StartedByHand().disturb(signals: 200, seed: Self.seed + 1)
    }

    @Test(.enabled(if: isSlow)) func launch_under200Signals_givesTheUndisturbedWeights() async throws {
        try await Launched().disturb(signals: 200, seed: Self.seed + 1)
    }
}

/// A run that can be disturbed.
private protocol Disturbed: AnyObject {
    var cluster: TestCluster { get }
    func start() async throws
    /// The processes of the three roles that are there now, the learner apart.
    func victims() throws -> (learner: Int32?, peers: [Int32])
    /// Starts again what ended, if that is nobody else's task.
    func mend() async throws
    /// Has the run stop in order.
    func stop() async throws
}

extension Disturbed {
    func disturb(signals: Int, seed: UInt64) async throws {
        var generator = SplitMix64(state: seed)
        try await start()
        var sleepers: [(process: Int32, until: ContinuousClock.Instant)] = []
        defer { for sleeper in sleepers { kill(sleeper.process, SIGCONT) } }
        var sent: [Int32: Int] = [:]
        while sent.values.reduce(0, +) < signals {
            // The time between signals is part of the disturbance.
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...500, using: &generator)))
            for sleeper in sleepers where sleeper.until <= .now { kill(sleeper.process, SIGCONT) }
            sleepers.removeAll { $0.until <= .now }
            try await mend()
            let (learner, peers) = try victims()
            let candidates = (learner.map { [$0] } ?? []) + peers.sorted()
            guard let victim = candidates.randomElement(using: &generator) else { continue }
            let signal = [SIGKILL, SIGKILL, SIGTERM, SIGSTOP].randomElement(using: &generator) ?? SIGKILL
            guard !sleepers.contains(where: { $0.process == victim }), kill(victim, signal) == 0 else { continue }
            sent[signal, default: 0] += 1
            if signal == SIGSTOP {
                let pause = Int.random(in: 100...(signals > 50 ? 12_000 : 1500), using: &generator)
                sleepers.append((victim, .now + .milliseconds(pause)))
            }
        }
        for sleeper in sleepers { kill(sleeper.process, SIGCONT) }
        sleepers = []
        try await mend()
        // It gets on when it is left alone.
        let before = cluster.versionLines
        let deadline = ContinuousClock.now + .seconds(120)
        while cluster.versionLines <= before, ContinuousClock.now < deadline {
            try await mend()
            try await Task.sleep(for: .milliseconds(20))
        }
        try await stop()
        try await expectUndisturbed(sent)
    }

    private func expectUndisturbed(_ sent: [Int32: Int]) async throws {
        let directory = try RunDirectory.open(at: cluster.directory)
        let store = try CheckpointStore(
            directory: directory.checkpoints, referenceDigest: directory.manifest.referenceDigest, keeping: 1000)
        let version = try #require(try store.latest().checkpoint).version
        #expect(version > 0, "\(sent)")
        // Stopped while its peers were being started again, the learner keeps what is measured of the version in hand.
        try cluster.expectEveryCrystalOnce(versions: version, hasNext: true)
        let records = try StepRecord.read(from: cluster.directory.appending(path: "metrics.jsonl"))
        #expect(records.map(\.step) == Array(0..<version), "\(sent)")
        #expect(try await cluster.policy(version: version) == SequentialRun.policy(versions: version), "\(sent)")
    }
}

/// Learner and peers as processes of their own, which the test starts again as a batch system would.
private final class StartedByHand: Disturbed {
    let cluster: TestCluster
    private var learner: RunningProgram?
    private var address = ""
    private var peers: [(program: String, running: RunningProgram)] = []

    init() throws { cluster = try TestCluster(versions: 100_000, liveness: nil) }

    func start() async throws {
        learner = try cluster.startLearner()
        address = try await cluster.endpoint()
        for program in ["actor", "actor", "reward-worker", "reward-worker", "reward-worker"] {
            peers.append((program, try startPeer(program)))
        }
        try await cluster.untilVersions(1)
    }

    private func startPeer(_ program: String) throws -> RunningProgram {
        try cluster.start(program, ["--connect", address])
    }

    func victims() -> (learner: Int32?, peers: [Int32]) {
        (
            learner.flatMap { $0.isRunning ? $0.identifier : nil },
            peers.filter(\.running.isRunning).map(\.running.identifier)
        )
    }

    func mend() async throws {
        if let learner, !learner.isRunning {
            #expect([128 + SIGKILL, 128 + SIGTERM, 3].contains(learner.status), "\(learner.text)")
            self.learner = try cluster.startLearner(["--resume", "--listen", address])
        }
        for index in peers.indices where !peers[index].running.isRunning {
            let ended = peers[index].running
            #expect([128 + SIGKILL, 128 + SIGTERM, 0].contains(ended.status), "\(ended.text)")
            peers[index].running = try startPeer(peers[index].program)
        }
    }

    func stop() async throws {
        guard let learner else { return }
        learner.signal(SIGTERM)
        #expect(try await cluster.exit(of: learner, within: .seconds(90)) == 3, "\(learner.text)")
        for peer in peers { peer.running.signal(SIGTERM) }
        for peer in peers { _ = try await cluster.exit(of: peer.running) }
    }
}

/// The same processes under `druse launch`, which starts them again itself.
private final class Launched: Disturbed {
    let cluster: TestCluster
    private var launch: RunningProgram?

    init() throws { cluster = try TestCluster(versions: 100_000, liveness: nil) }

    func start() async throws {
        launch = try cluster.start(
            "druse",
            ["launch", "--config", cluster.configurationFile, "--actors", "2", "--reward-workers", "3"], isRole: false)
        try await cluster.untilVersions(1)
    }

    func victims() throws -> (learner: Int32?, peers: [Int32]) {
        let launch = try #require(launch)
        #expect(launch.isRunning, "\(launch.text)")
        let children = ProcessTable.children(of: launch.identifier)
        return (
            children.first { $0.program == "learner" }?.identifier,
            children.filter { $0.program != "learner" }.map(\.identifier)
        )
    }

    func mend() async throws {}

    func stop() async throws {
        let launch = try #require(launch)
        launch.signal(SIGTERM)
        #expect(try await cluster.exit(of: launch, within: .seconds(120)) == 3, "\(launch.text)")
    }
}

/// A small generator of random numbers that can be seeded.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
