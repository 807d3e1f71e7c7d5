import Transport

extension ZMQSocket.Options {
    /// Limits like those of the protocol.
    static var wire: ZMQSocket.Options { ZMQSocket.Options(sendLimit: 256, largestMessage: 4 << 20, frames: 2) }
}
