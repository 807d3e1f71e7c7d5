/// Cuts a CIF into words.
struct CIFLexer {
    enum Word {
        case tag, value, loop, data, save, reserved
    }

    private let bytes: [UInt8]
    private var position = 0
    /// The current line, from 1.
    private(set) var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    func error(_ reason: String) -> StructureFileError { .malformed(format: "CIF", line: line, reason: reason) }

    /// The next word; nil at the end.
    mutating func next() throws(StructureFileError) -> CIFDocument.Value? {
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\n") {
                line += 1
                position += 1
            } else if byte <= UInt8(ascii: " ") {
                position += 1
            } else if byte == UInt8(ascii: "#") {
                while position < bytes.count, !isLineEnd(position) { position += 1 }
            } else if byte == UInt8(ascii: ";"), position == 0 || isLineEnd(position - 1) {
                return try textField()
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                return try quoted(by: byte)
            } else {
                let start = position
                while position < bytes.count, bytes[position] > UInt8(ascii: " ") { position += 1 }
                return CIFDocument.Value(range: start..<position, isQuoted: false)
            }
        }
        return nil
    }

    /// What a word is.
    func word(_ value: CIFDocument.Value) -> Word {
        guard !value.isQuoted else { return .value }
        switch bytes[value.range.lowerBound] | 0x20 {
        case UInt8(ascii: "_") | 0x20:
            return bytes[value.range.lowerBound] == UInt8(ascii: "_") ? .tag : .value
        case UInt8(ascii: "l"): return hasPrefix(value, "loop_", exactly: true) ? .loop : .value
        case UInt8(ascii: "d"): return hasPrefix(value, "data_") ? .data : .value
        case UInt8(ascii: "s"):
            if hasPrefix(value, "save_") { return .save }
            return hasPrefix(value, "stop_", exactly: true) ? .reserved : .value
        case UInt8(ascii: "g"): return hasPrefix(value, "global_", exactly: true) ? .reserved : .value
        default: return .value
        }
    }

    private func hasPrefix(_ value: CIFDocument.Value, _ prefix: StaticString, exactly: Bool = false) -> Bool {
        let length = prefix.utf8CodeUnitCount
        guard exactly ? value.range.count == length : value.range.count >= length else { return false }
        return prefix.withUTF8Buffer { letters in
            for index in 0..<length {
                let byte = bytes[value.range.lowerBound + index]
                let lower = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
                if lower != letters[index] { return false }
            }
            return true
        }
    }

    private func isLineEnd(_ index: Int) -> Bool {
        bytes[index] == UInt8(ascii: "\n") || bytes[index] == UInt8(ascii: "\r")
    }

    /// Text between lines that start with a semicolon.
    private mutating func textField() throws(StructureFileError) -> CIFDocument.Value {
        let start = position + 1
        let firstLine = line
        position += 1
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            if bytes[position] == UInt8(ascii: ";"), isLineEnd(position - 1) {
                let end = position - 1
                position += 1
                return CIFDocument.Value(range: start..<max(start, end), isQuoted: true)
            }
            position += 1
        }
        throw .malformed(format: "CIF", line: firstLine, reason: "a text field is never closed")
    }

    /// Text in quotes; a quote ends it only before a blank or the end of the line.
    private mutating func quoted(by quote: UInt8) throws(StructureFileError) -> CIFDocument.Value {
        let start = position + 1
        position += 1
        while position < bytes.count, !isLineEnd(position) {
            if bytes[position] == quote, position + 1 == bytes.count || bytes[position + 1] <= UInt8(ascii: " ") {
                let end = position
                position += 1
                return CIFDocument.Value(range: start..<end, isQuoted: true)
            }
            position += 1
        }
        throw error("a quoted text is never closed")
    }
}
