/// JSON as programs of the field write it.
enum JSONText {
    /// The text without a byte order mark, and with what Python writes for numbers that are none (`NaN`, `Infinity`,
    /// `-Infinity`) in quotes: where such a value is used it is refused by name, where not it does no harm.
    static func normalized(_ bytes: [UInt8]) -> [UInt8] {
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard bytes.contains(UInt8(ascii: "N")) || bytes.contains(UInt8(ascii: "I")) else {
            return start == 0 ? bytes : Array(bytes[start...])
        }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 64)
        var isInString = false
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if isInString {
                if byte == UInt8(ascii: "\\"), index + 1 < bytes.count {
                    result.append(byte)
                    index += 1
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if let word = words.first(where: { bytes[index...].starts(with: $0) }) {
                result.append(UInt8(ascii: "\""))
                result += word
                result.append(UInt8(ascii: "\""))
                index += word.count
                continue
            }
            result.append(bytes[index])
            index += 1
        }
        return result
    }

    private static let words = ["NaN", "-Infinity", "Infinity", "-NaN"].map { Array($0.utf8) }
}
