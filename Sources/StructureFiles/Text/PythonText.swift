/// Dictionaries as Python prints them, which tables hold where JSON was meant.
enum PythonText {
    /// The same as JSON: `{'pbc': (True, None)}` as `{"pbc": [true, null]}`; nil for a text that is no such thing.
    static func json(_ bytes: [UInt8]) -> [UInt8]? {
        var start = bytes[...]
        func skipBlanks() { start = start.drop { $0 <= UInt8(ascii: " ") } }
        skipBlanks()
        guard start.first == UInt8(ascii: "{") || start.first == UInt8(ascii: "[") else { return nil }
        guard bytes.contains(UInt8(ascii: "'")) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = start.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                guard let text = quoted(bytes, &index) else { return nil }
                result += text
                continue
            case UInt8(ascii: "("): result.append(UInt8(ascii: "["))
            case UInt8(ascii: ")"): result.append(UInt8(ascii: "]"))
            default:
                if let (word, json) = words.first(where: { bytes[index...].starts(with: $0.0) }) {
                    result += json
                    index += word.count
                    continue
                }
                result.append(byte)
            }
            index += 1
        }
        return result
    }

    private static let words = [("True", "true"), ("False", "false"), ("None", "null"), ("nan", "NaN")].map {
        (Array($0.0.utf8), Array($0.1.utf8))
    }

    /// A text in quotes of either kind, in double quotes; nil if it is never closed.
    private static func quoted(_ bytes: [UInt8], _ index: inout Int) -> [UInt8]? {
        let quote = bytes[index]
        index += 1
        var text: [UInt8] = [UInt8(ascii: "\"")]
        while index < bytes.count, bytes[index] != quote {
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count {
                // JSON knows no \'.
                if bytes[index + 1] != UInt8(ascii: "'") { text.append(bytes[index]) }
                index += 1
            } else if bytes[index] == UInt8(ascii: "\"") {
                text.append(UInt8(ascii: "\\"))
            }
            text.append(bytes[index])
            index += 1
        }
        guard index < bytes.count else { return nil }
        index += 1
        text.append(UInt8(ascii: "\""))
        return text
    }
}
