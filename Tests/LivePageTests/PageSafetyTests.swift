import Archive
import Foundation
import HTTP
import LivePage
import ProgramFixtures
import Testing

/// Who sees the page, and what a stranger can do to it.
@Suite(.timeLimit(.minutes(2))) struct PageSafetyTests {
    private let token = "0123456789abcdefTOKEN"

    @Test func page_onLoopback_needsNoToken_butItsOwnName() throws {
        let open = try OpenPage()
        #expect(!open.page.asksForToken)
        for host in ["127.0.0.1:\(open.port)", "localhost", "[::1]:80"] {
            #expect(try RawClient.answer(port: open.port, "/api/runs", host: host).hasPrefix("HTTP/1.1 200"))
        }
        // A site whose name leads here could otherwise read the page through a visitor's browser.
        for host in ["evil.example", "127.0.0.1.evil.example", ""] {
            #expect(try RawClient.answer(port: open.port, "/api/runs", host: host).hasPrefix("HTTP/1.1 403"))
        }
    }

    @Test func page_beyondLoopback_makesAToken() throws {
        let open = try OpenPage(address: "0.0.0.0:0")
        #expect(open.page.asksForToken)
        #expect(open.page.invitation.contains(try Regex("\\?token=[0-9a-f]{32}$")))
        #expect(try RawClient.answer(port: open.port, "/api/runs").hasPrefix("HTTP/1.1 401"))
        let other = try OpenPage(address: "0.0.0.0:0")
        #expect(open.page.invitation.split(separator: "=").last != other.page.invitation.split(separator: "=").last)
    }

    @Test func token_isAskedFor_andComesByAddressCookieOrHeader() throws {
        let open = try OpenPage(token: token)
        let port = open.port
        let asked = try RawClient.answer(port: port, "/")
        #expect(asked.hasPrefix("HTTP/1.1 401") && asked.contains("<form") && !asked.contains(token))
        for path in ["/api/runs", "/api/events", "/page.js", "/api/runs/0/config"] {
            #expect(try RawClient.answer(port: port, path).hasPrefix("HTTP/1.1 401"), "\(path)")
        }
        for wrong in ["", "x", String(token.dropLast()), token + "x", String(token.reversed())] {
            #expect(try RawClient.answer(port: port, "/?token=\(wrong)").hasPrefix("HTTP/1.1 401"), "\(wrong)")
        }
        let welcome = try RawClient.answer(port: port, "/?token=\(token)")
        #expect(welcome.hasPrefix("HTTP/1.1 303") && welcome.contains("Location: /\r\n"))
        #expect(welcome.contains("HttpOnly; SameSite=Strict"))
        let cookie = try #require(welcome.firstMatch(of: /Set-Cookie: ([^;]*);/)).output.1
        #expect(
            try RawClient.answer(port: port, "/api/runs", headers: "Cookie: a=b; \(cookie)\r\n").hasPrefix(
                "HTTP/1.1 200"))
        #expect(
            try RawClient.answer(port: port, "/api/runs", headers: "Authorization: Bearer \(token)\r\n").hasPrefix(
                "HTTP/1.1 200"))
        #expect(
            try RawClient.answer(port: port, "/api/runs", headers: "Authorization: Bearer \(token)x\r\n").hasPrefix(
                "HTTP/1.1 401"))
    }

    @Test func token_thatCouldBeGuessed_isRefused() throws {
        #expect(throws: PageError.self) { try OpenPage(token: "short") }
        #expect(throws: PageError.self) { try OpenPage(token: "0123456789abcdef; Path=/") }
    }

    @Test func answers_allowNothingButOurOwnScripts() throws {
        let open = try OpenPage()
        for path in ["/", "/page.js", "/api/runs", "/nothing"] {
            let answer = try RawClient.answer(port: open.port, path)
            #expect(answer.contains("Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'"))
            #expect(answer.contains("X-Content-Type-Options: nosniff") && !answer.contains("unsafe-"))
        }
        let page = try RawClient.answer(port: open.port, "/")
        #expect(!page.contains(" style=") && !page.contains(" onclick=") && !page.contains("http://"))
        #expect(page.components(separatedBy: "<script").count == 2 && page.contains("src=\"/page.js\""))
    }

    @Test(arguments: [
        "/../../../../etc/passwd", "/..%2f..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/page.js/../../run.json",
        "/api/runs/0/../../config.yaml", "/api/runs/..%5c..%5crun.json", "//etc/passwd", "/Resources/page.html",
        "/api/runs/0/crystals/..%2f..%2frun.json.cif", "/api/runs/7/overview", "/api/runs/0/lock", "/archive.sqlite",
        "/%00", "/api/runs/0/crystals/1-1.cif",
    ])
    func paths_leadNowhereElse(path: String) throws {
        let open = try OpenPage(versions: [1])
        let answer = try RawClient.answer(port: open.port, path)
        #expect(answer.hasPrefix("HTTP/1.1 404") || answer.hasPrefix("HTTP/1.1 400"), "\(path): \(answer.prefix(200))")
        #expect(!answer.contains("root:") && !answer.contains("run_id"))
    }

    @Test func requests_otherThanReading_areRefused() throws {
        let open = try OpenPage(versions: [1])
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get"] {
            #expect(try RawClient.answer(port: open.port, "/api/runs", method: method).hasPrefix("HTTP/1.1 405"))
        }
        let body = try RawClient.answer(port: open.port, "/", headers: "Content-Length: 5\r\n")
        #expect(body.hasPrefix("HTTP/1.1 400"))
        let head = try RawClient.answer(port: open.port, "/api/runs", method: "HEAD")
        #expect(head.hasPrefix("HTTP/1.1 200") && head.hasSuffix("\r\n\r\n"))
    }

    @Test func heads_thatAreTooLargeOrNoHeads_endTheConnection() throws {
        let open = try OpenPage(versions: [1])
        let endless = try RawClient(port: open.port)
        endless.send("GET / HTTP/1.1\r\nX: ")
        for _ in 0..<64 where endless.send(String(repeating: "a", count: 4096)) {}
        #expect(endless.read()?.hasPrefix("HTTP/1.1 431") ?? true)
        for text in [
            "\r\n\r\n", "hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nnonsense\r\n\r\n",
        ] {
            let client = try RawClient(port: open.port)
            client.send(text)
            #expect(client.read()?.hasPrefix("HTTP/1.1 400") == true, "\(text)")
        }
        let many = (0..<100).map { "X-\($0): 1\r\n" }.joined()
        #expect(try RawClient.answer(port: open.port, "/", headers: many).hasPrefix("HTTP/1.1 431"))
        #expect(try RawClient.answer(port: open.port, "/api/runs").hasPrefix("HTTP/1.1 200"))
    }

    @Test func clients_thatAreSlow_loseTheirConnection() throws {
        var limits = HTTPServer.Limits()
        limits.headTime = .milliseconds(200)
        limits.idleTime = .milliseconds(200)
        let open = try OpenPage(versions: [1], limits: limits)
        let silent = try RawClient(port: open.port)
        #expect(silent.read()?.isEmpty == true)
        let slow = try RawClient(port: open.port)
        slow.send("GET / HTTP/1.1\r\nHo")
        #expect(slow.read()?.hasPrefix("HTTP/1.1 408") == true)
    }

    @Test func connections_beyondTheLimit_areTurnedAway_andRoomComesBack() throws {
        var limits = HTTPServer.Limits()
        limits.connections = 4
        // The silent ones stay, however late this test is woken.
        limits.idleTime = .seconds(600)
        let open = try OpenPage(versions: [1], limits: limits)
        var silent = try (0..<4).map { _ in try RawClient(port: open.port) }
        // Accepted in the order in which they came.
        #expect(try RawClient.answer(port: open.port, "/api/runs").hasPrefix("HTTP/1.1 503"))
        // Nothing else uses them: optimised, they would be gone before.
        withExtendedLifetime(silent) {}
        silent.removeAll()
        var answer = ""
        let deadline = ContinuousClock.now + .seconds(20)
        while !answer.hasPrefix("HTTP/1.1 200"), ContinuousClock.now < deadline {
            answer = try RawClient.answer(port: open.port, "/api/runs")
        }
        #expect(answer.hasPrefix("HTTP/1.1 200"))
    }

    @Test func connection_isUsedForSeveralRequests() throws {
        let open = try OpenPage(versions: [1])
        let client = try RawClient(port: open.port)
        for _ in 0..<3 {
            client.send("GET /icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(client.read(until: "</svg>")?.hasPrefix("HTTP/1.1 200") == true)
        }
    }

    @Test func viewers_areToldOfChanges_andOfTheEnd() throws {
        let open = try OpenPage(versions: [2])
        let viewer = try RawClient(port: open.port)
        viewer.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let first = try #require(viewer.read(until: "\"steps\":2"))
        #expect(first.contains("Content-Type: text/event-stream") && first.contains("event: runs\ndata: {"))
        let metrics = try FileHandle(forWritingTo: open.runs[0].metrics)
        let text = try String(contentsOf: open.runs[0].metrics, encoding: .utf8)
        let last = try #require(text.split(separator: "\n").last)
        try metrics.seekToEnd()
        let next = last.replacing("\"step\":1,", with: "\"step\":2,").replacing(
            "\"version\":1,", with: "\"version\":2,")
        try metrics.write(contentsOf: Data("\(next)\n".utf8))
        #expect(viewer.read(until: "\"steps\":3") != nil)
        open.page.close()
        #expect(viewer.read()?.contains("event: end") == true)
    }

    @Test func port_thatIsTaken_isRefusedWithALine() throws {
        let open = try OpenPage(versions: [1])
        let error = #expect(throws: PageError.self) { try PageSocket(PageAddress("\(open.port)")) }
        #expect("\(try #require(error))".contains("name another address or port"))
        for text in ["nowhere:1:2", "127.0.0.1:99999", "no such host:80"] {
            #expect(throws: PageError.self, "\(text)") { try PageAddress(text) }
        }
        #expect(PageAddress.completing(["--page", "--resume"]) == ["--page", "127.0.0.1:0", "--resume"])
        #expect(PageAddress.completing(["--page"]) == ["--page", "127.0.0.1:0"])
        #expect(PageAddress.completing(["--page", "8000"]) == ["--page", "8000"])
    }
}
