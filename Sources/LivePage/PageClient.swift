package import Foundation
internal import HTTP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Asks a page for its documents, for a terminal.
package struct PageClient: Sendable {
    private let address: PageAddress
    private let token: String?

    /// For a connection to come about, and for each piece of an answer, s.
    private static let patience = 10
    /// No document is larger, bytes.
    private static let largestAnswer = 64 << 20

    /// - Parameter url: As it was printed, `http://HOST:PORT/?token=...`, or without its parts.
    /// - Throws: ``PageError``.
    package init(url: String, token: String? = nil) throws(PageError) {
        guard !url.hasPrefix("https:") else {
            throw .address(text: url, reason: "pages are served by http; use a tunnel")
        }
        let parts = url.split(separator: "?", maxSplits: 1)
        address = try PageAddress(String(parts.first ?? ""))
        guard address.port != 0 else { throw .address(text: url, reason: "it has no port") }
        let query = parts.count > 1 ? parts[1].split(separator: "&").first { $0.hasPrefix("token=") } : nil
        self.token = token ?? query.map { String($0.dropFirst(6)) }
    }

    /// A document.
    ///
    /// - Parameter path: Such as "/api/runs", with its query.
    /// - Throws: ``PageError/connection(address:reason:)``.
    package func get(_ path: String) throws(PageError) -> Data {
        let bytes = try exchange(path)
        guard let end = bytes.firstRange(of: Data("\r\n\r\n".utf8)) else { throw failure("it is no page") }
        let status = String(decoding: bytes[..<end.lowerBound].prefix { $0 != 13 }, as: UTF8.self)
        switch status.split(separator: " ").dropFirst().first {
        case "200": return Data(bytes[end.upperBound...])
        case "401": throw failure("it asks for a token: give the whole address as it was printed, or --token")
        default: throw failure("it says \"\(status.prefix(60))\"")
        }
    }

    private func failure(_ reason: String) -> PageError { .connection(address: "\(address)", reason: reason) }

    private func exchange(_ path: String) throws(PageError) -> Data {
        let descriptor = try connected()
        defer { close(descriptor) }
        let credentials = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let request = "GET \(path) HTTP/1.0\r\nHost: \(address)\r\n\(credentials)\r\n"
        guard HTTPStream.write(Data(request.utf8), to: descriptor) else {
            throw failure("the connection broke")
        }
        var answer = Data()
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while answer.count < Self.largestAnswer {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count < 0, errno == EINTR { continue }
            if count == 0 { return answer }
            guard count > 0 else { throw failure(String(cString: strerror(errno))) }
            answer += piece[..<count]
        }
        throw failure("its answer has no end")
    }

    private func connected() throws(PageError) -> Int32 {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let host = address.host.hasPrefix("[") ? String(address.host.dropFirst().dropLast()) : address.host
        let code = getaddrinfo(host, "\(address.port)", &hints, &list)
        guard code == 0 else { throw failure(String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var reason = "it has no address"
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            let descriptor = socket(entry.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
            var time = timeval(tv_sec: Self.patience, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
            }
            if connect(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0 { return descriptor }
            reason = String(cString: strerror(errno))
            close(descriptor)
        }
        throw failure(reason)
    }
}
