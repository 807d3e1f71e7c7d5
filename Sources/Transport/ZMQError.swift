import CZeroMQ

/// A failed ZeroMQ call: the code, what was tried, and where.
package struct ZMQError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The `errno` of the call.
    package var code: Int32
    /// The function, such as "zmq_bind".
    package var operation: String
    /// The endpoint, or the option, concerned.
    package var subject: String

    package init(code: Int32, operation: String, subject: String) {
        self.code = code
        self.operation = operation
        self.subject = subject
    }

    /// The error of the call that has just failed on this thread.
    static func last(_ operation: String, _ subject: String) -> ZMQError {
        ZMQError(code: zmq_errno(), operation: operation, subject: subject)
    }

    package var description: String {
        let text = zmq_strerror(code).map { String(cString: $0) } ?? "error \(code)"
        let advice =
            switch code {
            case EADDRINUSE: " Another process holds this port: stop it or choose another port."
            case EADDRNOTAVAIL, ENODEV: " No interface of this machine has this address."
            case EMFILE: " Too many open files or sockets: raise `ulimit -n`."
            default: ""
            }
        return "\(operation) \(subject): \(text).\(advice)"
    }
}
