internal import Base
package import SwiftProtobuf

extension Druse_Envelope {
    /// The bytes of the checksum, which stands at the end, and of its field's number before it.
    private static let checksumBytes = 4
    private static let checksumTag: [UInt8] = [0xc5, 0x07]

    /// The protocols whose envelopes have no checksum.
    private static let protocolsWithout: ClosedRange<UInt32> = 1...3

    /// Reads an envelope from one frame.
    ///
    /// - Throws: ``WireError/damaged`` for what was another frame when it was sent, ``WireError/malformed(_:)`` for
    ///   what was meant as it is and is too long or no envelope.
    package init(frame: [UInt8]) throws(WireError) {
        guard frame.count <= WireLimits.messageBytes else { throw .malformed("\(frame.count) bytes") }
        let isWhole = frame.withUnsafeBytes(Self.isWhole)
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 8
        options.discardUnknownFields = true
        do { self = try Druse_Envelope(serializedBytes: frame, options: options) } catch {
            throw isWhole ? .malformed("not an envelope") : .damaged
        }
        // What an earlier build says is told apart by its number.
        let isEarlier =
            Self.protocolsWithout.contains(`protocol`) && !frame.withUnsafeBytes(Self.endsWithChecksum)
        guard isWhole || isEarlier else { throw .damaged }
    }

    /// The bytes of the envelope, with its checksum.
    ///
    /// - Throws: ``OversizedMessage`` if no peer would read them.
    package func frame<Bytes: SwiftProtobufContiguousBytes>(as type: Bytes.Type = [UInt8].self) throws -> Bytes {
        var envelope = self
        // Any number but 0, which would not be written.
        envelope.checksum = 1
        var bytes: Bytes = try envelope.serializedBytes()
        guard bytes.count <= WireLimits.messageBytes else { throw OversizedMessage(byteCount: bytes.count) }
        bytes.withUnsafeMutableBytes { bytes in
            let body = bytes.count - Self.checksumBytes
            let checksum = Checksum.crc32(of: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<body]))
            bytes.storeBytes(of: checksum.littleEndian, toByteOffset: body, as: UInt32.self)
        }
        return bytes
    }

    private static func endsWithChecksum(_ frame: UnsafeRawBufferPointer) -> Bool {
        let body = frame.count - checksumBytes
        return body >= checksumTag.count && frame[..<body].suffix(checksumTag.count).elementsEqual(checksumTag)
    }

    private static func isWhole(_ frame: UnsafeRawBufferPointer) -> Bool {
        guard endsWithChecksum(frame) else { return false }
        let body = frame.count - checksumBytes
        let told = UInt32(littleEndian: frame.loadUnaligned(fromByteOffset: body, as: UInt32.self))
        return told == Checksum.crc32(of: UnsafeRawBufferPointer(rebasing: frame[..<body]))
    }
}

/// A message that would be larger than ``WireLimits/messageBytes``.
package struct OversizedMessage: Error, Sendable, CustomStringConvertible {
    package var byteCount: Int

    package var description: String {
        "a message of \(byteCount) bytes is over the limit of \(WireLimits.messageBytes): use fewer crystals a unit"
    }
}
