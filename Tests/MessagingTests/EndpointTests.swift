import Messaging
import Testing

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
