/// Appends numbers to bytes, little-endian.
struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    /// A number in as few bytes of seven bits as it takes.
    mutating func write(variable value: Int) {
        var rest = UInt64(value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// Takes numbers from bytes, little-endian; never beyond their end.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    /// How many bytes follow.
    var remainingCount: Int { bytes.endIndex - position }

    /// The next bytes; nil if there are fewer.
    mutating func read(count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, bytes.endIndex - position >= count else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func read<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value? {
        read(count: MemoryLayout<Value>.size).map { bytes in
            bytes.reversed().reduce(Value(0)) { $0 << 8 | Value(truncatingIfNeeded: $1) }
        }
    }

    /// A number of at most 35 bits that ``ByteWriter/write(variable:)`` wrote.
    mutating func readVariable() -> Int? {
        var value = 0
        for shift in stride(from: 0, to: 35, by: 7) {
            guard let byte = read(UInt8.self) else { return nil }
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
