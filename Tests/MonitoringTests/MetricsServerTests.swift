import Base
import Foundation
import Monitoring
import ProgramFixtures
import Testing

@Suite struct MetricsServerTests {
    private func serve(_ board: StatusBoard, now: Date = Date()) throws -> MetricsServer {
        try MetricsServer(
            at: ServedAddress(port: 0), pages: .learner(board, build: "0.1.0", now: { now }))
    }

    private func get(_ server: MetricsServer, _ path: String, method: String = "GET") async throws -> PlainHTTP.Answer {
        let url = "http://\(server.address)\(path)"
        return try await OwnThread.run { try PlainHTTP.get(url, method: method) }
    }

    @Test func pages_ofALearner_areServed() async throws {
        let board = StatusBoard()
        let server = try serve(board)
        defer { server.close() }
        #expect(server.address.isLoopback && server.address.port > 0)
        let early = try await get(server, "/readyz")
        #expect(early.status == 503 && early.text == "the learner starts\n")
        #expect(try await get(server, "/healthz").status == 200)
        #expect(try await get(server, "/status.json").status == 503)
        let bare = try await get(server, "/metrics")
        #expect(MetricsTable.families(of: bare.text) == Set(Metrics.everywhere.map(\.name)))
        var status = RunStatusTests.whole
        status.time = Date()
        board.put(status)
        #expect(try await get(server, "/readyz").text == "ok\n")
        let page = try await get(server, "/metrics")
        #expect(page.status == 200 && page.headers["content-type"] == MetricPage.contentType)
        #expect(page.text.contains("\ndruse_policy_version 7\n"))
        let json = try await get(server, "/status.json")
        #expect(json.headers["content-type"] == "application/json")
        #expect(RunStatus(json: json.body)?.fleet == status.fleet)
        #expect(RunStatus(json: json.body)?.verdict != nil)
        #expect(try await get(server, "/etc/passwd").status == 404)
        #expect(try await get(server, "/metrics", method: "POST").status == 405)
        board.put(RunStatus(run: "a", directory: "b", state: .finished))
        #expect(try await get(server, "/healthz").status == 200)
    }

    @Test func health_ofAHubThatIsSilent_isBad() async throws {
        let board = StatusBoard()
        board.put(RunStatusTests.whole)
        let server = try serve(board, now: RunStatusTests.whole.time.addingTimeInterval(121))
        defer { server.close() }
        let answer = try await get(server, "/healthz")
        #expect(answer.status == 503 && answer.text == "the hub has not been heard of for 121 s\n")
    }

    @Test func server_atAPortThatIsTaken_saysSo() throws {
        let server = try serve(StatusBoard())
        defer { server.close() }
        let port = server.address.port
        #expect(throws: MonitoringError.listen("127.0.0.1:\(port)", reason: "the port is taken")) {
            try MetricsServer(at: ServedAddress(port: port), pages: .learner(StatusBoard(), build: ""))
        }
    }

    @Test func address_thatIsNone_isRefused() throws {
        #expect(throws: MonitoringError.port(70_000)) { try ServedAddress(port: 70_000) }
        let nowhere = try ServedAddress(host: "no such host", port: 0)
        #expect(throws: MonitoringError.host("no such host")) {
            try MetricsServer(at: nowhere, pages: .learner(StatusBoard(), build: ""))
        }
        #expect(try ServedAddress(host: "*", port: 1).served(port: 7).description.hasSuffix(":7"))
        #expect(try ServedAddress(host: "::1", port: 1).served(port: 7).description == "[::1]:7")
        #expect(try ServedAddress(host: "localhost", port: 1).isLoopback)
        #expect(try !ServedAddress(host: "10.0.0.1", port: 1).isLoopback)
    }

    /// What is no request, or never ends, holds nobody up.
    @Test func server_underNonsense_goesOn() async throws {
        let board = StatusBoard()
        board.put(RunStatusTests.whole)
        let server = try serve(board)
        defer { server.close() }
        let port = UInt16(server.address.port)
        for nonsense in ["\0\u{1}\r\n\r\n", "GET\r\n\r\n", "GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n"] {
            _ = try? await OwnThread.run {
                try PlainHTTP.exchange(Array(nonsense.utf8), host: ServedAddress.loopback, port: port)
            }
            #expect(try await get(server, "/metrics").status == 200)
        }
    }
}
