import Crystals

/// The second line of an extended XYZ frame: key=value pairs.
///
/// Values are words, texts in quotes (a backslash takes the next character as it stands), or arrays in brackets or
/// braces, whose items blanks or commas separate: `"5 0 0 0 5 0 0 0 5"`, `[[5, 0, 0], [0, 5, 0], [0, 0, 5]]`, `{T T
/// F}`. Commas and semicolons between pairs are left out.
struct XYZHeader {
    /// By key in lower case, the outer quotes or brackets taken off.
    private(set) var values: [String: String] = [:]

    /// The name that the frame gives its structure.
    var id: String? { SourceEntry.idKeys.lazy.compactMap { values[$0] }.first }

    init(_ line: [UInt8]) {
        var index = 0
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        func isBetween(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") }
        func skipBlanks() { while index < line.count, isBlank(line[index]) { index += 1 } }
        while true {
            while index < line.count, isBlank(line[index]) || isBetween(line[index]) { index += 1 }
            guard index < line.count else { return }
            let key = XYZHeader.value(line, &index) { isBlank($0) || $0 == UInt8(ascii: "=") }.lowercased()
            let end = index
            skipBlanks()
            guard index < line.count, line[index] == UInt8(ascii: "=") else {
                // A key alone is a flag, or a word of a free comment.
                if index == end, index < line.count { index += 1 }
                continue
            }
            index += 1
            skipBlanks()
            values[key] = XYZHeader.value(line, &index, until: isBlank)
            if key == "pbc" { takeFlags(line, &index) }
        }
    }

    /// Flags that follow `pbc=T` without quotes are the rest of its value.
    private mutating func takeFlags(_ line: [UInt8], _ index: inout Int) {
        guard let first = values["pbc"], Periodicity.flag(first) != nil else { return }
        var flags = [first]
        for word in words(line[min(index, line.count)...]).prefix(2) {
            guard Periodicity.flag(word) != nil else { break }
            flags.append(word)
        }
        if flags.count == 3 { values["pbc"] = flags.joined(separator: " ") }
    }

    /// Takes a value, in quotes or brackets or not.
    private static func value(_ line: [UInt8], _ index: inout Int, until isEnd: (UInt8) -> Bool) -> String {
        guard index < line.count else { return "" }
        switch line[index] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return quoted(line, &index)
        case UInt8(ascii: "["): return bracketed(line, &index, UInt8(ascii: "["), UInt8(ascii: "]"))
        case UInt8(ascii: "{"): return bracketed(line, &index, UInt8(ascii: "{"), UInt8(ascii: "}"))
        default:
            let start = index
            while index < line.count, !isEnd(line[index]) { index += 1 }
            return String(decoding: line[start..<index], as: UTF8.self)
        }
    }

    private static func quoted(_ line: [UInt8], _ index: inout Int) -> String {
        let quote = line[index]
        index += 1
        var bytes: [UInt8] = []
        while index < line.count, line[index] != quote {
            if line[index] == UInt8(ascii: "\\"), index + 1 < line.count { index += 1 }
            bytes.append(line[index])
            index += 1
        }
        index += 1
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func bracketed(_ line: [UInt8], _ index: inout Int, _ open: UInt8, _ close: UInt8) -> String {
        let start = index + 1
        var depth = 0
        while index < line.count {
            if line[index] == open { depth += 1 }
            if line[index] == close { depth -= 1 }
            index += 1
            if depth == 0 { return String(decoding: line[start..<index - 1], as: UTF8.self) }
        }
        return String(decoding: line[min(start, line.count)...], as: UTF8.self)
    }

    /// The items of an array, inner brackets set aside; nil without the key.
    func items(_ key: String) -> [Substring]? {
        values[key].map { $0.split { $0.isWhitespace || ",[]{}\"'".contains($0) } }
    }

    /// Where each property starts in a line of an atom, and how many words it takes; nil if the list is not a list.
    var columns: [String: (start: Int, width: Int)]? {
        guard let text = values["properties"] else { return ["species": (0, 1), "pos": (1, 3)] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count.isMultiple(of: 3) else { return nil }
        var columns: [String: (start: Int, width: Int)] = [:]
        var start = 0
        for index in stride(from: 0, to: parts.count, by: 3) {
            guard let width = Int(parts[index + 2]), (1...100).contains(width) else { return nil }
            columns[parts[index].lowercased()] = (start, width)
            start += width
        }
        return columns
    }
}
