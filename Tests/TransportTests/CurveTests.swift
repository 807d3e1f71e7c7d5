import Base
import Protocol
import Security
import Testing
import Transport

/// Encrypted connections over TCP on loopback, both ends on the thread that runs the test.
@Suite struct CurveTests {
    private let context: ZMQContext
    private let wakeup: Wakeup
    private let serverPair: KeyPair
    private let handler: ZAPHandler
    private let router: ZMQSocket
    private let serverMonitor: ConnectionMonitor
    private let endpoint: Endpoint

    init() throws {
        context = try ZMQContext()
        wakeup = try Wakeup()
        serverPair = try CurveEnd.makePair()
        handler = try ZAPHandler(in: context)
        var options = ZMQSocket.Options.wire
        options.curve = .server(serverPair)
        router = try ZMQSocket(.router, in: context, options: options)
        serverMonitor = try ConnectionMonitor(of: router, in: context)
        endpoint = try router.bind(Endpoint("tcp://127.0.0.1:*"))
    }

    private func close(_ sockets: ZMQSocket...) {
        serverMonitor.close()
        for socket in sockets { socket.close() }
        router.close()
        handler.close()
        context.shutDown()
    }

    private func dealer(_ end: CurveEnd?, largest: Int = WireLimits.messageBytes) throws -> ZMQSocket {
        var options = ZMQSocket.Options(sendLimit: 100, largestMessage: largest, frames: WireLimits.frames)
        options.curve = end
        return try ZMQSocket(.dealer, in: context, options: options)
    }

    private func list(_ keys: [(String, PublicKey)]) throws -> AllowList {
        try AllowList(
            keys.map { name, key in
                let pair = KeyPair(publicKey: key, secretKey: try CurveEnd.makePair().secretKey)
                return KeyRecord(name: name, role: .any, pair: pair, created: "")
            }, path: "list")
    }

    /// What becomes of a connection: a message at the router, or why there is none.
    private enum Arrival: Equatable {
        case message([UInt8], user: String?)
        case failed(ConnectionMonitor.HandshakeFailure)
    }

    /// Runs both ends until something comes of the connection.
    private func arrival(
        from dealer: ZMQSocket, allowing list: AllowList, _ decided: (ZAPHandler.Decision) -> Void = { _ in }
    ) throws -> Arrival? {
        let monitor = try ConnectionMonitor(of: dealer, in: context)
        defer { monitor.close() }
        try dealer.connect(endpoint)
        _ = try dealer.send([[1, 2, 3]])
        for _ in 0..<200 {
            for decision in try handler.answer(by: list) { decided(decision) }
            if let frames = try router.receive() { return .message(frames.last ?? [], user: router.user) }
            for case .failed(let failure) in try monitor.takeChanges() { return .failed(failure) }
            try ZMQPoller.wait(
                for: [handler.requests, router, monitor.events], wakeup: wakeup, timeout: .milliseconds(50))
        }
        return nil
    }

    @Test func keyOnTheList_comesInUnderItsName() throws {
        let pair = try CurveEnd.makePair()
        let dealer = try dealer(.client(pair, server: serverPair.publicKey))
        var decisions: [ZAPHandler.Decision] = []
        let arrival = try arrival(from: dealer, allowing: list([("worker", pair.publicKey)])) { decisions.append($0) }
        let holder = KeyHolder(name: "worker", publicKey: pair.publicKey)
        #expect(arrival == .message([1, 2, 3], user: holder.text))
        #expect(decisions == [.admitted(holder)])
        close(dealer)
    }

    @Test func keyOffTheList_neverComesInAndHearsIt() throws {
        let pair = try CurveEnd.makePair()
        let dealer = try dealer(.client(pair, server: serverPair.publicKey))
        var decisions: [ZAPHandler.Decision] = []
        let arrival = try arrival(from: dealer, allowing: list([("other", CurveEnd.makePair().publicKey)])) {
            decisions.append($0)
        }
        #expect(arrival == .failed(.notAllowed))
        #expect(decisions == [.denied(pair.publicKey, address: "127.0.0.1")])
        close(dealer)
    }

    /// Whoever trusts another learner's key does not talk to this one.
    @Test func anotherServersKey_isNoConnection() throws {
        let pair = try CurveEnd.makePair()
        let dealer = try dealer(.client(pair, server: CurveEnd.makePair().publicKey))
        let arrival = try arrival(from: dealer, allowing: list([("worker", pair.publicKey)]))
        #expect(arrival == .failed(.brokenOff))
        let seen = try serverMonitor.takeChanges()
        #expect(seen.contains(.failed(.key)))
        close(dealer)
    }

    @Test func noKeys_isNoConnection() throws {
        let dealer = try dealer(nil)
        let arrival = try arrival(from: dealer, allowing: list([]))
        #expect(arrival == .failed(.mechanism) || arrival == .failed(.brokenOff))
        #expect(try serverMonitor.takeChanges().contains(.failed(.mechanism)))
        close(dealer)
    }

    /// The largest message of the protocol is none too large for being encrypted; a larger one never comes.
    @Test func largestMessage_arrivesEncrypted() throws {
        let pair = try CurveEnd.makePair()
        let list = try list([("worker", pair.publicKey)])
        let dealer = try dealer(.client(pair, server: serverPair.publicKey))
        try dealer.connect(endpoint)
        let largest = [UInt8](repeating: 9, count: WireLimits.messageBytes)
        _ = try dealer.send([largest])
        var got: [[UInt8]]?
        for _ in 0..<400 where got == nil {
            _ = try handler.answer(by: list)
            got = try router.receive()
            try ZMQPoller.wait(for: [handler.requests, router], wakeup: wakeup, timeout: .milliseconds(20))
        }
        #expect(got?.last == largest)
        close(dealer)
    }

    @Test func keysThatAreNoPair_areRefused() throws {
        let mixed = KeyPair(
            publicKey: try CurveEnd.makePair().publicKey, secretKey: try CurveEnd.makePair().secretKey)
        let error = try #require(throws: ZMQError.self) { try dealer(.client(mixed, server: serverPair.publicKey)) }
        #expect(error.description.contains("make a new key"))
        #expect(!error.description.contains(mixed.secretKey.revealed()))
        close()
    }

    @Test func secondHandler_isRefused() throws {
        #expect(throws: ZMQError.self) { try ZAPHandler(in: context) }
        close()
    }

    /// Without its handler a server lets nobody in, rather than everybody.
    @Test func serverWithoutHandler_letsNobodyIn() throws {
        let other = try ZMQContext()
        var options = ZMQSocket.Options.wire
        options.curve = .server(serverPair)
        let server = try ZMQSocket(.router, in: other, options: options)
        let place = try server.bind(Endpoint("tcp://127.0.0.1:*"))
        let client = try dealer(.client(CurveEnd.makePair(), server: serverPair.publicKey))
        let monitor = try ConnectionMonitor(of: client, in: context)
        try client.connect(place)
        _ = try client.send([[1]])
        var failures: [ConnectionMonitor.Change] = []
        for _ in 0..<100 where failures.isEmpty {
            failures = try monitor.takeChanges().filter { if case .failed = $0 { true } else { false } }
            #expect(try server.receive() == nil)
            try ZMQPoller.wait(for: [server, monitor.events], wakeup: wakeup, timeout: .milliseconds(50))
        }
        #expect(!failures.isEmpty)
        monitor.close()
        server.close()
        other.shutDown()
        close(client)
    }
}
