/// Reads a decimal number such as "-1.5e3", ".25", Fortran's "5.64D0" or "5.64(3)" (the uncertainty in parentheses is
/// left out); nil for anything else, and for numbers that are not finite.
///
/// - Parameter allowsUncertainty: Whether there may be one.
package func parseDecimal(_ bytes: some Collection<UInt8>, allowsUncertainty: Bool = true) -> Double? {
    let value = bytes.withContiguousStorageIfAvailable { decimal($0, allowsUncertainty: allowsUncertainty) }
    return value ?? Array(bytes).withUnsafeBufferPointer { decimal($0, allowsUncertainty: allowsUncertainty) }
}

/// The same for a text that may have white space at its ends; what stands between words is none of a number.
package func parseDecimal(trimming text: String) -> Double? { parseDecimal(trimmed(text).utf8) }

/// A text without the white space at its ends.
package func trimmed(_ text: String) -> Substring {
    var text = text[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
}

/// The same for bytes in one piece.
private func decimal(_ bytes: UnsafeBufferPointer<UInt8>, allowsUncertainty: Bool) -> Double? {
    var iterator = bytes.makeIterator()
    var byte = iterator.next()
    var isNegative = false
    if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
        isNegative = byte == UInt8(ascii: "-")
        byte = iterator.next()
    }
    var mantissa = 0
    var digits = 0
    var exponent = 0
    var isFraction = false
    var isExact = true
    while let current = byte {
        if current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") {
            digits += 1
            if mantissa < 100_000_000_000_000 {
                mantissa = 10 * mantissa + Int(current - UInt8(ascii: "0"))
                if isFraction { exponent -= 1 }
            } else {
                isExact = false
                if !isFraction { exponent += 1 }
            }
        } else if current == UInt8(ascii: "."), !isFraction {
            isFraction = true
        } else {
            break
        }
        byte = iterator.next()
    }
    guard digits > 0 else { return nil }
    if let letter = byte, [UInt8(ascii: "e"), UInt8(ascii: "d")].contains(letter | 0x20) {
        isExact = false
        byte = iterator.next()
        var isExponentNegative = false
        if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
            isExponentNegative = byte == UInt8(ascii: "-")
            byte = iterator.next()
        }
        var power = 0
        var hasPower = false
        while let current = byte, current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") {
            power = min(10 * power + Int(current - UInt8(ascii: "0")), 10_000)
            hasPower = true
            byte = iterator.next()
        }
        guard hasPower else { return nil }
        exponent += isExponentNegative ? -power : power
    }
    if allowsUncertainty, byte == UInt8(ascii: "(") {
        byte = iterator.next()
        var hasDigits = false
        while let current = byte, current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") {
            hasDigits = true
            byte = iterator.next()
        }
        guard hasDigits, byte == UInt8(ascii: ")") else { return nil }
        byte = iterator.next()
    }
    guard byte == nil else { return nil }
    if isExact, exponent <= 0, exponent >= -22 {
        let value = Double(mantissa) / powersOfTen[-exponent]
        return isNegative ? -value : value
    }
    // The rare cases are left to the exact conversion of the library.
    let text = String(
        decoding: bytes.prefix { $0 != UInt8(ascii: "(") }.map {
            $0 | 0x20 == UInt8(ascii: "d") ? UInt8(ascii: "e") : $0
        },
        as: UTF8.self)
    guard let value = Double(text.hasPrefix("+") ? String(text.dropFirst()) : text), value.isFinite else { return nil }
    return value
}

/// 1, 10, ... 1e22: exact as Double.
private let powersOfTen: [Double] = (0...22).map { power in (0..<power).reduce(1.0) { value, _ in value * 10 } }
