import CZeroMQ
import Synchronization

/// A ZeroMQ context: the I/O threads behind a process's sockets. One a process; safe to share between threads.
///
/// Every socket must be closed before ``shutDown()``, which then returns at once.
package final class ZMQContext: Sendable {
    private enum State {
        case open(UInt)
        case closed
    }

    // The address, as a number, since the library's context may be used from any thread.
    private let state: Mutex<State>

    /// - Throws: ``ZMQError`` if the library is older than 4.3.3 (CVE-2020-15166) or has no room.
    package init() throws {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        zmq_version(&major, &minor, &patch)
        guard (major, minor, patch) >= (4, 3, 3) else {
            throw ZMQError(
                code: ENOTSUP, operation: "zmq_version", subject: "\(major).\(minor).\(patch); 4.3.3 or newer is needed"
            )
        }
        guard let context = zmq_ctx_new() else { throw ZMQError.last("zmq_ctx_new", "context") }
        state = Mutex(.open(UInt(bitPattern: context)))
        zmq_ctx_set(context, ZMQ_BLOCKY, 0)
    }

    /// A new socket, to be used on the calling thread alone.
    func makeSocket(_ kind: Int32, _ name: String) throws -> UnsafeMutableRawPointer {
        try state.withLock { state in
            guard case .open(let address) = state, let context = UnsafeMutableRawPointer(bitPattern: address) else {
                throw ZMQError(code: ETERM, operation: "zmq_socket", subject: name)
            }
            guard let socket = zmq_socket(context, kind) else { throw ZMQError.last("zmq_socket", name) }
            return socket
        }
    }

    /// Ends the context. Call it once all sockets are closed; later calls do nothing.
    package func shutDown() {
        let address = state.withLock { state -> UInt? in
            guard case .open(let address) = state else { return nil }
            state = .closed
            return address
        }
        guard let address, let context = UnsafeMutableRawPointer(bitPattern: address) else { return }
        zmq_ctx_shutdown(context)
        while zmq_ctx_term(context) == -1, zmq_errno() == EINTR {}
    }

    deinit { shutDown() }
}
