import Base
import Coordination
import Crystals
import Protocol
import Trajectories

/// The hub at full load: batches of crystals through its core, frames included, with simulated peers that take no time.
///
/// Only the hub's own time is counted: reading frames, deciding, writing frames, ticks, heartbeats and the state for
/// the learner, as often as they come in that time.
struct HubBenchmark {
    /// A peer whose work is done as soon as it is given out.
    private struct SimulatedPeer {
        let role: PeerRole
        let routing: RoutingID
        var session: UInt64 = 0
        var readiness: Readiness
    }

    /// What a peer has to say; made into a frame when its turn comes.
    private enum Reply {
        case message(PeerMessage)
        case sampled(UnitGrant)
        case measured(RewardTask)
    }

    private static let crystalsPerUnit = 32
    private static let crystalsPerTask = 8
    private static let tickInterval = 0.005
    private static let stateInterval = 0.1
    private static let heartbeat = 1.0

    private let configuration: LearnerConfiguration
    private var core: HubCore
    private var peers: [SimulatedPeer] = []
    private var places: [RoutingID: Int] = [:]
    private var replies: ArraySlice<(peer: Int, reply: Reply)> = []
    private let crystals: [Crystal]
    private let start = Moment.now
    /// Time that the hub itself took, seconds: its clock.
    private(set) var seconds = 0.0
    /// Of frames in both directions.
    private(set) var byteCount = 0
    private(set) var crystalCount = 0
    /// From a frame that makes room at a peer to the frame with its next work: what the hub does in between.
    private(set) var dispatch = LatencyHistogram()
    private var isComplete = false
    private var lastTick = 0.0
    private var lastState = 0.0
    private var heartbeats = 0.0
    private var nextHeartbeat = 0

    /// Of some peers, a quarter, but one at least.
    static func actorCount(ofPeers count: Int) -> Int { max(1, count / 4) }

    /// A hub with peers logged in.
    ///
    /// - Parameters:
    ///   - peers: At least two.
    ///   - crystals: Each is sampled again and again.
    init(peers count: Int, crystals: [Crystal]) throws {
        self.crystals = crystals
        configuration = LearnerConfiguration(
            run: "benchmark", runSeed: 1, endpoint: try Endpoint("tcp://127.0.0.1:*"), versions: 1,
            crystalsPerBatch: max(4096, 16 * count), crystalsPerUnit: Self.crystalsPerUnit,
            crystalsPerTask: Self.crystalsPerTask)
        core = HubCore(configuration: configuration, generator: SystemRandomNumberGenerator())
        let actors = Self.actorCount(ofPeers: count)
        for index in 0..<count {
            let role = index < actors ? PeerRole.actor : .rewardWorker
            let routing = RoutingID(bytes: (0..<5).map { UInt8(truncatingIfNeeded: (index + 1) >> (8 * $0)) })
            peers.append(SimulatedPeer(role: role, routing: routing, readiness: Readiness(window: 3)))
            places[routing] = index
            let description = PeerDescription(
                role: role, host: "host\(index / 8)", process: index, build: "benchmark", threads: 2)
            replies.append((index, .message(.hello(Hello(peer: description, instance: UInt64(index) + 1)))))
        }
        try settle()
        seconds = 0
        byteCount = 0
        dispatch = LatencyHistogram()
    }

    /// Makes one version's batch.
    mutating func makeBatch(version: Int) throws {
        let policy = Blob([1, 2, UInt8(truncatingIfNeeded: version)])
        let reference = Blob([0])
        isComplete = false
        for index in peers.indices where peers[index].role == .actor {
            peers[index].readiness.policy = policy.digest
            peers[index].readiness.reference = reference.digest
        }
        try count { $0.core.begin(version: PolicyVersion(version), policy: policy, reference: reference, now: $0.now) }
        for index in peers.indices { replies.append((index, .message(.heartbeat(peers[index].readiness)))) }
        while !isComplete {
            let before = seconds
            try settle()
            // Nothing is under way: time passes until the next tick.
            if !isComplete, replies.isEmpty { seconds = max(seconds, before + Self.tickInterval) }
        }
        crystalCount += configuration.crystalsPerBatch
    }

    private var now: Moment { start.advanced(by: .seconds(seconds)) }

    /// Lets the peers say what they have to say.
    private mutating func settle() throws {
        while let (peer, reply) = replies.popFirst() {
            let frame = try message(for: reply).encode(session: peers[peer].session)
            byteCount += frame.count
            try count(isFrame: true) { $0.core.receive(frame, from: $0.peers[peer].routing, now: $0.now) }
            try passTime()
        }
        try passTime()
    }

    /// What is due by the hub's clock.
    private mutating func passTime() throws {
        if seconds - lastTick >= Self.tickInterval {
            heartbeats += (seconds - lastTick) / Self.heartbeat * Double(peers.count)
            lastTick = seconds
            try count { $0.core.tick(now: $0.now) }
        }
        if seconds - lastState >= Self.stateInterval {
            lastState = seconds
            try count { _ = $0.core.state(now: $0.now) }
        }
        while heartbeats >= 1 {
            heartbeats -= 1
            nextHeartbeat = (nextHeartbeat + 1) % peers.count
            replies.append((nextHeartbeat, .message(.heartbeat(peers[nextHeartbeat].readiness))))
        }
    }

    /// Does something in the hub and writes the frames that follow, on the clock; then the peers get the messages.
    private mutating func count(isFrame: Bool = false, _ body: (inout HubBenchmark) throws -> Void) throws {
        var sent: [(RoutingID, HubMessage)] = []
        let begin = ThreadClock.seconds
        try body(&self)
        for effect in core.takeEffects() {
            switch effect {
            case .send(let message, let routing):
                byteCount += try message.encode().count
                sent.append((routing, message))
            case .batch: isComplete = true
            default: break
            }
        }
        let own = ThreadClock.seconds - begin
        seconds += own
        if isFrame, sent.contains(where: { $0.1.isWork }) { dispatch.add(own) }
        for (routing, message) in sent { take(message, at: routing) }
    }

    private mutating func take(_ message: HubMessage, at routing: RoutingID) {
        guard let index = places[routing] else { return }
        switch message {
        case .welcome(let welcome): peers[index].session = welcome.session
        case .unitGrant(let grant): replies.append((index, .sampled(grant)))
        case .task(let task): replies.append((index, .measured(task)))
        default: break
        }
    }

    private func message(for reply: Reply) -> PeerMessage {
        switch reply {
        case .message(let message): return message
        case .sampled(let grant):
            let sampled = BenchmarkCrystals.sampled(
                grant.unit, from: crystals, crystalsPerUnit: configuration.crystalsPerUnit)
            return .unitResult(
                UnitResult(
                    run: configuration.run, version: grant.unit.version, unit: grant.unit.unit,
                    policy: grant.policy, crystals: sampled, seconds: 0.1))
        case .measured(let task):
            let results = BenchmarkCrystals.results(of: task.items, seconds: 0.01)
            return .taskResult(TaskResult(epoch: task.epoch, task: task.id, results: results))
        }
    }
}

extension HubMessage {
    /// Whether it gives a peer something to do.
    fileprivate var isWork: Bool {
        switch self {
        case .unitGrant, .task: true
        default: false
        }
    }
}

extension Benchmarks {
    /// The numbers of peers that the hub is measured with.
    static let peerCounts = [2, 10, 100, 500, 1_000, 10_000]

    /// Crystals through the hub with as many simulated peers.
    func hub(_ crystals: [Crystal], peers: Int) throws -> BenchmarkRecord {
        var hub = try HubBenchmark(peers: peers, crystals: crystals)
        var version = 0
        repeat {
            try hub.makeBatch(version: version)
            version += 1
        } while hub.seconds < minimumSeconds
        let actors = HubBenchmark.actorCount(ofPeers: peers)
        var record = BenchmarkRecord(
            benchmark: "hub", shape: "\(peers) peers, \(actors) of them actors", threads: 1,
            crystals: hub.crystalCount, seconds: hub.seconds)
        record.peers = peers
        record.microsecondsPerCrystal = hub.seconds * 1e6 / Double(max(1, hub.crystalCount))
        record.bytesPerCrystal = Double(hub.byteCount) / Double(max(1, hub.crystalCount))
        record.dispatchMicroseconds = hub.dispatch.microseconds
        return record
    }
}
