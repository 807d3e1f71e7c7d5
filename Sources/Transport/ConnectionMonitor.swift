import CZeroMQ

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Tells which connections a socket takes and loses, and whose handshake fails. On the socket's own thread; closed
/// before the socket.
package final class ConnectionMonitor {
    package enum Change: Sendable, Hashable {
        /// A connection, by its descriptor in this process.
        case opened(Int32)
        case closed(Int32)
        /// A connection could not be taken, for this `errno`.
        case refused(Int32)
        /// A handshake came to its end: messages go to and fro.
        case agreed
        case failed(HandshakeFailure)
    }

    /// Why two ends do not come together.
    package enum HandshakeFailure: Sendable, Hashable {
        /// The listening end does not let this key in.
        case notAllowed
        /// One end has keys, and the other has none.
        case mechanism
        /// The other end does not have the key that it is taken to have.
        case key
        /// What comes from the other end is not the protocol, or a damaged form of it.
        case malformed
        /// The other end went away in the middle, without a word.
        case brokenOff
    }

    /// What to wait for with ``ZMQPoller``.
    package let events: ZMQSocket
    private let watched: ZMQSocket

    /// - Throws: ``ZMQError``.
    package init(of socket: ZMQSocket, in context: ZMQContext) throws {
        watched = socket
        let address = "inproc://monitor-\(UInt(bitPattern: socket.handle))"
        let kinds =
            ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED
            | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
        guard zmq_socket_monitor(socket.handle, address, kinds) == 0 else {
            throw ZMQError.last("zmq_socket_monitor", address)
        }
        // The library's thread waits for room: there must always be some.
        var options = ZMQSocket.Options(sendLimit: 1, largestMessage: 1024, frames: 2)
        options.receiveLimit = 0
        events = try ZMQSocket(.pair, in: context, options: options)
        guard zmq_connect(events.handle, address) == 0 else { throw ZMQError.last("zmq_connect", address) }
    }

    /// What happened since the last call.
    ///
    /// - Throws: ``ZMQError``.
    package func takeChanges() throws -> [Change] {
        var changes: [Change] = []
        while let frames = try events.receive() {
            guard let event = frames.first, event.count == 6 else { continue }
            let (kind, value) = event.withUnsafeBytes {
                ($0.loadUnaligned(as: UInt16.self), $0.loadUnaligned(fromByteOffset: 2, as: Int32.self))
            }
            switch Int32(kind) {
            case ZMQ_EVENT_ACCEPTED: changes.append(.opened(value))
            case ZMQ_EVENT_DISCONNECTED: changes.append(.closed(value))
            case ZMQ_EVENT_ACCEPT_FAILED: changes.append(.refused(value))
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: changes.append(.agreed)
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: changes.append(.failed(.notAllowed))
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: changes.append(.failed(Self.failure(ofProtocol: value)))
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: changes.append(.failed(.brokenOff))
            default: break
            }
        }
        return changes
    }

    private static func failure(ofProtocol code: Int32) -> HandshakeFailure {
        switch code {
        case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: .mechanism
        case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC, ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE: .key
        default: .malformed
        }
    }

    /// Ends a connection: the library notices, and closes it.
    ///
    /// Should it be closed already, and its descriptor be another's by now, that one is a file, to which this does
    /// nothing, or a connection, which its owner makes anew.
    package static func cut(_ descriptor: Int32) {
        #if canImport(Glibc)
            _ = shutdown(descriptor, Int32(SHUT_RDWR))
        #else
            _ = shutdown(descriptor, SHUT_RDWR)
        #endif
    }

    /// Ends the watch.
    package func close() {
        zmq_socket_monitor(watched.handle, nil, 0)
        events.close()
    }
}
