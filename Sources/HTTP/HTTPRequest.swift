internal import Foundation

/// A request as the server takes it: GET or HEAD, without a body.
package struct HTTPRequest: Sendable {
    /// What is wrong with what a client sent, and the status that says so.
    struct Problem: Error, Hashable {
        let status: HTTPResponse.Status
    }

    package let isHead: Bool
    /// Decoded, beginning with "/".
    package let path: String
    /// Decoded; of a name that comes twice the last one counts.
    package let query: [String: String]
    /// By name in small letters; of a name that comes twice the first one counts.
    package let headers: [String: String]
    /// Whether the client will ask again over the same connection.
    let keepsConnection: Bool

    /// So many lines may stand in a head.
    private static let headerLimit = 64

    /// - Parameter head: All bytes up to the empty line that ends it.
    init(head: some Sequence<UInt8>) throws(Problem) {
        let text = String(decoding: Array(head), as: UTF8.self)
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: true)[...]
        let parts = (lines.popFirst() ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2].hasPrefix("HTTP/1."), parts[1].hasPrefix("/") else {
            throw Problem(status: .badRequest)
        }
        guard lines.count <= Self.headerLimit else { throw Problem(status: .headTooLarge) }
        guard parts[0] == "GET" || parts[0] == "HEAD" else { throw Problem(status: .methodNotAllowed) }
        isHead = parts[0] == "HEAD"
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw Problem(status: .badRequest)
            }
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            if headers[name] == nil { headers[name] = value }
        }
        // What has a body would be read as the next request.
        if headers["transfer-encoding"] != nil || Int(headers["content-length"] ?? "0") != 0 {
            throw Problem(status: .badRequest)
        }
        self.headers = headers
        let connection = headers["connection"]?.lowercased() ?? ""
        keepsConnection = parts[2] == "HTTP/1.1" ? !connection.contains("close") : connection.contains("keep-alive")
        let target = parts[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = String(target[0]).removingPercentEncoding, Self.isHarmless(path) else {
            throw Problem(status: .badRequest)
        }
        self.path = path
        query = target.count > 1 ? Self.query(target[1]) : [:]
    }

    /// Paths are looked up in a table and lead to no file; what could only be meant as an attack is refused all the
    /// same.
    private static func isHarmless(_ path: String) -> Bool {
        !path.contains("..") && !path.contains("\\") && !path.unicodeScalars.contains { $0.value < 0x20 }
    }

    private static func query(_ text: Substring) -> [String: String] {
        var query: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            func decoded(_ part: Substring) -> String? {
                part.replacing("+", with: " ").removingPercentEncoding
            }
            guard let name = decoded(parts[0]), let value = parts.count > 1 ? decoded(parts[1]) : "" else { continue }
            query[name] = value
        }
        return query
    }

    /// The value of a cookie.
    package func cookie(_ name: String) -> String? {
        for part in (headers["cookie"] ?? "").split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2, pair[0].trimmingCharacters(in: .whitespaces) == name { return String(pair[1]) }
        }
        return nil
    }
}
