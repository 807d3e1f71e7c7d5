import Base
import Coordination
import Fleet
import FleetFixtures
import Foundation
import ProgramFixtures
import Protocol
import Security
import Testing
import Trajectories
import Transport

/// A learner with keys among strangers and a traitor: it goes on to the weights of a run that nobody disturbs.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct AttackTests {
    private static let silentConnections = 500

    private let cluster: TestCluster
    private let keys: KeyRing

    init() throws {
        cluster = try TestCluster()
        keys = try KeyRing(cluster.folder)
        // For both ends of the silent connections.
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private struct Noise: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 32) | (state << 32)
        }

        mutating func bytes(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 24) }
        }
    }

    @Test func learner_amongStrangersAndATraitor_goesOnToTheSameWeights() async throws {
        let honest = try keys.make("honest")
        _ = try keys.make("traitor")
        let learner = try cluster.startLearner(["--keys", keys.folder])
        let port = try #require(URLComponents(string: try await cluster.endpoint())?.port)
        // A worker whose words are kept, to be said again by others.
        let proxy = try #require(RecordingProxy(to: port))
        let worker = try cluster.start(
            "reward-worker", ["--connect", "tcp://127.0.0.1:\(proxy.port)", "--keys", honest])
        try await cluster.until("it logs in") { worker.text.contains("logged in") }
        let silent = (0..<Self.silentConnections).compactMap { _ in RawConnection(port: port) }
        #expect(silent.count == Self.silentConnections)
        try attackFromOutside(port: port, replaying: proxy.said)
        try attackWithWrongKeys(port: port)
        try attackFromInside(port: port)
        #expect(learner.isRunning, "\(learner.text)")
        #expect(cluster.versionLines == 0)
        let actor = try cluster.start("actor", ["--connect", "tcp://127.0.0.1:\(port)", "--keys", honest])
        // And on, while the run is on.
        var noise = Noise(state: 3)
        while learner.isRunning {
            for _ in 0..<20 { RawConnection(port: port)?.say(noise.bytes(200)) }
            try await Task.sleep(for: .milliseconds(20))
        }
        try await cluster.expectEnd(of: learner, and: [actor, worker])
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        for words in [
            "is not on the allow-list: not let in", "(handshake-mechanism)", "(handshake-key)", "(handshake)",
            "(foreign-key)", "(malformed)", "(damaged)",
        ] { #expect(learner.text.contains(words), "\(learner.text)") }
        withExtendedLifetime(silent) {}
    }

    /// Whatever one can say without a key.
    private func attackFromOutside(port: Int, replaying record: [UInt8]) throws {
        #expect(record.count > 64)
        var noise = Noise(state: 1)
        for count in 0..<200 { RawConnection(port: port)?.say(noise.bytes(count * 7)) }
        for mechanism in ["NULL", "PLAIN", "CURVE", "GSSAPI", "NONE", ""] {
            let greeting = RawConnection.greeting(mechanism)
            for end in stride(from: 1, through: greeting.count, by: 9) {
                RawConnection(port: port)?.say(Array(greeting.prefix(end)))
            }
            // Commands that are none, that are cut off, and whose lengths are beyond all bounds.
            for length in [0, 1, 199, 200, 201, 255] as [UInt8] {
                RawConnection(port: port)?.say(greeting + [4, length] + noise.bytes(Int(length)))
            }
            for length in [5 << 20, 1 << 31, 1 << 40, .max, .max / 2] as [UInt64] {
                let connection = try #require(RawConnection(port: port))
                connection.say(greeting + RawConnection.longFrame(flags: 4, length: length, noise.bytes(1000)))
                // Its size is enough, and nobody waits for the rest of it.
                if mechanism == "CURVE" { #expect(connection.isClosedSoon(), "\(length)") }
            }
            let huge = try #require(RawConnection(port: port))
            huge.say(greeting + RawConnection.longFrame(flags: 0, length: 8 << 20, noise.bytes(8 << 20)))
        }
        // What an honest peer said, once more, whole and in parts: the learner's part of the handshake is another one.
        for end in [record.count, record.count / 2, 64, 65, 264, 265] {
            let replay = try #require(RawConnection(port: port))
            replay.say(Array(record.prefix(end)))
            var heard = replay.hear()
            while !heard.isEmpty, end == record.count { heard = replay.hear() }
        }
    }

    /// Keys that nobody knows, and peers that take this learner for another.
    private func attackWithWrongKeys(port: Int) throws {
        let context = try ZMQContext()
        let endpoint = try Endpoint("tcp://127.0.0.1:\(port)")
        let learner = try keys.credentials("honest").server
        var sockets: [ZMQSocket] = []
        var monitors: [ConnectionMonitor] = []
        for number in 0..<60 {
            let server = number % 2 == 0 ? learner : try CurveEnd.makePair().publicKey
            let socket = try Self.socket(in: context, .client(CurveEnd.makePair(), server: server))
            monitors.append(try ConnectionMonitor(of: socket, in: context))
            try socket.connect(endpoint)
            _ = try socket.send([[1, 2, 3]])
            sockets.append(socket)
        }
        var failed: Set<Int> = []
        let deadline = Moment.now.advanced(by: .seconds(60))
        while failed.count < 60, Moment.now < deadline {
            for (number, monitor) in monitors.enumerated() {
                for change in try monitor.takeChanges() {
                    #expect(change != .agreed)
                    if case .failed = change { failed.insert(number) }
                }
            }
            try ZMQPoller.wait(for: monitors.map(\.events), wakeup: Wakeup(), timeout: .milliseconds(50))
        }
        #expect(failed.count == 60)
        for monitor in monitors { monitor.close() }
        for socket in sockets { socket.close() }
        context.shutDown()
    }

    /// Whatever the holder of a key can say: garbage, halves, messages of others, messages beyond all bounds.
    private func attackFromInside(port: Int) throws {
        let context = try ZMQContext()
        let endpoint = try Endpoint("tcp://127.0.0.1:\(port)")
        let (honest, traitor) = (try keys.credentials("honest"), try keys.credentials("traitor"))
        let known = try Self.socket(in: context, .client(honest.pair, server: honest.server))
        try known.connect(endpoint)
        let session = try Self.logIn(known, .evaluation, instance: 1)
        let socket = try Self.socket(in: context, .client(traitor.pair, server: traitor.server))
        try socket.connect(endpoint)
        // The words of another's session, a login as its process, and then everything that makes no sense.
        let stolen = try PeerMessage.goodbye("bye").encode(session: session)
        for _ in 0..<3 { try Self.say([stolen], socket) }
        let answer = try Self.answer(socket, to: .hello(hello(.evaluation, instance: 1)), session: 0)
        #expect(answer.contains("another key"))
        var noise = Noise(state: 2)
        let words = try PeerMessage.heartbeat(Readiness(window: 1)).encode(session: session)
        for count in 0..<300 {
            let noise = noise.bytes(count)
            try Self.say([count % 2 == 0 ? noise : noise.resealed], socket)
        }
        for count in words.indices { try Self.say([Array(words.prefix(count))], socket) }
        for count in 0..<300 {
            var changed = words
            changed[count % words.count] = UInt8(truncatingIfNeeded: noise.next())
            try Self.say([count % 2 == 0 ? changed : changed.resealed], socket)
        }
        try Self.say(Array(repeating: [1], count: 50), socket)
        try Self.say([[UInt8](repeating: 1, count: WireLimits.messageBytes)], socket)
        // The connection ends with this one.
        try Self.say([[UInt8](repeating: 1, count: WireLimits.messageBytes + 4096)], socket)
        // The honest peer is still logged in under the session that was named.
        try Self.say([PeerMessage.heartbeat(Readiness(window: 0)).encode(session: session)], known)
        #expect(try Self.hear(known, within: .seconds(20)) { if case .heartbeatReply = $0 { true } else { false } })
        try Self.say([stolen], known)
        try known.setLinger(.seconds(2))
        for socket in [known, socket] { socket.close() }
        context.shutDown()
    }

    private func hello(_ role: PeerRole, instance: UInt64) -> Hello {
        Hello(
            peer: PeerDescription(role: role, host: "test", process: 1, build: RoleProcess.build, threads: 1),
            instance: instance)
    }

    private static func socket(in context: ZMQContext, _ end: CurveEnd) throws -> ZMQSocket {
        var options = ZMQSocket.Options(sendLimit: 1000, largestMessage: 64 << 20, frames: 2)
        options.curve = end
        return try ZMQSocket(.dealer, in: context, options: options)
    }

    /// Waits for room, as one does that means everything to arrive.
    private static func say(_ frames: [[UInt8]], _ socket: ZMQSocket) throws {
        let deadline = Moment.now.advanced(by: .seconds(30))
        while try socket.send(frames) == .full, Moment.now < deadline {
            try ZMQPoller.wait(for: [], wakeup: Wakeup(), timeout: .milliseconds(2))
        }
    }

    private static func hear(
        _ socket: ZMQSocket, within limit: Duration, _ isIt: (HubMessage) -> Bool
    ) throws -> Bool {
        let deadline = Moment.now.advanced(by: limit)
        while Moment.now < deadline {
            if let frames = try socket.receive() {
                if let message = try? HubMessage.decode(frames[0]), isIt(message) { return true }
            } else {
                try ZMQPoller.wait(for: [socket], wakeup: Wakeup(), timeout: .milliseconds(50))
            }
        }
        return false
    }

    /// Logs in; the session.
    private static func logIn(_ socket: ZMQSocket, _ role: PeerRole, instance: UInt64) throws -> UInt64 {
        let peer = PeerDescription(role: role, host: "test", process: 1, build: RoleProcess.build, threads: 1)
        try say([PeerMessage.hello(Hello(peer: peer, instance: instance)).encode(session: 0)], socket)
        var session: UInt64 = 0
        #expect(
            try hear(socket, within: .seconds(20)) {
                guard case .welcome(let welcome) = $0 else { return false }
                session = welcome.session
                return true
            })
        return session
    }

    /// Says something until it is refused; the reason.
    private static func answer(_ socket: ZMQSocket, to message: PeerMessage, session: UInt64) throws -> String {
        try say([message.encode(session: session)], socket)
        var reason = ""
        _ = try hear(socket, within: .seconds(20)) {
            guard case .refusal(let refusal) = $0, refusal.code == .distrusted else { return false }
            reason = refusal.reason
            return true
        }
        return reason
    }
}
