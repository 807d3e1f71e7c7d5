/// A place to bind or connect to: `tcp://host:port`, `ipc://path` or `inproc://name`.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    package enum Transport: Sendable, Hashable {
        /// A host name, an address (IPv6 in brackets), an interface or `*`; a port, 0 for any free one.
        case tcp(host: String, port: Int)
        case ipc(path: String)
        case inproc(name: String)
    }

    package let transport: Transport

    package init(_ transport: Transport) {
        self.transport = transport
    }

    /// Reads an endpoint.
    ///
    /// - Throws: ``EndpointError`` that quotes the text, says what is wrong and shows a good one.
    package init(_ text: String) throws(EndpointError) {
        guard text.utf8.count <= 512 else { throw EndpointError(text: text, problem: "it is too long") }
        guard let separator = text.firstRange(of: "://") else {
            throw EndpointError(text: text, problem: "it has no transport")
        }
        let rest = String(text[separator.upperBound...])
        switch text[..<separator.lowerBound] {
        case "tcp": transport = try Self.tcp(rest, text)
        case "ipc":
            guard !rest.isEmpty, rest.utf8.count <= 100 else {
                throw EndpointError(text: text, problem: "the path must have 1 to 100 bytes")
            }
            transport = .ipc(path: rest)
        case "inproc":
            guard !rest.isEmpty else { throw EndpointError(text: text, problem: "the name is empty") }
            transport = .inproc(name: rest)
        case let other:
            throw EndpointError(text: text, problem: "the transport \"\(other)\" is not tcp, ipc or inproc")
        }
    }

    private static func tcp(_ rest: String, _ text: String) throws(EndpointError) -> Transport {
        guard let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") else {
            throw EndpointError(text: text, problem: "it has no port")
        }
        let host = String(rest[..<colon])
        let digits = rest[rest.index(after: colon)...]
        guard !host.isEmpty else { throw EndpointError(text: text, problem: "it has no host") }
        guard !digits.isEmpty else { throw EndpointError(text: text, problem: "it has no port") }
        if host.contains(":"), !(host.hasPrefix("[") && host.hasSuffix("]")) {
            throw EndpointError(text: text, problem: "an IPv6 address must stand in brackets")
        }
        guard !host.contains(where: { $0.isWhitespace || $0 == "/" || $0 == ";" }) else {
            throw EndpointError(text: text, problem: "the host has a character that no host has")
        }
        if digits == "*" { return .tcp(host: host, port: 0) }
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(digits), (0...65535).contains(port)
        else {
            throw EndpointError(text: text, problem: "the port \"\(digits)\" is not a number in 0...65535")
        }
        return .tcp(host: host, port: port)
    }

    /// The text ZeroMQ reads; port 0 is written `*`.
    package var description: String {
        switch transport {
        case .tcp(let host, let port): "tcp://\(host):\(port == 0 ? "*" : String(port))"
        case .ipc(let path): "ipc://\(path)"
        case .inproc(let name): "inproc://\(name)"
        }
    }

    /// The TCP port; nil for other transports.
    package var port: Int? {
        guard case .tcp(_, let port) = transport else { return nil }
        return port
    }

    /// The same host with another port; nil for other transports.
    package func withPort(_ port: Int) -> Endpoint? {
        guard case .tcp(let host, _) = transport else { return nil }
        return Endpoint(.tcp(host: host, port: port))
    }

    /// Whether one can connect to it: a definite host and port.
    package var isDefinite: Bool {
        guard case .tcp(let host, let port) = transport else { return true }
        return port != 0 && host != "*" && host != "0.0.0.0" && host != "[::]"
    }
}

/// Text that is not an endpoint.
package struct EndpointError: LastingError, Sendable, Hashable, CustomStringConvertible {
    package var text: String
    package var problem: String

    package var description: String {
        "\"\(text.prefix(80))\" is not an endpoint: \(problem). Write it like tcp://127.0.0.1:5555."
    }
}
