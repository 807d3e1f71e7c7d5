package import Foundation

/// An answer of the server.
package struct HTTPResponse: Sendable {
    /// The statuses that it gives.
    package struct Status: Sendable, Hashable {
        package let code: Int
        package let phrase: String

        package static let ok = Status(code: 200, phrase: "OK")
        package static let seeOther = Status(code: 303, phrase: "See Other")
        package static let badRequest = Status(code: 400, phrase: "Bad Request")
        package static let unauthorized = Status(code: 401, phrase: "Unauthorized")
        package static let forbidden = Status(code: 403, phrase: "Forbidden")
        package static let notFound = Status(code: 404, phrase: "Not Found")
        package static let methodNotAllowed = Status(code: 405, phrase: "Method Not Allowed")
        package static let timeout = Status(code: 408, phrase: "Request Timeout")
        package static let headTooLarge = Status(code: 431, phrase: "Request Header Fields Too Large")
        package static let failure = Status(code: 500, phrase: "Internal Server Error")
        package static let busy = Status(code: 503, phrase: "Service Unavailable")
    }

    package enum Body: Sendable {
        case data(Data)
        /// Written by and by, on the connection's own thread, until it returns.
        case stream(@Sendable (HTTPStream) -> Void)
    }

    package let status: Status
    package var headers: [(name: String, value: String)]
    package let body: Body

    package init(
        _ status: Status = .ok, type: String = "text/plain; charset=utf-8", headers: [(String, String)] = [],
        body: Body
    ) {
        self.status = status
        self.headers = [("Content-Type", type)] + headers.map { (name: $0.0, value: $0.1) }
        self.body = body
    }

    /// A line for people.
    package init(_ status: Status, text: String) { self.init(status, body: .data(Data("\(text)\n".utf8))) }

    /// A JSON document.
    package init(json: String) {
        self.init(
            type: "application/json; charset=utf-8", headers: [("Cache-Control", "no-store")],
            body: .data(Data(json.utf8)))
    }

    /// What a browser may do with anything that comes from here: nothing but show it, by our own scripts and styles.
    private static let safety = [
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
    ]

    /// The head in bytes.
    func head(keepsConnection: Bool) -> Data {
        var text = "HTTP/1.1 \(status.code) \(status.phrase)\r\n"
        for (name, value) in headers + Self.safety { text += "\(name): \(value)\r\n" }
        if case .data(let data) = body { text += "Content-Length: \(data.count)\r\n" }
        text += "Connection: \(keepsConnection ? "keep-alive" : "close")\r\n\r\n"
        return Data(text.utf8)
    }

    /// Whether the connection ends with the answer.
    var endsConnection: Bool {
        if case .stream = body { return true }
        return ![.ok, .seeOther, .notFound, .unauthorized].contains(status)
    }
}
