package import Base
internal import CZeroMQ

/// Waits, with a deadline, until a socket has something to read or another thread calls.
package enum ZMQPoller {
    /// Returns when a socket is readable, when `wakeup` was signalled (which is then reset), or after `timeout`.
    ///
    /// - Throws: ``ZMQError``.
    package static func wait(for sockets: [ZMQSocket], wakeup: Wakeup, timeout: Duration) throws {
        var items = sockets.map { zmq_pollitem_t(socket: $0.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0) }
        items.append(zmq_pollitem_t(socket: nil, fd: wakeup.descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
        let milliseconds = max(0, Int(clamping: timeout.milliseconds))
        if zmq_poll(&items, Int32(items.count), milliseconds) == -1, zmq_errno() != EINTR {
            throw ZMQError.last("zmq_poll", "\(sockets.count) sockets")
        }
        if items[items.count - 1].revents != 0 { wakeup.reset() }
    }
}
