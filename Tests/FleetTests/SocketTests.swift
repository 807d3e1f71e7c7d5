import Base
import Coordination
import Fleet
import FleetFixtures
import Foundation
import Protocol
import Synchronization
import Testing
import Trajectories
import Transport

/// Whole runs over TCP on loopback, every role on threads of this process.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SocketTests {
    /// A learner's run: its last weights, its batches, its summary.
    struct Outcome: Sendable {
        var weights: [UInt8]
        var batches: [ScoredBatch]
        var summary: LearnerSummary
    }

    private func learner(
        _ configuration: LearnerConfiguration, observer: RecordingObserver, stop: StopToken = StopToken(),
        version: Int = 0, weights: [UInt8]? = nil, afterCheckpoint: @escaping @Sendable (Int) -> Void = { _ in }
    ) -> Running<Outcome> {
        Running {
            let trainer = weights.map { ToyTrainer(version: version, weights: $0) } ?? ToyTrainer()
            trainer.afterCheckpoint = afterCheckpoint
            let summary = try LearnerRole(configuration: configuration, observer: observer)
                .run(trainer: trainer, stop: stop)
            return Outcome(weights: trainer.weights, batches: trainer.batches, summary: summary)
        }
    }

    private func configuration(versions: Int = 3) throws -> LearnerConfiguration {
        var configuration = try Toys.configuration(versions: versions)
        configuration.timing.heartbeat = .milliseconds(50)
        configuration.timing.liveness = .milliseconds(1500)
        configuration.timing.report = .milliseconds(100)
        return configuration
    }

    /// The weights of an undisturbed run with so many peers.
    private func run(actors: Int, workers: Int, threads: Int = 1, versions: Int = 3) throws -> Outcome {
        let observer = RecordingObserver()
        let learner = learner(try configuration(versions: versions), observer: observer)
        let endpoint = try #require(observer.awaitStart())
        let peers =
            (0..<actors).map { ToyRoles.actor(ToyRoles.peer(endpoint, process: $0, threads: threads)) }
            + (0..<workers).map { ToyRoles.worker(ToyRoles.peer(endpoint, process: 100 + $0, threads: threads)) }
        let outcome = try learner.value()
        for peer in peers { try peer.value() }
        return outcome
    }

    @Test func run_anyNumberOfPeersAndThreads_givesTheSameWeights() throws {
        let one = try run(actors: 1, workers: 1)
        let many = try run(actors: 3, workers: 4, threads: 2)
        #expect(one.summary.isComplete)
        #expect(one.weights == many.weights)
        #expect(one.batches.map { $0.crystals.map(\.sampled) } == many.batches.map { $0.crystals.map(\.sampled) })
        #expect(many.summary.counters.crystalsFinished == 150)
        #expect(many.summary.counters.rejectedMessages.isEmpty)
    }

    @Test func run_withObserver_reportsEverything() throws {
        let observer = RecordingObserver()
        var configuration = try configuration()
        configuration.versions = 8
        let learner = learner(configuration, observer: observer)
        let endpoint = try #require(observer.awaitStart())
        let actor = ToyRoles.actor(ToyRoles.peer(endpoint))
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint))
        _ = try learner.value()
        try actor.value()
        try worker.value()
        let record = observer.record
        #expect(record.steps.map(\.step) == (0..<8).map { Step($0) })
        #expect(record.steps.allSatisfy { $0.trainedOn.count == 50 })
        #expect(Set(record.joined.map(\.role)) == [.actor, .rewardWorker])
        #expect(record.left == [.goodbye("shutdown"), .goodbye("shutdown")])
        #expect(!record.hubReports.isEmpty)
        #expect(record.problems.isEmpty)
    }

    /// Three batches in a row of which nothing can be learnt end the run, a shorter run if none of its batches has
    /// anything; the peers are told why.
    @Test(arguments: [(6, "3 batches in a row"), (2, "2 batches in a row"), (1, "the only batch")])
    func nothingToLearnFrom_endsTheRunWithItsReason(versions: Int, count: String) throws {
        struct Failing: CrystalMeasurer {
            func measure(_ items: [WorkItem]) -> [MeasuringResult] {
                items.map { _ in MeasuringResult(outcome: .failed(.engine("no disk")), seconds: 0) }
            }
        }
        let observer = RecordingObserver()
        let learner = learner(try configuration(versions: versions), observer: observer)
        let endpoint = try #require(observer.awaitStart())
        let peers = [
            ToyRoles.actor(ToyRoles.peer(endpoint)),
            ToyRoles.worker(ToyRoles.peer(endpoint, process: 2), makeMeasurer: { _ in Failing() }),
        ]
        let error = try #require(throws: RoleError.self) { try learner.value() }
        #expect("\(error)".contains("nothing could be learnt from \(count)") && "\(error)".contains("no disk"))
        #expect(error.isLasting)
        // The last of them is not made: a resumed run tries it again.
        #expect(observer.record.steps.count == min(versions, 3) - 1)
        for peer in peers { try peer.value() }
    }

    @Test func peerThatVanishes_itsUnitIsSampledByAnother() throws {
        let observer = RecordingObserver()
        let learner = learner(try configuration(versions: 1), observer: observer)
        let endpoint = try #require(observer.awaitStart())
        let unit = try takeUnitAndVanish(endpoint)
        #expect(unit.unit == 0)
        let actor = ToyRoles.actor(ToyRoles.peer(endpoint))
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint))
        let outcome = try learner.value()
        try actor.value()
        try worker.value()
        #expect(outcome.summary.isComplete)
        #expect(outcome.summary.counters.unitsRegranted == 1)
        #expect(observer.record.left.contains(.lost))
        #expect(outcome.weights == (try run(actors: 1, workers: 1, versions: 1)).weights)
    }

    /// A hand-made actor that claims to hold the weights, is granted a unit, and is gone.
    private func takeUnitAndVanish(_ endpoint: Endpoint) throws -> WorkUnit {
        var client = try Client(endpoint)
        defer { client.close() }
        let welcome = try client.logIn(.actor)
        var weights = welcome.weights
        let deadline = Moment.now.advanced(by: .seconds(10))
        while Moment.now < deadline {
            if let weights {
                let ready = Readiness(window: 1, policy: weights.policy, reference: weights.reference)
                try client.send(.heartbeat(ready))
            } else {
                try client.send(.heartbeat(Readiness(window: 0)))
            }
            switch try client.receive() {
            case .heartbeatReply(let newest): weights = newest
            case .unitGrant(let grant): return grant.unit
            default: break
            }
        }
        throw ToyError.missing
    }

    /// More tasks at once than a connection queues: they come all the same, and the worker is not taken for lost.
    @Test func workerOfSixHundredThreads_isServedAndKept() throws {
        let observer = RecordingObserver()
        var configuration = try configuration(versions: 1)
        configuration.crystalsPerBatch = 2100
        configuration.crystalsPerUnit = 100
        let learner = learner(configuration, observer: observer)
        let endpoint = try #require(observer.awaitStart())
        let actor = ToyRoles.actor(ToyRoles.peer(endpoint, process: 2, threads: 2))
        var client = try Client(endpoint)
        _ = try client.logIn(.rewardWorker)
        var (held, most, isOver) = ([RewardTask](), 0, false)
        var lastBeat: Moment?
        while !isOver {
            if lastBeat.map({ $0.duration(to: .now) > .milliseconds(100) }) ?? true {
                try client.send(.heartbeat(Readiness(window: 600)))
                lastBeat = .now
            }
            switch try client.receive() {
            case .task(let task): held.append(task)
            case .shutdown: isOver = true
            default: break
            }
            most = max(most, held.count)
            guard held.count == 600 || (most == 600 && !held.isEmpty) else { continue }
            for task in held {
                let results = task.items.map { MeasuringResult(outcome: Toys.outcome(of: $0), seconds: 1) }
                try client.send(.taskResult(TaskResult(epoch: task.epoch, task: task.id, results: results)))
            }
            held.removeAll()
        }
        try client.send(.goodbye("shutdown"))
        let outcome = try learner.value()
        try actor.value()
        client.close()
        #expect(most == 600)
        #expect(outcome.summary.counters.crystalsFinished == 2100)
        #expect(outcome.summary.counters.tasksRequeued == 0)
        #expect(!observer.record.left.contains(.lost))
    }

    @Test func hello_otherProtocolVersion_isRefusedWithItsReason() throws {
        let observer = RecordingObserver()
        let stop = StopToken()
        let learner = learner(try configuration(), observer: observer, stop: stop)
        let client = try Client(#require(observer.awaitStart()))
        var envelope = Druse_Envelope()
        envelope.protocol = 1
        envelope.hello = Druse_Hello()
        try client.send(frame: envelope.frame())
        guard case .refusal(let refusal) = try client.receive() else {
            Issue.record("no refusal")
            return
        }
        #expect(refusal.code == .protocolVersion)
        #expect(refusal.reason.contains("protocol version 1"))
        client.close()
        stop.stop("test")
        let summary = try learner.value().summary
        #expect(!summary.isComplete)
        #expect(summary.counters.rejectedMessages == ["protocol-version": 1])
    }

    @Test func noise_fromAStranger_isCountedAndTheRunGoesOn() throws {
        let observer = RecordingObserver()
        let learner = learner(try configuration(), observer: observer)
        let endpoint = try #require(observer.awaitStart())
        let client = try Client(endpoint)
        for count in 0..<100 { try client.send(frame: [UInt8](repeating: 0xff, count: count)) }
        let actor = ToyRoles.actor(ToyRoles.peer(endpoint))
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint))
        let outcome = try learner.value()
        client.close()
        try actor.value()
        try worker.value()
        #expect(outcome.summary.isComplete)
        #expect(outcome.summary.counters.rejectedMessages.values.reduce(0, +) >= 100)
        #expect(observer.record.problems.count <= 3)
    }

    @Test func learnerKilledAndResumed_givesTheSameWeights() throws {
        let expected = try run(actors: 1, workers: 1, versions: 4).weights
        let observer = RecordingObserver()
        // The first life ends by an error right after its second checkpoint, before it announces the weights.
        let saved = Mutex<[UInt8]>([])
        var living = try configuration(versions: 4)
        // An address of its own: a port of 127.0.0.1 that is free for a moment may be taken by any connection.
        living.endpoint = try Endpoint("tcp://127.0.0.77:*")
        let first = Running<[UInt8]> { [living] in
            let trainer = DyingTrainer(diesAt: 2)
            _ = try? LearnerRole(configuration: living, observer: observer)
                .run(trainer: trainer, stop: StopToken())
            return trainer.inner.weights
        }
        let endpoint = try #require(observer.awaitStart())
        let actor = ToyRoles.actor(ToyRoles.peer(endpoint))
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint))
        let weights = try first.value()
        saved.withLock { $0 = weights }
        var resumed = try configuration(versions: 4)
        resumed.endpoint = endpoint
        let outcome = try onceThePortIsFree {
            try learner(resumed, observer: RecordingObserver(), version: 2, weights: weights).value()
        }
        try actor.value()
        try worker.value()
        #expect(outcome.summary.isComplete)
        #expect(outcome.batches.map(\.step) == [2, 3])
        #expect(outcome.weights == expected)
    }

    /// Tries again while something else listens at all addresses of the port, of whose end nothing tells.
    private func onceThePortIsFree<Value>(_ body: () throws -> Value) throws -> Value {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            do { return try body() } catch {
                guard "\(error)".contains("Address already in use"), ContinuousClock.now < deadline else { throw error }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }

    @Test func stop_actorAndWorker_leaveWithSuccessAndTheRunGoesOn() throws {
        let observer = RecordingObserver()
        var configuration = try configuration(versions: 6)
        configuration.crystalsPerBatch = 200
        let stops = [StopToken(), StopToken()]
        let learner = learner(configuration, observer: observer) { version in
            if version == 2 { for stop in stops { stop.stop("test") } }
        }
        let endpoint = try #require(observer.awaitStart())
        let leaving = [
            ToyRoles.actor(ToyRoles.peer(endpoint, process: 1), stop: stops[0]),
            ToyRoles.worker(ToyRoles.peer(endpoint, process: 2), stop: stops[1]),
        ]
        let staying = [
            ToyRoles.actor(ToyRoles.peer(endpoint, process: 3)), ToyRoles.worker(ToyRoles.peer(endpoint, process: 4)),
        ]
        for peer in leaving { try peer.value() }
        let outcome = try learner.value()
        for peer in staying { try peer.value() }
        #expect(outcome.summary.isComplete)
        #expect(outcome.summary.counters.crystalsFinished == 1200)
        #expect(observer.record.left.filter { $0 == .goodbye("stopped") }.count == 2)
    }

    @Test func run_workerWithoutScorer_failsWithItsReason() throws {
        let observer = RecordingObserver()
        let stop = StopToken()
        let learner = learner(try configuration(), observer: observer, stop: stop)
        let endpoint = try #require(observer.awaitStart())
        let actor = ToyRoles.actor(ToyRoles.peer(endpoint))
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint)) { _ in throw ToyError.asked }
        let error = #expect(throws: RoleError.self) { try worker.value() }
        #expect(error?.description.contains("asked") == true)
        stop.stop("test")
        _ = try learner.value()
        try actor.value()
    }

    @Test func run_portTaken_failsWithAdvice() throws {
        let observer = RecordingObserver()
        let stop = StopToken()
        let first = learner(try configuration(), observer: observer, stop: stop)
        var configuration = try configuration()
        configuration.endpoint = try #require(observer.awaitStart())
        let error = #expect(throws: RoleError.self) {
            try learner(configuration, observer: RecordingObserver()).value()
        }
        #expect(error?.description.contains("another port") == true)
        stop.stop("test")
        _ = try first.value()
    }

    @Test func run_noLearner_givesUpWhenToldTo() throws {
        var peer = ToyRoles.peer(try Endpoint("tcp://127.0.0.1:1"))
        peer.patience = .milliseconds(300)
        let error = #expect(throws: RoleError.self) { try ToyRoles.actor(peer).value() }
        #expect(error?.description.contains("is it running") == true)
        #expect(throws: RoleError.self) { try ToyRoles.actor(ToyRoles.peer(Endpoint("tcp://*:*"))).value() }
    }
}

/// A trainer that fails after a checkpoint, before its weights are offered.
private final class DyingTrainer: BatchTrainer {
    let inner = ToyTrainer()
    private let diesAt: Int

    init(diesAt: Int) { self.diesAt = diesAt }

    func start() throws -> TrainingStart { try inner.start() }
    func train(_ batch: ScoredBatch) throws -> TrainedVersion { try inner.train(batch) }
    func checkpoint() throws {
        try inner.checkpoint()
        if inner.version == diesAt { throw ToyError.asked }
    }
}

/// A hand-made peer.
private struct Client {
    private let context: ZMQContext
    private let socket: ZMQSocket
    private let wakeup: Wakeup
    private var session: UInt64 = 0

    init(_ endpoint: Endpoint) throws {
        context = try ZMQContext()
        wakeup = try Wakeup()
        socket = try ZMQSocket(.dealer, in: context, options: .wire)
        try socket.connect(endpoint)
    }

    /// Waits for room in the queue, as a peer does that must not lose what it says.
    func send(frame: [UInt8]) throws {
        for _ in 0..<10_000 {
            guard try socket.send([frame]) == .full else { return }
            try ZMQPoller.wait(for: [], wakeup: wakeup, timeout: .milliseconds(1))
        }
        throw ToyError.missing
    }

    func send(_ message: PeerMessage) throws { try send(frame: message.encode(session: session)) }

    func receive() throws -> HubMessage {
        for _ in 0..<200 {
            if let frames = try socket.receive(), let frame = frames.first { return try HubMessage.decode(frame) }
            try ZMQPoller.wait(for: [socket], wakeup: wakeup, timeout: .milliseconds(50))
        }
        throw ToyError.missing
    }

    mutating func logIn(_ role: PeerRole) throws -> Welcome {
        try send(.hello(Hello(peer: Toys.peer(role), instance: 77)))
        guard case .welcome(let welcome) = try receive() else { throw ToyError.missing }
        session = welcome.session
        return welcome
    }

    func close() {
        socket.close()
        context.shutDown()
    }
}
