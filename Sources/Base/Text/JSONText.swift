import Foundation

/// JSON as programs of the field read and write it.
package enum JSONText {
    /// The text without a byte order mark, and with what Python writes for numbers that are none (`NaN`, `Infinity`,
    /// `-Infinity`) in quotes: where such a value is used it is refused by name, where not it does no harm.
    package static func normalized(_ bytes: [UInt8]) -> [UInt8] {
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

    /// A JSON string, quotes included.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.value < 0x20: result += String(format: "\\u%04x", scalar.value)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static let words = ["NaN", "-Infinity", "Infinity", "-NaN"].map { Array($0.utf8) }
}
