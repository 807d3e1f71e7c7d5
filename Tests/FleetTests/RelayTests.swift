import Base
import Coordination
import Fleet
import FleetFixtures
import Foundation
import Logging
import Protocol
import Testing
import Trajectories
import Transport

/// Relays between a learner and its actors, over TCP on loopback, every role on threads of this process.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RelayTests {
    private static let weightBytes = 300_000
    private static let versions = 3

    private func learner(_ observer: RecordingObserver) throws -> Running<Outcome> {
        var configuration = try Toys.configuration(versions: Self.versions)
        configuration.timing.heartbeat = .milliseconds(50)
        configuration.timing.report = .milliseconds(100)
        return Running { [configuration] in
            let trainer = ToyTrainer()
            let summary = try LearnerRole(configuration: configuration, observer: observer)
                .run(trainer: trainer, stop: StopToken())
            return Outcome(weights: trainer.weights, summary: summary)
        }
    }

    private struct Outcome: Sendable {
        var weights: [UInt8]
        var summary: LearnerSummary
    }

    /// A relay, and where it listens.
    private func relay(of learner: Endpoint) throws -> (Running<RelayCore.Counters>, Endpoint) {
        var peer = ToyRoles.peer(learner, process: 50)
        peer.report = .seconds(5)
        let configuration = RelayConfiguration(peer: peer, endpoint: try Endpoint("tcp://127.0.0.1:*"))
        let started = Mailbox<Endpoint>(capacity: 1)
        let running = Running {
            try RelayRole(
                configuration: configuration, logger: Logger(label: "relay", factory: { _ in SwiftLogNoOpLogHandler() })
            ).run(stop: StopToken()) { _ = started.post($0) }
        }
        return (running, try #require(started.receive(timeout: .seconds(20))))
    }

    private func actor(_ learner: Endpoint, process: Int, relay: Endpoint) -> Running<Void> {
        var peer = ToyRoles.peer(learner, process: process)
        peer.relay = RelayPlace(endpoint: relay)
        // The machine may be busy.
        peer.relay?.grace = .seconds(30)
        peer.relay?.patience = .seconds(30)
        return ToyRoles.actor(peer)
    }

    private static let undisturbed: Result<[UInt8], any Error> = Result {
        let observer = RecordingObserver()
        let learner = try RelayTests().learner(observer)
        guard let endpoint = observer.awaitStart() else { throw ToyError.missing }
        let peers = [
            ToyRoles.actor(ToyRoles.peer(endpoint)), ToyRoles.worker(ToyRoles.peer(endpoint, process: 2)),
        ]
        let outcome = try learner.value()
        for peer in peers { try peer.value() }
        return outcome.weights
    }

    /// However many actors stand behind it, each version leaves the learner once.
    @Test func manyActors_costTheLearnerOneTransferOfEachVersion() throws {
        let observer = RecordingObserver()
        let learner = try learner(observer)
        let endpoint = try #require(observer.awaitStart())
        let (running, place) = try relay(of: endpoint)
        let actors = (0..<4).map { actor(endpoint, process: $0, relay: place) }
        // The work begins when all have their weights, so that each has them of the relay.
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint, process: 100))
        let outcome = try learner.value()
        let counters = try running.value()
        for peer in actors + [worker] { try peer.value() }
        #expect(outcome.weights == (try Self.undisturbed.get()))
        let once = Self.versions * Self.weightBytes + 3
        #expect(outcome.summary.counters.blobBytes == once)
        #expect(counters.bytesPulled == once)
        #expect(counters.bytesServed >= once, "\(counters)")
        #expect(outcome.summary.counters.rejectedMessages.isEmpty)
    }

    /// One that sends other bytes is found out by each actor, which asks the learner from then on.
    @Test func relayThatLies_isGoneAround() throws {
        let observer = RecordingObserver()
        let learner = try learner(observer)
        let endpoint = try #require(observer.awaitStart())
        let liar = try LyingRelay()
        let actors = (0..<2).map { actor(endpoint, process: $0, relay: liar.endpoint) }
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint, process: 100))
        let outcome = try learner.value()
        for peer in actors + [worker] { try peer.value() }
        #expect(outcome.weights == (try Self.undisturbed.get()))
        // Two pieces of a policy, and the reference: what each asked for until it knew.
        let lies = liar.stop()
        #expect((1...6).contains(lies), "\(lies)")
        #expect(outcome.summary.counters.blobBytes >= Self.versions * Self.weightBytes)
    }

    /// A learner whose relay never answers, and one that goes away in the middle, is as good as one without.
    @Test func relayThatIsNotThere_costsNothing() throws {
        let observer = RecordingObserver()
        let learner = try learner(observer)
        let endpoint = try #require(observer.awaitStart())
        var peer = ToyRoles.peer(endpoint)
        peer.relay = RelayPlace(endpoint: try Endpoint("tcp://127.0.0.1:9"))
        let peers = [ToyRoles.actor(peer), ToyRoles.worker(ToyRoles.peer(endpoint, process: 100))]
        let outcome = try learner.value()
        for peer in peers { try peer.value() }
        #expect(outcome.weights == (try Self.undisturbed.get()))
    }

    @Test func relay_beyondLoopbackWithoutKeys_isRefused() throws {
        let configuration = RelayConfiguration(
            peer: ToyRoles.peer(try Endpoint("tcp://127.0.0.1:5555")), endpoint: try Endpoint("tcp://*:*"))
        let error = #expect(throws: RoleError.self) {
            try RelayRole(
                configuration: configuration, logger: Logger(label: "relay", factory: { _ in SwiftLogNoOpLogHandler() })
            ).run(stop: StopToken())
        }
        #expect(error?.description.contains("--insecure") == true)
    }

    /// An actor that comes late to a run with weights of 20 MB has them within a second; the best of three, since the
    /// machine may be busy.
    @Test func lateJoin_of20Megabytes_takesLessThanASecond() throws {
        final class Waiting: UnitSampler {
            let loaded = Mailbox<Moment>(capacity: 1)
            func load(policy: Blob, reference: Blob, version: PolicyVersion) { _ = loaded.post(.now) }
            func sample(_ unit: WorkUnit) throws -> [SampledCrystal] { try Toys.crystals(of: unit) }
        }
        let observer = RecordingObserver()
        let stop = StopToken()
        let configuration = try Toys.configuration()
        let learner = Running {
            try LearnerRole(configuration: configuration, observer: observer)
                .run(trainer: ToyTrainer(weights: Array(repeating: 7, count: 20_000_000)), stop: stop).isComplete
        }
        let endpoint = try #require(observer.awaitStart())
        var times: [Duration] = []
        for process in 1...3 {
            let sampler = Waiting()
            let leave = StopToken()
            let begin = Moment.now
            let actor = ToyRoles.actor(ToyRoles.peer(endpoint, process: process), stop: leave, sampler: sampler)
            let loaded = try #require(sampler.loaded.receive(timeout: .seconds(20)))
            times.append(begin.duration(to: loaded))
            leave.stop("test")
            try actor.value()
        }
        stop.stop("test")
        #expect(try !learner.value())
        print("a late join with 20 MB: \(times.map { "\($0.milliseconds) ms" }.joined(separator: ", "))")
        #expect(try #require(times.min()) < .seconds(1), "\(times)")
    }

    /// 64 read the weights, of which 8 ask and never read: the others have theirs as if they were alone.
    @Test func readersThatAreStuck_delayNobody() throws {
        let observer = RecordingObserver()
        let stop = StopToken()
        let configuration = try Toys.configuration()
        let learner = Running {
            try LearnerRole(configuration: configuration, observer: observer)
                .run(trainer: ToyTrainer(weights: Array(repeating: 7, count: 4_000_000)), stop: stop).isComplete
        }
        let endpoint = try #require(observer.awaitStart())
        var alone = try Readers(endpoint, count: 56, stuck: 0)
        let first = try alone.pullAll()
        alone.close()
        var together = try Readers(endpoint, count: 56, stuck: 8)
        let second = try together.pullAll()
        together.close()
        stop.stop("test")
        #expect(try !learner.value())
        print("56 readers of 4 MB: \(first.milliseconds) ms, with 8 stuck beside them \(second.milliseconds) ms")
        #expect(second < first * 3 + .seconds(1))
    }
}

/// A relay that answers each request with as many wrong bytes as are asked for.
private final class LyingRelay: Sendable {
    let endpoint: Endpoint
    private let end = StopToken()
    private let counted = Mailbox<Int>(capacity: 1)
    private let thread: Running<Void>

    init() throws {
        let started = Mailbox<Endpoint>(capacity: 1)
        let (end, counted) = (end, counted)
        thread = Running {
            let context = try ZMQContext()
            defer { context.shutDown() }
            let router = try ZMQSocket(.router, in: context, options: .wire)
            defer { router.close() }
            _ = started.post(try router.bind(Endpoint("tcp://127.0.0.1:*")))
            let wakeup = try Wakeup()
            var count = 0
            while !end.isStopped {
                try ZMQPoller.wait(for: [router], wakeup: wakeup, timeout: .milliseconds(20))
                while let frames = try router.receive(), frames.count == 2 {
                    guard case .chunkRequest(let digest, let index) = try PeerMessage.decode(frames[1]).message else {
                        continue
                    }
                    count += 1
                    let bytes = Data(repeating: 9, count: index == 0 ? Blob.chunkBytes : 300_000 - Blob.chunkBytes)
                    let lie = HubMessage.chunk(BlobChunk(blob: digest, index: index, bytes: bytes))
                    _ = try router.send([frames[0], try lie.encode()])
                }
            }
            _ = counted.post(count)
        }
        guard let endpoint = started.receive(timeout: .seconds(20)) else { throw ToyError.missing }
        self.endpoint = endpoint
    }

    /// Ends it; how often it lied.
    func stop() -> Int {
        end.stop("test")
        return counted.receive(timeout: .seconds(20)) ?? -1
    }
}

/// Hand-made peers that pull the newest weights, all on one thread; some of them ask, and read nothing.
private struct Readers {
    private struct Reader {
        let socket: ZMQSocket
        var session: UInt64 = 0
        var pull: BlobPull?
        var isDone: Bool { pull?.blob != nil }
    }

    private let context: ZMQContext
    private let wakeup: Wakeup
    private var readers: [Reader] = []
    private var stuck: [ZMQSocket] = []

    /// Logs them in; the stuck ones have asked for pieces when this returns.
    init(_ endpoint: Endpoint, count: Int, stuck stuckCount: Int) throws {
        context = try ZMQContext()
        wakeup = try Wakeup()
        for index in 0..<count + stuckCount {
            let socket = try ZMQSocket(.dealer, in: context, options: .wire)
            try socket.connect(endpoint)
            let (session, digest) = try logIn(socket, process: index)
            if index < count {
                readers.append(Reader(socket: socket, session: session, pull: BlobPull(digest: digest)))
            } else {
                // Four times what an honest peer asks for ahead.
                for piece in 0..<4 * BlobPull.window {
                    let request = PeerMessage.chunkRequest(digest, index: piece % 15)
                    _ = try socket.send([request.encode(session: session)])
                }
                stuck.append(socket)
            }
        }
    }

    /// The session of a login, and the weights, as soon as there are some.
    private func logIn(_ socket: ZMQSocket, process: Int) throws -> (session: UInt64, weights: Digest) {
        let hello = Hello(peer: Toys.peer(.actor, process: process), instance: UInt64(1000 + process))
        _ = try socket.send([PeerMessage.hello(hello).encode(session: 0)])
        let begin = Moment.now
        var session: UInt64 = 0
        while begin.duration(to: .now) < .seconds(20) {
            try ZMQPoller.wait(for: [socket], wakeup: wakeup, timeout: .milliseconds(50))
            var weights: Announcement?
            switch try socket.receive()?.first.map(HubMessage.decode) {
            case .welcome(let welcome)?: (session, weights) = (welcome.session, welcome.weights)
            case .heartbeatReply(let newest)?: weights = newest
            case .announcement(let newest)?: weights = newest
            default: break
            }
            if let weights { return (session, weights.policy) }
            let beat = PeerMessage.heartbeat(Readiness(window: 0))
            if session != 0 { _ = try socket.send([beat.encode(session: session)]) }
        }
        throw ToyError.missing
    }

    /// Pulls all; how long that took.
    mutating func pullAll() throws -> Duration {
        let begin = Moment.now
        while let open = readers.firstIndex(where: { !$0.isDone }) {
            guard begin.duration(to: .now) < .seconds(40) else { throw ToyError.missing }
            for index in readers.indices where !readers[index].isDone {
                let socket = readers[index].socket
                while let frame = try socket.receive()?.first {
                    switch try HubMessage.decode(frame) {
                    case .manifest(let manifest): readers[index].pull?.receive(manifest)
                    case .chunk(let chunk): readers[index].pull?.receive(chunk)
                    default: break
                    }
                }
                for request in readers[index].pull?.requests(now: .now) ?? [] {
                    _ = try socket.send([request.encode(session: readers[index].session)])
                }
            }
            try ZMQPoller.wait(for: [readers[open].socket], wakeup: wakeup, timeout: .milliseconds(5))
        }
        return begin.duration(to: .now)
    }

    func close() {
        for reader in readers { reader.socket.close() }
        for socket in stuck { socket.close() }
        context.shutDown()
    }
}
