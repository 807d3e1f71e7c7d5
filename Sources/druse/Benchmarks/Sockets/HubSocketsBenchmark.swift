import Base
import Coordination
import Crystals
import Fleet
import Foundation
import Trajectories
import Transport

/// The hub as it runs, its thread and its sockets, with peers that are connected over loopback and do nothing but
/// answer.
struct HubSocketsBenchmark {
    private static let crystalsPerUnit = 32
    private static let crystalsPerTask = 8
    private static let peerThreads = 4
    /// One in four is an actor, as in the benchmark of the core.
    private static let actorShare = 4
    private static let patience = Duration.seconds(600)

    let peers: Int
    let crystals: [Crystal]
    /// Crystals that are to pass in a second, with reward workers as the bottleneck; nil: as many as go.
    let offered: Double?

    /// Passes a batch through a hub.
    ///
    /// - Throws: `ToolFailure` if the hub or a peer fails, or what is waited for takes ten minutes.
    func run(batch: Int) throws -> (clock: Double, figures: BenchmarkRecord.Sockets) {
        let actors = max(1, peers / Self.actorShare)
        let workers = peers - actors
        let configuration = LearnerConfiguration(
            run: "benchmark", runSeed: 1, endpoint: try Endpoint("tcp://127.0.0.1:*"), versions: 1,
            crystalsPerBatch: batch, crystalsPerUnit: Self.crystalsPerUnit, crystalsPerTask: Self.crystalsPerTask)
        let context = try ZMQContext()
        defer { context.shutDown() }
        let before = Set(ThreadTimes.all.keys)
        let hub = try Hub(configuration: configuration, context: context)
        guard case .started(let endpoint) = hub.outputs.receive(timeout: .seconds(30)) else {
            throw ToolFailure("the hub did not start")
        }
        let own = ThreadTimes.all.filter { !before.contains($0.key) }
        let plan = SocketPeers.Plan(
            endpoint: endpoint, run: configuration.run, crystalsPerUnit: Self.crystalsPerUnit, crystals: crystals,
            // Actors are a little faster than reward workers, so that there is always something to measure.
            sampleSeconds: offered.map { Double(actors) / $0 / 1.25 } ?? 0,
            measureSeconds: offered.map { Double(workers) / $0 } ?? 0)
        let (stop, results) = (StopToken(), SocketPeers.Results())
        // Each thread has actors and workers alike.
        let roles = (0..<peers).map { $0 % Self.actorShare == 0 ? PeerRole.actor : .rewardWorker }
        let size = (peers + Self.peerThreads - 1) / Self.peerThreads
        let threads = stride(from: 0, to: peers, by: size).map { first in
            SocketPeers.start(
                plan, roles: Array(roles[first..<min(peers, first + size)]), firstIndex: first, stop: stop,
                results: results)
        }
        defer {
            stop.stop("the benchmark is over")
            hub.post(.stop)
            for thread in threads { thread.join(timeout: .seconds(10)) }
            hub.join(timeout: .seconds(10))
        }
        try wait(results, "the peers did not log in") {
            _ = hub.events.receive(timeout: .milliseconds(20))
            return hub.state.map { $0.actors + $0.rewardWorkers == peers } ?? false
        }
        let times = Self.times(of: own)
        let begin = ContinuousClock.now
        hub.post(.begin(version: 0, policy: Blob([1, 2, 3]), reference: Blob([0])))
        try wait(results, "the batch does not become complete") {
            while let output = hub.outputs.receive(timeout: .milliseconds(20)) {
                if case .batch = output { return true }
            }
            return false
        }
        let clock = (ContinuousClock.now - begin) / .seconds(1)
        let after = Self.times(of: own)
        stop.stop("the batch is complete")
        for thread in threads { thread.join(timeout: .seconds(10)) }
        let figures = BenchmarkRecord.Sockets(
            crystalsPerSecondByClock: Double(batch) / clock, crystalsPerSecondOffered: offered,
            hubMicrosecondsPerCrystal: (after.hub - times.hub) * 1e6 / Double(batch),
            transportMicrosecondsPerCrystal: (after.transport - times.transport) * 1e6 / Double(batch),
            dispatchMicroseconds: results.dispatch.microseconds)
        return (clock, figures)
    }

    /// Waits until something is so, which is asked again and again: to ask takes a moment.
    private func wait(_ results: SocketPeers.Results, _ problem: String, until isSo: () -> Bool) throws {
        let begin = ContinuousClock.now
        while !isSo() {
            if let failure = results.problem { throw ToolFailure("a peer failed: \(failure)") }
            guard ContinuousClock.now - begin < Self.patience else { throw ToolFailure(problem) }
        }
    }

    /// The processor time of the hub's thread and of the library's threads behind it, seconds.
    private static func times(of threads: [Int: (name: String, seconds: Double)]) -> (hub: Double, transport: Double) {
        var (hub, transport) = (0.0, 0.0)
        for (number, thread) in ThreadTimes.all where threads[number] != nil {
            if thread.name.hasPrefix("ZMQ") { transport += thread.seconds } else { hub += thread.seconds }
        }
        return (hub, transport)
    }
}

extension Benchmarks {
    /// Crystals through a hub with as many connections, as fast as it goes and at the rate that it is to sustain.
    func hubSockets(_ crystals: [Crystal], peers: Int, offered: Double?) throws -> BenchmarkRecord {
        let benchmark = HubSocketsBenchmark(peers: peers, crystals: crystals, offered: offered)
        // A third of a second's crystals say how many pass in the time that the measurement is to take.
        let rate = try offered ?? Double(8192) / benchmark.run(batch: 8192).clock
        let batch = max(8192, Int(rate * minimumSeconds))
        let (clock, figures) = try benchmark.run(batch: min(batch, 2_000_000))
        let pace = offered.map { ", \(Int($0)) crystals/s offered" } ?? ", as fast as it goes"
        var record = BenchmarkRecord(
            benchmark: "hub-sockets", shape: "\(peers) connections\(pace)", threads: 1, crystals: batch, seconds: clock)
        record.peers = peers
        record.microsecondsPerCrystal = figures.hubMicrosecondsPerCrystal
        record.sockets = figures
        return record
    }
}
