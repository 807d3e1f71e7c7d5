/// A SHA-256 digest: 32 bytes.
package struct Digest: Sendable, Hashable, CustomStringConvertible {
    package static let byteCount = 32

    /// The 32 bytes.
    package let bytes: [UInt8]

    /// Nil unless there are 32 bytes.
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Digest.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Nil unless there are 64 hexadecimal digits.
    package init?(hexadecimal: String) {
        let digits = hexadecimal.compactMap(\.hexDigitValue)
        guard digits.count == 2 * Digest.byteCount, hexadecimal.count == digits.count else { return nil }
        bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(16 * digits[$0] + digits[$0 + 1]) }
    }

    /// The digest of some bytes.
    package init(of content: some Sequence<UInt8>) { bytes = SHA256.hash(content).bytes }

    /// 64 lower-case hexadecimal digits.
    package var hexadecimal: String {
        bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    /// The first 12 digits, for people.
    package var description: String { String(hexadecimal.prefix(12)) }
}
