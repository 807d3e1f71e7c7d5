/// One row of a table.
package struct CSVRow: Sendable {
    /// The number of the line where the row starts, from 1.
    package let line: Int
    /// Why its fields cannot be those of the columns; nil if nothing speaks against it.
    let problem: StructureFileError?
    private let bytes: [UInt8]
    private let fields: [Field]

    struct Field: Sendable {
        let range: Range<Int>
        let isQuoted: Bool
    }

    init(line: Int, bytes: [UInt8], fields: [Field], problem: String? = nil) {
        self.line = line
        self.problem = problem.map { .malformed(format: "csv", line: line, reason: $0) }
        self.bytes = bytes
        self.fields = fields
    }

    package var count: Int { fields.count }

    /// The content of the field of the structure.
    /// - Throws: ``StructureFileError``, also where its fields cannot be those of the columns.
    func structure(_ column: Int) throws(StructureFileError) -> [UInt8] {
        if let problem { throw problem }
        guard column < count else {
            throw .malformed(format: "csv", line: line, reason: "the row has only \(count) fields")
        }
        return Array(bytes(column))
    }

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

/// Reads separated values row by row; quoted fields may hold separators, quotes and line ends.
///
/// The separator is the comma, semicolon or tab that the header has most of, or what a first line "sep=;" names. Lines
/// end with "\n", "\r\n" or "\r". A quote opens a field only where it stands first, blanks aside; any other, as in 5"
/// for inches, is a character like others.
package struct CSVReader {
    /// The names of the columns.
    package private(set) var header: [String] = []
    private let source: ByteSource
    /// nil: it is not known yet.
    private var separator: UInt8?
    private var buffer: [UInt8] = []
    private var position = 0
    private var line = 1
    private var isAtEnd = false
    /// The most bytes that a row may have.
    private static let rowLimit = 1 << 26

    /// Reads the header.
    /// - Throws: ``StructureFileError``.
    package init(path: String) throws(StructureFileError) {
        try self.init(ByteSource(path: path))
    }

    /// Reads the header.
    /// - Throws: ``StructureFileError``.
    init(_ source: ByteSource) throws(StructureFileError) {
        self.source = source
        if try fill(), buffer.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        guard var first = try nextLine() else { throw .malformed(format: "csv", line: 1, reason: "the file is empty") }
        while CSVReader.isBeforeHeader(first.bytes) {
            guard let next = try nextLine() else {
                throw .malformed(format: "csv", line: first.line, reason: "the file has no header")
            }
            first = next
        }
        let text = String(decoding: first.bytes, as: UTF8.self).filter { $0 != "\"" && !$0.isNewline }
        if text.lowercased().hasPrefix("sep="), let named = text.utf8.dropFirst(4).first, text.utf8.count == 5 {
            separator = named
            guard let second = try nextLine() else {
                throw .malformed(format: "csv", line: 2, reason: "the file has no header")
            }
            first = second
        } else {
            separator = CSVReader.separator(of: first.bytes)
        }
        let row = split(first.bytes, line: first.line)
        if let problem = row.problem { throw problem }
        header = (0..<row.count).map { row.string($0) }
    }

    /// Whether a line is empty, or a comment that names no column.
    private static func isBeforeHeader(_ line: [UInt8]) -> Bool {
        guard let first = line.first(where: { $0 > UInt8(ascii: " ") }) else { return true }
        guard first == UInt8(ascii: "#") else { return false }
        let names = line.split { QuoteScan.candidates.contains($0) }
        return !names.contains { name in
            let letters = name.filter { $0 != UInt8(ascii: "\"") && $0 > UInt8(ascii: " ") }
            return ["cif", "structure"].contains(String(decoding: letters, as: UTF8.self).lowercased())
        }
    }

    /// What a header separates its names with: the most frequent candidate outside quotes, a comma in doubt.
    private static func separator(of header: [UInt8]) -> UInt8 {
        var counts: [UInt8: Int] = [:]
        var scan = QuoteScan()
        for byte in header {
            scan.take(byte, separator: nil)
            if scan.place != .quoted { counts[byte, default: 0] += 1 }
        }
        let candidates = QuoteScan.candidates.map { (separator: $0, count: counts[$0] ?? 0) }
        return candidates.reduce(candidates[0]) { $1.count > $0.count ? $1 : $0 }.separator
    }

    /// The index of a column; capitals and blanks around a name matter only where two columns differ in nothing else.
    /// - Throws: ``StructureFileError/missingColumn(_:available:)``.
    package func column(_ name: String) throws(StructureFileError) -> Int {
        guard let index = firstColumn(name) else { throw .missingColumn(name, available: header) }
        return index
    }

    /// The column of the structures: `cif`, else `structure`.
    /// - Throws: ``StructureFileError/missingColumn(_:available:)``.
    func structureColumn() throws(StructureFileError) -> Int {
        if let column = firstColumn("cif", "structure") { return column }
        throw .missingColumn("cif", available: header)
    }

    /// The column of the first of some names that is there; nil if none is.
    package func firstColumn(_ names: String...) -> Int? {
        for name in names {
            if let index = header.firstIndex(of: name) { return index }
            let plain = CSVReader.plain(name)
            if let index = header.firstIndex(where: { CSVReader.plain($0) == plain }) { return index }
        }
        return nil
    }

    private static func plain(_ name: String) -> String {
        String(name.split(whereSeparator: \.isWhitespace).joined(separator: " ")).lowercased()
    }

    /// The next row; nil at the end. Empty lines are left out. A row whose fields cannot be those of the columns says
    /// so (``CSVRow/problem``), and the next can be read.
    /// - Throws: ``StructureFileError``, among others for a quote that is never closed.
    package mutating func next() throws(StructureFileError) -> CSVRow? {
        while let line = try nextLine() {
            let row = split(line.bytes, line: line.line)
            if row.count > 1 || !row.bytes(0).isEmpty { return row }
        }
        return nil
    }

    /// The bytes of the next row up to its end and the line where it starts; nil at the end of the file.
    private mutating func nextLine() throws(StructureFileError) -> (bytes: [UInt8], line: Int)? {
        var scanned = 0
        var scan = QuoteScan()
        var end: Int?
        while true {
            let stop = findStop(from: position + scanned, &scan)
            scanned = stop.index - position
            if stop.isEnd {
                end = stop.index
                break
            }
            guard scanned <= CSVReader.rowLimit else {
                throw .malformed(
                    format: "csv", line: line, reason: "a row is longer than \(CSVReader.rowLimit) bytes")
            }
            guard !isAtEnd, try fill() else { break }
        }
        if end == nil, scan.place == .quoted {
            throw .malformed(format: "csv", line: line, reason: "a quoted field is never closed")
        }
        let stop = end ?? buffer.count
        guard stop > position || end != nil else { return nil }
        let bytes = Array(buffer[position..<stop])
        position = min(stop + 1, buffer.count)
        let start = line
        var count = end == nil ? 0 : 1
        for (index, byte) in bytes.enumerated() {
            let next = index + 1 < bytes.count ? bytes[index + 1] : UInt8(ascii: "\n")
            let isLoneReturn = byte == UInt8(ascii: "\r") && next != UInt8(ascii: "\n")
            if byte == UInt8(ascii: "\n") || isLoneReturn { count += 1 }
        }
        line += count
        return (bytes, start)
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

    /// The position of the line end that closes the row, else where to go on when there is more of the file.
    private func findStop(from start: Int, _ scan: inout QuoteScan) -> (index: Int, isEnd: Bool) {
        buffer.withUnsafeBufferPointer { bytes in
            var index = start
            while index < bytes.count {
                let byte = bytes[index]
                if scan.place != .quoted {
                    if byte == UInt8(ascii: "\n") { return (index, true) }
                    if byte == UInt8(ascii: "\r") {
                        // At the end of a piece it may be half of a line end.
                        guard index + 1 < bytes.count else { return (index, false) }
                        if bytes[index + 1] != UInt8(ascii: "\n") { return (index, true) }
                    }
                }
                scan.take(byte, separator: separator)
                index += 1
            }
            return (index, false)
        }
    }

    /// Finds the fields of a row.
    private func split(_ bytes: [UInt8], line: Int) -> CSVRow {
        var fields: [CSVRow.Field] = []
        var index = 0
        var problem: String?
        let end = bytes.last == UInt8(ascii: "\r") ? bytes.count - 1 : bytes.count
        while true {
            // Blanks before a quote are none of the field's.
            let blanks = bytes[index..<end].prefix { $0 == UInt8(ascii: " ") }.count
            if index + blanks < end, bytes[index + blanks] == UInt8(ascii: "\"") {
                let start = index + blanks + 1
                index = start
                while index < end {
                    if bytes[index] == UInt8(ascii: "\"") {
                        guard index + 1 < end, bytes[index + 1] == UInt8(ascii: "\"") else { break }
                        index += 1
                    }
                    index += 1
                }
                fields.append(CSVRow.Field(range: start..<min(index, end), isQuoted: true))
                let close = min(index + 1, end)
                while index < end, bytes[index] != separator { index += 1 }
                if close < index, bytes[close..<index].contains(where: { $0 != UInt8(ascii: " ") }), problem == nil {
                    problem =
                        "\(name(ofColumn: fields.count - 1)) has text after its closing quote; a quote within a quoted "
                        + "field is written twice"
                }
            } else {
                let start = index
                while index < end, bytes[index] != separator { index += 1 }
                fields.append(CSVRow.Field(range: start..<index, isQuoted: false))
            }
            guard index < end else { break }
            index += 1
        }
        let surplus = header.isEmpty ? [] : fields.dropFirst(header.count)
        if problem == nil, surplus.contains(where: { !$0.range.isEmpty }) {
            problem =
                "the row has \(fields.count) fields, but the header \(header.count): a field that holds the separator "
                + "must stand in quotes"
        }
        return CSVRow(line: line, bytes: bytes, fields: fields, problem: problem)
    }

    private func name(ofColumn index: Int) -> String {
        header.indices.contains(index) ? "column \"\(header[index])\"" : "field \(index + 1)"
    }
}

/// What the bytes of a row so far make of the next one.
private struct QuoteScan {
    enum Place {
        /// Nothing but blanks of a field.
        case start
        case plain
        case quoted
        /// Behind a quote within quotes: the closing one, or the first of two that stand for one.
        case afterQuote
    }

    private(set) var place = Place.start

    /// What may separate the fields of a header.
    static let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]

    /// - Parameter separator: nil takes all of ``candidates`` for one.
    mutating func take(_ byte: UInt8, separator: UInt8?) {
        let isQuote = byte == UInt8(ascii: "\"")
        switch place {
        case .quoted:
            if isQuote { place = .afterQuote }
        case .afterQuote where isQuote:
            place = .quoted
        case .start where isQuote:
            place = .quoted
        case .start, .plain, .afterQuote:
            if separator.map({ $0 == byte }) ?? Self.candidates.contains(byte) {
                place = .start
            } else if place != .start || byte != UInt8(ascii: " ") {
                place = .plain
            }
        }
    }
}
