internal import CZlib

/// Checksums of bytes, against damage on the way; no protection against anybody.
package enum Checksum {
    /// CRC-32 as zlib has it.
    package static func crc32(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        // The library takes lengths of 32 bits; its own loop takes any.
        UInt32(truncatingIfNeeded: crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
    }
}
