internal import CZeroMQ

/// A frame to be sent, in the library's own memory: it is written once, and sending it copies nothing.
package final class OutgoingFrame {
    fileprivate let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)

    /// A frame of zeros.
    package init(repeating byte: UInt8 = 0, count: Int) {
        message.initialize(to: zmq_msg_t())
        // invariant: frames of bounded size can be allocated, as every array of Swift can.
        precondition(zmq_msg_init_size(message, count) == 0, "out of memory")
        withUnsafeMutableBytes { bytes in
            _ = bytes.initializeMemory(as: UInt8.self, repeating: byte)
        }
    }

    /// A frame of these bytes.
    package convenience init(_ bytes: some Sequence<UInt8>) {
        let array = Array(bytes)
        self.init(count: array.count)
        withUnsafeMutableBytes { $0.copyBytes(from: array) }
    }

    /// 0 once it is sent.
    package var count: Int { zmq_msg_size(message) }

    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: zmq_msg_data(message), count: count))
    }

    package func withUnsafeMutableBytes<Result>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try body(UnsafeMutableRawBufferPointer(start: zmq_msg_data(message), count: count))
    }

    deinit {
        zmq_msg_close(message)
        message.deallocate()
    }
}

extension ZMQSocket {
    /// Sends a frame, after the routing id of the peer where the socket is a router; or nothing of it.
    ///
    /// - Throws: ``ZMQError``.
    package func send(_ frame: OutgoingFrame, to routing: [UInt8]? = nil) throws -> SendResult {
        if let routing {
            let result = try repeating("zmq_send") {
                zmq_send(handle, routing, routing.count, ZMQ_DONTWAIT | ZMQ_SNDMORE)
            }
            guard result == .sent else { return result }
        }
        return try repeating("zmq_msg_send") { zmq_msg_send(frame.message, handle, ZMQ_DONTWAIT) }
    }
}
