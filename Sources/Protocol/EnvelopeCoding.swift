package import SwiftProtobuf

extension Druse_Envelope {
    /// Reads an envelope from one frame; nil if it is too long or not an envelope.
    package init?(frame: [UInt8]) {
        guard frame.count <= WireLimits.messageBytes else { return nil }
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 8
        options.discardUnknownFields = true
        guard let envelope = try? Druse_Envelope(serializedBytes: frame, options: options) else { return nil }
        self = envelope
    }

    /// The bytes of the envelope.
    ///
    /// - Throws: ``OversizedMessage`` if no peer would read them.
    package func frame<Bytes: SwiftProtobufContiguousBytes>(as type: Bytes.Type = [UInt8].self) throws -> Bytes {
        let bytes: Bytes = try serializedBytes()
        guard bytes.count <= WireLimits.messageBytes else { throw OversizedMessage(byteCount: bytes.count) }
        return bytes
    }
}

/// A message that would be larger than ``WireLimits/messageBytes``.
package struct OversizedMessage: Error, Sendable, CustomStringConvertible {
    package var byteCount: Int

    package var description: String {
        "a message of \(byteCount) bytes is over the limit of \(WireLimits.messageBytes): use fewer crystals a unit"
    }
}
