import Base
import Foundation

extension [UInt8] {
    /// A frame of the protocol with a checksum that is right for what it holds now, as a forger would make it.
    package var resealed: [UInt8] {
        let tag: [UInt8] = [0xc5, 0x07]
        let isSealed = count >= 6 && Array(self[(count - 6)..<(count - 4)]) == tag
        let body = (isSealed ? Array(dropLast(6)) : self) + tag
        let checksum = body.withUnsafeBytes { Checksum.crc32(of: $0) }
        return body + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
    }
}
