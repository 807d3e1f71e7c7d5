import Base
import Testing
import Transport

@Suite struct EndpointTests {
    @Test(arguments: [
        "tcp://127.0.0.1:5555", "tcp://*:5555", "tcp://login-3.cluster:5555", "tcp://[::1]:5555", "ipc:///run/druse",
        "inproc://hub",
    ])
    func init_goodText_readsBack(text: String) throws {
        #expect(try Endpoint(text).description == text)
    }

    @Test func init_portZeroAndStar_areAnyPort() throws {
        #expect(try Endpoint("tcp://127.0.0.1:*") == Endpoint("tcp://127.0.0.1:0"))
        #expect(try Endpoint("tcp://127.0.0.1:0").description == "tcp://127.0.0.1:*")
    }

    @Test(arguments: [
        "", "127.0.0.1:5555", "tcp://127.0.0.1", "tcp://:5555", "tcp://host:port", "tcp://host:65536", "tcp://host:-1",
        "tcp://::1:5555", "udp://host:1", "tcp://a b:1", "ipc://", "inproc://", "tcp://host:٣",
        String(repeating: "x", count: 1000),
    ])
    func init_badText_saysWhatIsWrong(text: String) {
        let error = #expect(throws: EndpointError.self) { try Endpoint(text) }
        #expect(error?.description.contains("tcp://127.0.0.1:5555") == true)
    }

    @Test func isDefinite_wildcards_areNot() throws {
        #expect(try Endpoint("tcp://10.0.0.1:5").isDefinite)
        #expect(try !Endpoint("tcp://*:5").isDefinite)
        #expect(try !Endpoint("tcp://10.0.0.1:0").isDefinite)
        #expect(try Endpoint("tcp://10.0.0.1:5").withPort(7)?.description == "tcp://10.0.0.1:7")
    }
}

@Suite struct EndpointAddressTests {
    @Test(arguments: ["localhost", "127.0.0.1", "127.4.5.6", "[::1]"]) func isLocal_loopback_is(host: String) throws {
        #expect(try Endpoint("tcp://\(host):5555").isLocal())
    }

    @Test(arguments: ["*", "0.0.0.0", "[::]", "10.1.2.3", "192.168.0.1", "[2001:db8::1]"])
    func isLocal_whereOthersReach_isNot(host: String) throws {
        #expect(try !Endpoint("tcp://\(host):5555").isLocal())
    }

    @Test func listening_names_areAddresses() throws {
        #expect(try Endpoint("tcp://localhost:5555").listening().description == "tcp://127.0.0.1:5555")
        #expect(try Endpoint("tcp://lo:*").listening().description == "tcp://127.0.0.1:*")
        #expect(try Endpoint("tcp://*:5555").listening().description == "tcp://*:5555")
        #expect(try Endpoint("tcp://[::1]:5555").listening().description == "tcp://[::1]:5555")
        let error = #expect(throws: EndpointError.self) { try Endpoint("tcp://no.such.host.invalid:1").listening() }
        #expect(error?.description.contains("no.such.host.invalid") == true)
    }

    @Test func fromThisMachine_wildcards_areLoopback() throws {
        #expect(try Endpoint("tcp://*:5").fromThisMachine.description == "tcp://127.0.0.1:5")
        #expect(try Endpoint("tcp://0.0.0.0:5").fromThisMachine.description == "tcp://127.0.0.1:5")
        #expect(try Endpoint("tcp://[::]:5").fromThisMachine.description == "tcp://[::1]:5")
        #expect(try Endpoint("tcp://10.0.0.1:5").fromThisMachine.description == "tcp://10.0.0.1:5")
        #expect(try Endpoint("tcp://*:5").fromAnywhere.isDefinite)
    }

    @Test func bind_nameOfAHost_saysItsAddress() throws {
        let context = try ZMQContext()
        defer { context.shutDown() }
        let socket = try ZMQSocket(.router, in: context, options: .wire)
        defer { socket.close() }
        let bound = try socket.bind(Endpoint("tcp://localhost:*"))
        #expect(bound.isDefinite)
        #expect(bound.description.hasPrefix("tcp://127.0.0.1:"))
    }

    @Test func connecting_nameOfAHost_isEachOfItsAddresses() throws {
        #expect(try Endpoint("tcp://localhost:5").connecting.first?.description == "tcp://127.0.0.1:5")
        #expect(try Endpoint("tcp://10.0.0.1:5").connecting.map(\.description) == ["tcp://10.0.0.1:5"])
        // Who knows no address now may know one later: the name is left to ZeroMQ.
        #expect(
            try Endpoint("tcp://no.such.host.invalid:5").connecting.map(\.description) == [
                "tcp://no.such.host.invalid:5"
            ])
    }

    @Test func settle_openPort_isDefiniteAndFree() throws {
        let endpoint = try FreePort.settle(Endpoint("tcp://127.0.0.1:*"))
        #expect(endpoint.isDefinite)
        #expect(try FreePort.settle(endpoint) == endpoint)
        let context = try ZMQContext()
        defer { context.shutDown() }
        let socket = try ZMQSocket(
            .router, in: context, options: ZMQSocket.Options(sendLimit: 1, largestMessage: 1, frames: 1))
        defer { socket.close() }
        let taken = try socket.bind(Endpoint("tcp://127.0.0.1:*"))
        let error = #expect(throws: ZMQError.self) { try FreePort.settle(taken) }
        #expect(error?.description.contains("\(taken)") == true, "\(error?.description ?? "")")
    }
}
