import Foundation

/// A TCP connection to loopback that says whatever it is told; closed with its owner.
final class RawConnection {
    private let descriptor: Int32

    /// Nil if nobody takes it.
    init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard status == 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Says as much of it as the other end takes.
    func say(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// What came next; empty at the end of the connection, or if nothing comes for a while.
    func hear() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        return Array(bytes.prefix(max(0, count)))
    }

    /// Whether the other end closes the connection, before it would for silence.
    func isClosedSoon() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 1 << 12)
        while true {
            let count = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count == 0 || (count < 0 && errno == ECONNRESET) { return true }
            if count < 0 { return false }
        }
    }

    /// ZMTP 3.1's greeting with a mechanism.
    static func greeting(_ mechanism: String) -> [UInt8] {
        let name = Array(mechanism.utf8)
        return [0xff] + [UInt8](repeating: 0, count: 8) + [0x7f, 3, 1] + name
            + [UInt8](repeating: 0, count: 20 - name.count + 32)
    }

    /// A frame whose length is told in eight bytes.
    static func longFrame(flags: UInt8, length: UInt64, _ content: [UInt8]) -> [UInt8] {
        [flags | 2] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + content
    }
}

/// Hands on what goes to and fro between a peer and a learner, and keeps what the peer says.
final class RecordingProxy: @unchecked Sendable {
    let port: Int
    private let lock = NSLock()
    private var record: [UInt8] = []
    private let listener: Int32

    /// What the peer of the first connection has said so far.
    var said: [UInt8] { lock.withLock { record } }

    /// Listens, and takes one connection.
    init?(to target: Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, size) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, pointer, &size) == 0
            }
        }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        guard status else { return nil }
        Thread.detachNewThread { [self] in
            let near = accept(listener, nil, nil)
            guard near >= 0, let far = Self.connection(to: target) else { return }
            Thread.detachNewThread { Self.pump(from: far, to: near) { _ in } }
            Self.pump(from: near, to: far) { bytes in self.lock.withLock { self.record += bytes } }
        }
    }

    deinit { close(listener) }

    private static func connection(to port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        return status == 0 ? descriptor : nil
    }

    private static func pump(from source: Int32, to target: Int32, _ note: ([UInt8]) -> Void) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(source, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { break }
            note(Array(buffer.prefix(count)))
            var rest = buffer[..<count]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard sent > 0 else { break }
                rest = rest.dropFirst(sent)
            }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }
}
