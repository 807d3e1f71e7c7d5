/// A SHA-256 digest: 32 bytes, the name of weights, checkpoints and reference data by their content.
package struct Digest: Sendable, Hashable, CustomStringConvertible {
    package static let byteCount = 32

    /// The 32 bytes in memory order, without an allocation.
    private let words: SIMD4<UInt64>

    /// Nil unless there are 32 bytes.
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Digest.byteCount else { return nil }
        words = bytes.withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    /// Nil unless there are 64 hexadecimal digits.
    package init?(hexadecimal: String) {
        let digits = hexadecimal.compactMap(\.hexDigitValue)
        guard digits.count == 2 * Digest.byteCount, hexadecimal.count == digits.count else { return nil }
        self.init(bytes: stride(from: 0, to: digits.count, by: 2).map { UInt8(16 * digits[$0] + digits[$0 + 1]) })
    }

    /// The digest of some bytes.
    ///
    /// - Complexity: O(bytes), about 0.6 ms per megabyte.
    package init(of content: some Sequence<UInt8>) {
        var hash = SHA256()
        hash.update(content)
        self = hash.finalize()
    }

    /// What `write` leaves in 32 bytes.
    init(writing write: (UnsafeMutablePointer<UInt8>) -> Void) {
        words = withUnsafeTemporaryAllocation(byteCount: Digest.byteCount, alignment: 8) { buffer in
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            buffer.withMemoryRebound(to: UInt8.self) { bytes in bytes.baseAddress.map(write) }
            return buffer.loadUnaligned(as: SIMD4<UInt64>.self)
        }
    }

    /// The 32 bytes.
    package var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    /// 64 lower-case hexadecimal digits.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The first 12 digits, for people.
    package var description: String { String(hexadecimal.prefix(12)) }
}
