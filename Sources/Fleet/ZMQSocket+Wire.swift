internal import Protocol
internal import Security
package import Transport

extension ZMQSocket.Options {
    /// For sockets that carry the protocol: its limits, and nothing more.
    package static var wire: ZMQSocket.Options {
        ZMQSocket.Options(
            sendLimit: WireLimits.queuedMessages, largestMessage: WireLimits.messageBytes, frames: WireLimits.frames)
    }

    /// The same for an end that connects.
    static func client(_ credentials: PeerCredentials?) -> ZMQSocket.Options {
        var options = wire
        options.curve = credentials.map { .client($0.pair, server: $0.server) }
        return options
    }

    /// The same for an end that listens.
    static func server(_ credentials: LearnerCredentials?) -> ZMQSocket.Options {
        var options = wire
        options.curve = credentials.map { .server($0.pair) }
        return options
    }
}
