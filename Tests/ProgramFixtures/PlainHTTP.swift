package import Foundation

/// Asks for pages as a program without any library does: a socket, a request, an answer until the end.
package enum PlainHTTP {
    package struct Answer: Sendable {
        package let status: Int
        /// In lower case.
        package let headers: [String: String]
        package let body: Data

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Asks for a page of a server with an IPv4 address.
    ///
    /// - Parameter url: such as `http://127.0.0.1:9100/metrics`.
    package static func get(_ url: String, method: String = "GET") throws -> Answer {
        guard let url = URL(string: url), let host = url.host(), let port = url.port else {
            throw Failure(description: "\(url) is no address")
        }
        let path = url.path().isEmpty ? "/" : url.path() + (url.query().map { "?\($0)" } ?? "")
        let request = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
        return try answer(try exchange(Array(request.utf8), host: host, port: UInt16(clamping: port)))
    }

    /// Sends bytes and reads all that comes.
    package static func exchange(_ bytes: [UInt8], host: String, port: UInt16) throws -> [UInt8] {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw Failure(description: "no socket") }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, size) }
        }
        guard status == 0 else {
            throw Failure(description: "nobody listens at \(host):\(port): \(String(cString: strerror(errno)))")
        }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(description: "the request was not taken")
        }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &piece, piece.count, 0)
            guard count > 0 else { break }
            answer += piece[..<count]
            // Some servers keep the connection whatever is asked.
            if isWhole(answer) { break }
        }
        return answer
    }

    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        guard let answer = try? answer(bytes), let length = answer.headers["content-length"].flatMap({ Int($0) })
        else { return false }
        return answer.body.count >= length
    }

    private static func answer(_ bytes: [UInt8]) throws -> Answer {
        let data = Data(bytes)
        guard let end = data.range(of: Data("\r\n\r\n".utf8)) else {
            throw Failure(description: "no answer: \(data.count) bytes")
        }
        let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) }
        guard let status else { throw Failure(description: "no answer: \(lines[0])") }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        let body = Data(data[end.upperBound...])
        let isChunked = headers["transfer-encoding"]?.lowercased() == "chunked"
        return Answer(status: status, headers: headers, body: isChunked ? try joined(body) : body)
    }

    /// The body that was sent in chunks (RFC 9112, section 7.1).
    private static func joined(_ chunks: Data) throws -> Data {
        var (body, rest) = (Data(), chunks[...])
        while let end = rest.range(of: Data("\r\n".utf8)) {
            let digits = String(decoding: rest[..<end.lowerBound], as: UTF8.self).prefix { $0 != ";" }
            guard let count = Int(digits, radix: 16) else { break }
            if count == 0 { return body }
            body += rest[end.upperBound...].prefix(count)
            rest = rest[end.upperBound...].dropFirst(count + 2)
        }
        throw Failure(description: "an answer in chunks that does not end: \(chunks.count) bytes")
    }
}
