internal import Protocol
package import Transport

extension ZMQSocket.Options {
    /// For sockets that carry the protocol: its limits, and nothing more.
    package static var wire: ZMQSocket.Options {
        ZMQSocket.Options(
            sendLimit: WireLimits.queuedMessages, largestMessage: WireLimits.messageBytes, frames: WireLimits.frames)
    }
}
