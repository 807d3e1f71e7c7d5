/// Text made safe for HTML and SVG.
package enum HTMLText {
    /// The text with the five characters escaped that mean something in markup; control characters are dropped.
    package static func escape(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: continue
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A chemical formula with its numbers as subscripts.
    package static func formula(_ formula: String) -> String {
        var result = ""
        var isNumber = false
        for character in formula {
            let continuesNumber = character.isASCII && (character.isNumber || (isNumber && character == "."))
            if continuesNumber != isNumber { result += continuesNumber ? "<sub>" : "</sub>" }
            isNumber = continuesNumber
            result += escape(String(character))
        }
        return isNumber ? "\(result)</sub>" : result
    }

    /// A name for a file: what is not a letter, digit, "-" or "_" becomes "-".
    package static func fileName(_ text: String) -> String {
        String(text.prefix(60).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "-" })
    }
}
