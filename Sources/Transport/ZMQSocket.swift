package import Base
internal import CZeroMQ
internal import Security

/// A ZeroMQ socket, confined for life to the thread that made it: not `Sendable`, never blocking.
///
/// LINGER, high-water marks and the largest message are always set; `send` and `receive` return at once, and waiting is
/// ``ZMQPoller``'s.
package final class ZMQSocket {
    package enum Kind: Int32, Sendable {
        case pair = 0
        case dealer = 5
        case router = 6
    }

    package struct Options: Sendable {
        /// Messages queued per peer before `send` refuses.
        package var sendLimit: Int32
        /// Messages queued per peer before the peer is held back.
        var receiveLimit: Int32 = 64
        /// Larger frames (bytes) end the connection they came by.
        package var largestMessage: Int64
        /// Of a message with more frames the rest is dropped.
        package var frames: Int
        /// How long unsent messages outlive `close`.
        var linger: Duration = .zero
        var listenBacklog: Int32 = 1024
        /// Nil: nothing is encrypted, and nobody authenticated.
        package var curve: CurveEnd?

        package init(sendLimit: Int, largestMessage: Int, frames: Int) {
            self.sendLimit = Int32(clamping: sendLimit)
            self.largestMessage = Int64(largestMessage)
            self.frames = frames
        }
    }

    package enum SendResult: Sendable {
        case sent
        /// The queue towards the peer is full.
        case full
        /// A router that knows no such peer.
        case unreachable
    }

    let handle: UnsafeMutableRawPointer
    private let kind: Kind
    private let frameLimit: Int
    private var isOpen = true
    /// The connection that the last message came by, by its descriptor in this process; nil if that is not known. It
    /// may be closed by now.
    package private(set) var source: Int32?
    /// Whom ``ZAPHandler`` let in by the connection that the last message came by; nil without keys.
    package private(set) var user: String?
    private let isCurveServer: Bool

    /// - Throws: ``ZMQError``.
    package init(_ kind: Kind, in context: ZMQContext, options: Options) throws {
        self.kind = kind
        frameLimit = options.frames
        isCurveServer = options.curve?.isServer ?? false
        handle = try context.makeSocket(kind.rawValue, "\(kind)")
        do {
            try set(ZMQ_LINGER, Int32(clamping: options.linger.milliseconds), "ZMQ_LINGER")
            try set(ZMQ_SNDHWM, options.sendLimit, "ZMQ_SNDHWM")
            try set(ZMQ_RCVHWM, options.receiveLimit, "ZMQ_RCVHWM")
            // The library looks at the size of what comes over the wire, also before it knows from whom.
            let overhead: Int64 = options.curve == nil ? 0 : CurveEnd.messageOverhead
            try set(ZMQ_MAXMSGSIZE, options.largestMessage + overhead, "ZMQ_MAXMSGSIZE")
            try set(ZMQ_BACKLOG, options.listenBacklog, "ZMQ_BACKLOG")
            try set(ZMQ_HANDSHAKE_IVL, Int32(10_000), "ZMQ_HANDSHAKE_IVL")
            try set(ZMQ_RECONNECT_IVL, Int32(200), "ZMQ_RECONNECT_IVL")
            try set(ZMQ_RECONNECT_IVL_MAX, Int32(10_000), "ZMQ_RECONNECT_IVL_MAX")
            try set(ZMQ_TCP_KEEPALIVE, Int32(1), "ZMQ_TCP_KEEPALIVE")
            try set(ZMQ_IPV6, Int32(1), "ZMQ_IPV6")
            if kind == .router { try set(ZMQ_ROUTER_MANDATORY, Int32(1), "ZMQ_ROUTER_MANDATORY") }
            if let curve = options.curve { try secure(curve) }
        } catch {
            close()
            throw error
        }
    }

    /// Binds and returns the endpoint really bound, with its address and port.
    ///
    /// - Throws: ``ZMQError`` with the endpoint, ``EndpointError`` if its host has no known address.
    package func bind(_ endpoint: Endpoint) throws -> Endpoint {
        guard zmq_bind(handle, try endpoint.listening().description) == 0 else {
            throw ZMQError.last("zmq_bind", endpoint.description)
        }
        var text = [CChar](repeating: 0, count: 1024)
        var count = text.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &count) == 0 else {
            throw ZMQError.last("zmq_getsockopt", "ZMQ_LAST_ENDPOINT")
        }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        // An IPv4 address on a socket that takes IPv6 too is shown as people write it.
        let shown = String(decoding: bytes, as: UTF8.self).replacing(/\[::ffff:([0-9.]+)\]/) { $0.output.1 }
        return try Endpoint(shown)
    }

    /// Connects, in the background.
    ///
    /// - Throws: ``ZMQError`` with the endpoint if it can never be reached.
    package func connect(_ endpoint: Endpoint) throws {
        guard zmq_connect(handle, endpoint.description) == 0 else {
            throw ZMQError.last("zmq_connect", endpoint.description)
        }
    }

    /// Sends a message of some frames, or nothing of it.
    ///
    /// - Throws: ``ZMQError``.
    package func send(_ frames: [[UInt8]]) throws -> SendResult {
        for (index, frame) in frames.enumerated() {
            let flags = ZMQ_DONTWAIT | (index + 1 < frames.count ? ZMQ_SNDMORE : 0)
            let result = try repeating("zmq_send") { zmq_send(handle, frame, frame.count, flags) }
            guard result == .sent else { return result }
        }
        return .sent
    }

    /// Sends by `call`, again where a signal came between.
    func repeating(_ name: String, _ call: () -> Int32) throws -> SendResult {
        while call() == -1 {
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return .full
            case EHOSTUNREACH: return .unreachable
            default: throw ZMQError.last(name, "\(kind)")
            }
        }
        return .sent
    }

    /// The next message's frames; nil if none waits. Of a message with more than ``Options/frames`` frames all but one
    /// of the rest are dropped, which its count then tells.
    ///
    /// - Throws: ``ZMQError``.
    package func receive() throws -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        var message = zmq_msg_t()
        while true {
            zmq_msg_init(&message)
            if zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) == -1 {
                let code = zmq_errno()
                zmq_msg_close(&message)
                if code == EINTR { continue }
                if code == EAGAIN, frames.isEmpty { return nil }
                throw ZMQError(code: code, operation: "zmq_msg_recv", subject: "\(kind)")
            }
            if frames.count <= frameLimit {
                frames.append(
                    [UInt8](UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))))
            }
            let more = zmq_msg_more(&message) != 0
            if !more {
                let descriptor = zmq_msg_get(&message, ZMQ_SRCFD)
                source = descriptor >= 0 ? descriptor : nil
                user = isCurveServer ? zmq_msg_gets(&message, "User-Id").map { String(cString: $0) } : nil
            }
            zmq_msg_close(&message)
            if !more { return frames }
        }
    }

    /// Closes the socket; later calls do nothing.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        zmq_close(handle)
    }

    /// Changes how long unsent messages outlive `close`.
    package func setLinger(_ linger: Duration) throws {
        try set(ZMQ_LINGER, Int32(clamping: linger.milliseconds), "ZMQ_LINGER")
    }

    func set(_ option: Int32, text: String, _ name: String) throws {
        guard zmq_setsockopt(handle, option, text, text.utf8.count) == 0 else {
            throw ZMQError.last("zmq_setsockopt", name)
        }
    }

    func set<Value: FixedWidthInteger>(_ option: Int32, _ value: Value, _ name: String) throws {
        var value = value
        guard zmq_setsockopt(handle, option, &value, MemoryLayout<Value>.size) == 0 else {
            throw ZMQError.last("zmq_setsockopt", name)
        }
    }

    deinit { close() }
}
