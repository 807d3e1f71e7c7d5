import Archive
import ArchiveFixtures
import Foundation
import HTTP
import LivePage
import ProgramFixtures

/// A page of made-up runs in a folder of their own.
final class OpenPage {
    let folder: TemporaryFolder
    let runs: [RunDirectory]
    let page: Page

    /// - Parameters:
    ///   - versions: Of each run.
    ///   - prepare: Changes a run's folder before it is shown.
    init(
        versions: [Int] = [6], address: String = "127.0.0.1:0", token: String? = nil,
        limits: HTTPServer.Limits = HTTPServer.Limits(), prepare: (RunDirectory) throws -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        var runs: [RunDirectory] = []
        for (index, count) in versions.enumerated() {
            var run = SyntheticRun(versionCount: count)
            runs.append(try run.write(to: folder.url.appending(path: "run-\(index)")))
        }
        for run in runs { try prepare(run) }
        self.runs = runs
        page = try Page(
            runs: runs, socket: PageSocket(PageAddress(address)), token: token, build: "test", limits: limits)
    }

    deinit { page.close() }

    var port: Int { page.address.port }

    /// A document, by a client with the token.
    func object(_ path: String) throws -> [String: Any] {
        let data = try PageClient(url: page.invitation).get(path)
        guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw CocoaError(.coderReadCorrupt)
        }
        return object
    }
}

/// A connection that sends what no browser would.
final class RawClient {
    private let descriptor: Int32

    /// - Parameter patience: How long a read waits, s.
    init(port: Int, patience: Int = 20) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var time = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(port).bigEndian
        place.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit { close(descriptor) }

    /// Sends a text; false if the other side has gone.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Reads until the other side ends, or until a text has come; nil if it says nothing in time.
    func read(until end: String? = nil) -> String? {
        var text = ""
        var piece = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count < 0, errno == ECONNRESET { return text }
            guard count >= 0 else { return nil }
            text += String(decoding: piece[..<count], as: UTF8.self)
            if count == 0 || end.map({ text.contains($0) }) ?? false { return text }
        }
    }

    /// The answer to a request, whole.
    static func answer(
        port: Int, _ target: String, host: String = "127.0.0.1", method: String = "GET", headers: String = ""
    ) throws -> String {
        let client = try RawClient(port: port)
        client.send("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\(headers)\r\n")
        return client.read() ?? "nothing"
    }
}
