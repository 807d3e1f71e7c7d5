/// One row of a table.
package struct CSVRow: Sendable {
    /// The number of the line where the row starts, from 1.
    package let line: Int
    private let bytes: [UInt8]
    private let fields: [Field]

    struct Field: Sendable {
        let range: Range<Int>
        let isQuoted: Bool
    }

    init(line: Int, bytes: [UInt8], fields: [Field]) {
        self.line = line
        self.bytes = bytes
        self.fields = fields
    }

    package var count: Int { fields.count }

    /// The content of a field, quotes taken off.
    /// - Precondition: the field exists.
    package func bytes(_ column: Int) -> ArraySlice<UInt8> {
        let field = fields[column]
        let slice = bytes[field.range]
        let quote = UInt8(ascii: "\"")
        guard field.isQuoted, slice.contains(quote) else { return slice }
        // A doubled quote stands for one.
        var result: [UInt8] = []
        result.reserveCapacity(slice.count)
        var isSecond = false
        for byte in slice {
            if byte == quote, isSecond {
                isSecond = false
                continue
            }
            isSecond = byte == quote
            result.append(byte)
        }
        return result[...]
    }

    /// The content of a field as text.
    /// - Precondition: the field exists.
    package func string(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }
}

/// Reads comma-separated values row by row; quoted fields may hold commas, quotes and line ends.
package struct CSVReader {
    /// The names of the columns.
    package private(set) var header: [String] = []
    private let source: ByteSource
    private var buffer: [UInt8] = []
    private var position = 0
    private var line = 1
    private var isAtEnd = false
    /// The most bytes that a row may have.
    private static let rowLimit = 1 << 26

    /// Reads the header.
    /// - Throws: ``StructureFileError``.
    package init(path: String) throws(StructureFileError) {
        source = try ByteSource(path: path)
        guard let row = try next() else { throw .malformed(format: "csv", line: 1, reason: "the file is empty") }
        header = (0..<row.count).map { row.string($0) }
        if let first = header.first, first.hasPrefix("\u{FEFF}") {
            header[0] = String(first.unicodeScalars.dropFirst())
        }
    }

    /// The index of a column.
    /// - Throws: ``StructureFileError/missingColumn(_:available:)``.
    package func column(_ name: String) throws(StructureFileError) -> Int {
        guard let index = header.firstIndex(of: name) else { throw .missingColumn(name, available: header) }
        return index
    }

    /// The next row; nil at the end. Empty lines are left out.
    /// - Throws: ``StructureFileError``, among others for a quote that is never closed.
    package mutating func next() throws(StructureFileError) -> CSVRow? {
        while true {
            var scanned = 0
            var isInQuotes = false
            var end: Int?
            while true {
                end = findEnd(from: position + scanned, isInQuotes: &isInQuotes)
                if end != nil { break }
                scanned = buffer.count - position
                guard scanned <= CSVReader.rowLimit else {
                    throw .malformed(
                        format: "csv", line: line, reason: "a row is longer than \(CSVReader.rowLimit) bytes")
                }
                guard !isAtEnd, try fill() else { break }
            }
            if end == nil, isInQuotes {
                throw .malformed(format: "csv", line: line, reason: "a quoted field is never closed")
            }
            let stop = end ?? buffer.count
            guard stop > position || end != nil else { return nil }
            let bytes = Array(buffer[position..<stop])
            position = min(stop + 1, buffer.count)
            let start = line
            line += bytes.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
            let row = CSVReader.split(bytes, line: start)
            if row.count > 1 || !row.bytes(0).isEmpty { return row }
        }
    }

    /// Appends the next piece of the file; false at the end.
    private mutating func fill() throws(StructureFileError) -> Bool {
        guard let piece = try source.next() else {
            isAtEnd = true
            return false
        }
        buffer.removeFirst(position)
        position = 0
        buffer += piece
        return true
    }

    /// The position of the line end that closes the row.
    private func findEnd(from start: Int, isInQuotes: inout Bool) -> Int? {
        buffer.withUnsafeBufferPointer { bytes in
            var index = start
            var quoted = isInQuotes
            defer { isInQuotes = quoted }
            while index < bytes.count {
                let byte = bytes[index]
                if byte == UInt8(ascii: "\"") {
                    quoted.toggle()
                } else if byte == UInt8(ascii: "\n"), !quoted {
                    return index
                }
                index += 1
            }
            return nil
        }
    }

    /// Finds the fields of a row.
    private static func split(_ bytes: [UInt8], line: Int) -> CSVRow {
        var fields: [CSVRow.Field] = []
        var index = 0
        let end = bytes.last == UInt8(ascii: "\r") ? bytes.count - 1 : bytes.count
        while true {
            if index < end, bytes[index] == UInt8(ascii: "\"") {
                let start = index + 1
                index = start
                while index < end {
                    if bytes[index] == UInt8(ascii: "\"") {
                        guard index + 1 < end, bytes[index + 1] == UInt8(ascii: "\"") else { break }
                        index += 1
                    }
                    index += 1
                }
                fields.append(CSVRow.Field(range: start..<min(index, end), isQuoted: true))
                while index < end, bytes[index] != UInt8(ascii: ",") { index += 1 }
            } else {
                let start = index
                while index < end, bytes[index] != UInt8(ascii: ",") { index += 1 }
                fields.append(CSVRow.Field(range: start..<index, isQuoted: false))
            }
            guard index < end else { break }
            index += 1
        }
        return CSVRow(line: line, bytes: bytes, fields: fields)
    }
}
