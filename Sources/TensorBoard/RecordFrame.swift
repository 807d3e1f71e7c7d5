internal import Foundation

/// How TensorFlow's record files frame their records: length, checksum of the length, data, checksum of the data.
///
/// Source: tensorflow/core/lib/io/record_writer.h.
enum RecordFrame {
    /// A record as it stands in the file.
    static func framed(_ data: Data) -> Data {
        var frame = Data()
        var length = UInt64(data.count).littleEndian
        withUnsafeBytes(of: &length) { frame.append(contentsOf: $0) }
        append(maskedChecksum(frame), to: &frame)
        frame.append(data)
        append(maskedChecksum(data), to: &frame)
        return frame
    }

    private static func append(_ value: UInt32, to frame: inout Data) {
        var value = value.littleEndian
        withUnsafeBytes(of: &value) { frame.append(contentsOf: $0) }
    }

    /// Checksums are stored changed, since a checksum of data that hold checksums is weak.
    private static func maskedChecksum(_ data: Data) -> UInt32 {
        let checksum = checksum(data)
        return (checksum >> 15 | checksum << 17) &+ 0xa282_ead8
    }

    /// CRC-32C (Castagnoli, RFC 3720 appendix B.4).
    private static func checksum(_ data: Data) -> UInt32 {
        ~data.reduce(~0) { crc, byte in table[Int((crc ^ UInt32(byte)) & 0xff)] ^ (crc >> 8) }
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? 0x82f6_3b78 ^ (crc >> 1) : crc >> 1 }
    }
}
