import Base
import Protocol
import Testing
import Transport

/// The tests run sockets on the thread that runs the test, without suspension.
@Suite struct ZMQSocketTests {
    /// Polls until a message is there.
    private func next(_ socket: ZMQSocket, _ wakeup: Wakeup) throws -> [[UInt8]]? {
        for _ in 0..<100 {
            if let frames = try socket.receive() { return frames }
            try ZMQPoller.wait(for: [socket], wakeup: wakeup, timeout: .milliseconds(50))
        }
        return nil
    }

    @Test func bind_anyPort_tellsTheRealOne() throws {
        let context = try ZMQContext()
        let router = try ZMQSocket(.router, in: context, options: .wire)
        let endpoint = try router.bind(Endpoint("tcp://127.0.0.1:*"))
        #expect(endpoint.isDefinite)
        router.close()
        context.shutDown()
    }

    @Test func bind_takenPort_failsWithOperationAndEndpoint() throws {
        let context = try ZMQContext()
        let first = try ZMQSocket(.router, in: context, options: .wire)
        let second = try ZMQSocket(.router, in: context, options: .wire)
        let endpoint = try first.bind(Endpoint("tcp://127.0.0.1:*"))
        let error = #expect(throws: ZMQError.self) { try second.bind(endpoint) }
        #expect(error?.operation == "zmq_bind")
        #expect(error?.description.contains(endpoint.description) == true)
        first.close()
        second.close()
        context.shutDown()
    }

    @Test func send_betweenDealerAndRouter_goesThereAndBack() throws {
        let context = try ZMQContext()
        let wakeup = try Wakeup()
        let router = try ZMQSocket(.router, in: context, options: .wire)
        let dealer = try ZMQSocket(.dealer, in: context, options: .wire)
        try dealer.connect(router.bind(Endpoint("tcp://127.0.0.1:*")))
        #expect(try dealer.send([[1, 2, 3]]) == .sent)
        let request = try #require(try next(router, wakeup))
        #expect(request.count == 2)
        #expect(request[1] == [1, 2, 3])
        #expect(try router.send([request[0], [4]]) == .sent)
        #expect(try next(dealer, wakeup) == [[4]])
        router.close()
        dealer.close()
        context.shutDown()
    }

    @Test func send_toUnknownPeer_isUnreachable() throws {
        let context = try ZMQContext()
        let router = try ZMQSocket(.router, in: context, options: .wire)
        _ = try router.bind(Endpoint("tcp://127.0.0.1:*"))
        #expect(try router.send([[0, 1, 2, 3, 4], [1]]) == .unreachable)
        router.close()
        context.shutDown()
    }

    @Test func receive_oversizedMessage_neverArrivesAndOthersDo() throws {
        let context = try ZMQContext()
        let wakeup = try Wakeup()
        let router = try ZMQSocket(.router, in: context, options: .wire)
        let endpoint = try router.bind(Endpoint("tcp://127.0.0.1:*"))
        let bad = try ZMQSocket(.dealer, in: context, options: .wire)
        try bad.connect(endpoint)
        _ = try bad.send([[UInt8](repeating: 0, count: WireLimits.messageBytes + 1)])
        let good = try ZMQSocket(.dealer, in: context, options: .wire)
        try good.connect(endpoint)
        _ = try good.send([[7]])
        #expect(try next(router, wakeup)?.last == [7])
        #expect(try router.receive() == nil)
        for socket in [router, bad, good] { socket.close() }
        context.shutDown()
    }

    @Test func receive_messageOfManyFrames_keepsFewAndTellsIt() throws {
        let context = try ZMQContext()
        let wakeup = try Wakeup()
        let router = try ZMQSocket(.router, in: context, options: .wire)
        let dealer = try ZMQSocket(.dealer, in: context, options: .wire)
        try dealer.connect(router.bind(Endpoint("tcp://127.0.0.1:*")))
        _ = try dealer.send(Array(repeating: [1], count: 50))
        let frames = try #require(try next(router, wakeup))
        #expect(frames.count == WireLimits.frames + 1)
        router.close()
        dealer.close()
        context.shutDown()
    }

    @Test func wait_wakeupFromAnotherThread_returnsBeforeTheDeadline() async throws {
        let wakeup = try Wakeup()
        let begin = ContinuousClock.now
        wakeup.signal()
        try ZMQPoller.wait(for: [], wakeup: wakeup, timeout: .seconds(30))
        #expect(begin.duration(to: .now) < .seconds(20))
    }

    @Test func shutDown_twice_isFine() throws {
        let context = try ZMQContext()
        context.shutDown()
        context.shutDown()
        #expect(throws: ZMQError.self) { try ZMQSocket(.dealer, in: context, options: .wire) }
    }
}
