import Base
import Coordination
import Crystals
import Fleet
import Protocol
import Synchronization
import Trajectories
import Transport

/// Some of the peers of a hub, on one thread: real connections, and as little else as can be. What they are given is
/// done after the time that it is to take, without any work.
final class SocketPeers {
    /// What the peers of all threads saw.
    final class Results: Sendable {
        private struct State {
            var dispatch = LatencyHistogram()
            var problem: String?
        }

        private let state = Mutex(State())

        var dispatch: LatencyHistogram { state.withLock { $0.dispatch } }
        var problem: String? { state.withLock { $0.problem } }

        func add(_ dispatch: LatencyHistogram) { state.withLock { $0.dispatch.add(dispatch) } }
        func fail(_ problem: String) { state.withLock { $0.problem = $0.problem ?? problem } }
    }

    /// What they do.
    struct Plan: Sendable {
        var endpoint: Endpoint
        var run: String
        var crystalsPerUnit: Int
        var crystals: [Crystal]
        /// Of a peer for a crystal, seconds.
        var sampleSeconds: Double
        var measureSeconds: Double
    }

    private struct Station {
        let role: PeerRole
        let socket: ZMQSocket
        var session: UInt64 = 0
        var readiness = Readiness(window: 2)
        /// When its thread is through with what it was given, seconds.
        var busyUntil = 0.0
        /// When results were sent that no new work has come for yet.
        var vacated: [Double] = []
        /// What is done at which time, the first first.
        var due: [(at: Double, message: PeerMessage)] = []
        var lastBeat = 0.0
    }

    private static let heartbeat = 1.0
    private static let messagesPerTurn = 16

    private let plan: Plan
    private let start = Moment.now
    private var stations: [Station] = []
    private var dispatch = LatencyHistogram()

    private init(_ plan: Plan, roles: [PeerRole], firstIndex: Int, context: ZMQContext) throws {
        self.plan = plan
        for (offset, role) in roles.enumerated() {
            let socket = try ZMQSocket(.dealer, in: context, options: .wire)
            try socket.connect(plan.endpoint)
            let description = PeerDescription(
                role: role, host: "host\((firstIndex + offset) / 8)", process: firstIndex + offset,
                build: "benchmark", threads: 1)
            let hello = PeerMessage.hello(Hello(peer: description, instance: UInt64(firstIndex + offset) + 1))
            _ = try socket.send([hello.encode(session: 0)])
            stations.append(Station(role: role, socket: socket))
        }
    }

    /// Starts a thread with peers of these roles, which goes on until it is stopped.
    static func start(
        _ plan: Plan, roles: [PeerRole], firstIndex: Int, stop: StopToken, results: Results
    ) -> RoleThread {
        RoleThread(name: "peers") {
            do {
                let context = try ZMQContext()
                defer { context.shutDown() }
                let wakeup = try Wakeup()
                let peers = try SocketPeers(plan, roles: roles, firstIndex: firstIndex, context: context)
                defer { for station in peers.stations { station.socket.close() } }
                while !stop.isStopped {
                    try ZMQPoller.wait(
                        for: peers.stations.map(\.socket), wakeup: wakeup, timeout: .milliseconds(1))
                    for index in peers.stations.indices { try peers.turn(of: index) }
                }
                results.add(peers.dispatch)
            } catch { results.fail("\(error)") }
        }
    }

    private var now: Double { start.duration(to: .now).seconds }

    private func turn(of index: Int) throws {
        for _ in 0..<Self.messagesPerTurn {
            guard let frames = try stations[index].socket.receive(), let frame = frames.first else { break }
            try take(HubMessage.decode(frame), at: index)
        }
        let now = now
        while let first = stations[index].due.first, first.at <= now {
            stations[index].due.removeFirst()
            try say(first.message, at: index)
            stations[index].vacated.append(now)
        }
        if stations[index].session != 0, now - stations[index].lastBeat >= Self.heartbeat { try beat(index) }
    }

    private func take(_ message: HubMessage, at index: Int) throws {
        switch message {
        case .welcome(let welcome):
            stations[index].session = welcome.session
            try follow(welcome.weights, at: index)
            try beat(index)
        case .announcement(let weights): try follow(weights, at: index)
        case .heartbeatReply(let weights): try follow(weights, at: index)
        case .unitGrant(let grant):
            noteWork(at: index)
            let sampled = BenchmarkCrystals.sampled(
                grant.unit, from: plan.crystals, crystalsPerUnit: plan.crystalsPerUnit)
            let result = UnitResult(
                run: plan.run, version: grant.unit.version, unit: grant.unit.unit, policy: grant.policy,
                crystals: sampled, seconds: plan.sampleSeconds)
            finish(.unitResult(result), after: plan.sampleSeconds * Double(sampled.count), at: index)
        case .task(let task):
            noteWork(at: index)
            let results = BenchmarkCrystals.results(of: task.items, seconds: plan.measureSeconds)
            finish(
                .taskResult(TaskResult(epoch: task.epoch, task: task.id, results: results)),
                after: plan.measureSeconds * Double(results.count), at: index)
        default: break
        }
    }

    /// As if an actor had pulled and loaded new weights at once.
    private func follow(_ weights: Announcement?, at index: Int) throws {
        guard let weights, stations[index].role == .actor, stations[index].readiness.policy != weights.policy else {
            return
        }
        stations[index].readiness.policy = weights.policy
        stations[index].readiness.reference = weights.reference
        if stations[index].session != 0 { try beat(index) }
    }

    private func noteWork(at index: Int) {
        guard let since = stations[index].vacated.first else { return }
        stations[index].vacated.removeFirst()
        if stations[index].role == .rewardWorker { dispatch.add(now - since) }
    }

    private func finish(_ message: PeerMessage, after seconds: Double, at index: Int) {
        let done = max(now, stations[index].busyUntil) + seconds
        stations[index].busyUntil = done
        stations[index].due.append((done, message))
    }

    private func beat(_ index: Int) throws {
        stations[index].lastBeat = now
        try say(.heartbeat(stations[index].readiness), at: index)
    }

    private func say(_ message: PeerMessage, at index: Int) throws {
        _ = try stations[index].socket.send([message.encode(session: stations[index].session)])
    }
}
