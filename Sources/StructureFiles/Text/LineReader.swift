/// Reads a text line by line; line ends ("\n", "\r\n" or "\r") are taken off.
struct LineReader {
    private let source: ByteSource
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    /// The number of the line read last, from 1.
    private(set) var line = 0
    /// The most bytes that a line may have.
    private static let limit = 1 << 26

    init(_ source: ByteSource) {
        self.source = source
    }

    /// The next line; nil at the end.
    /// - Throws: ``StructureFileError``.
    mutating func next() throws(StructureFileError) -> [UInt8]? {
        var scanned = position
        while true {
            let end = buffer[scanned...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            // A "\r" at the end of a piece may be half of a line end.
            if let end, buffer[end] == UInt8(ascii: "\n") || end + 1 < buffer.count || isAtEnd {
                let isPair =
                    buffer[end] == UInt8(ascii: "\r") && end + 1 < buffer.count
                    && buffer[end + 1] == UInt8(ascii: "\n")
                defer { position = end + (isPair ? 2 : 1) }
                return take(buffer[position..<end])
            }
            scanned = end ?? buffer.count
            if !isAtEnd, let piece = try source.next() {
                scanned -= position
                buffer.removeFirst(position)
                position = 0
                buffer += piece
                guard buffer.count <= LineReader.limit + piece.count else {
                    throw .malformed(
                        format: "text", line: line + 1, reason: "a line is longer than \(LineReader.limit) bytes")
                }
                continue
            }
            if !isAtEnd {
                isAtEnd = true
                continue
            }
            guard position < buffer.count else { return nil }
            defer { position = buffer.count }
            return take(buffer[position...])
        }
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        line += 1
        var bytes = bytes
        if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        return Array(bytes)
    }
}

/// The words of a line.
func words(_ line: some Collection<UInt8>) -> [String] {
    line.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") })
        .map { String(decoding: $0, as: UTF8.self) }
}
