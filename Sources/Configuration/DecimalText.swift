/// Numbers in a form that YAML 1.1, YAML 1.2 and JSON read alike: 0.0003, not 3e-4, which YAML 1.1 takes for a text.
enum DecimalText {
    /// The shortest decimals that give the same number; always with a point, so that it stays no whole number.
    static func yaml(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? ".nan" : value < 0 ? "-.inf" : ".inf" }
        let text = "\(value.magnitude)"
        let sign = value.sign == .minus ? "-" : ""
        let parts = text.split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return sign + text }
        let mantissa = parts[0].contains(".") ? String(parts[0]) : "\(parts[0]).0"
        guard (-12..<0).contains(exponent) else {
            return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(abs(exponent))"
        }
        var digits = mantissa.filter { $0 != "." }
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        return "\(sign)0.\(String(repeating: "0", count: -exponent - 1))\(digits)"
    }

    /// A value for a message: whole numbers without a point.
    static func short(_ yaml: String) -> String {
        yaml.hasSuffix(".0") && Double(yaml) != nil ? String(yaml.dropLast(2)) : yaml
    }

    /// The number that a text means in YAML; nil if it means none.
    static func value(_ text: String) -> Double? {
        switch text {
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .infinity
        case "-.inf", "-.Inf", "-.INF": return -.infinity
        case ".nan", ".NaN", ".NAN": return .nan
        default: break
        }
        guard text.contains(where: \.isNumber), text.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) })
        else { return nil }
        let unsigned = text.hasPrefix("+") ? String(text.dropFirst()) : text
        guard !unsigned.hasPrefix("+") else { return nil }
        return Double(unsigned)
    }
}

/// Texts in a form that no parser of YAML takes for anything else.
enum QuotedText {
    /// Words that some version of YAML does not take for a text.
    private static let words: Set<String> = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity",
    ]

    /// The text, in quotes wherever it could be something else.
    static func yaml(_ text: String) -> String {
        let isPlain =
            text.first.map { $0.isASCII && ($0.isLetter || $0 == "/") } == true
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-".contains($0)) }
            && !words.contains(text.lowercased())
        if isPlain { return text }
        let isPrintable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0xA0).contains($0.value) }
        let isOneLine = !text.unicodeScalars.contains { [0x2028, 0x2029, 0xFEFF].contains($0.value) }
        if isPrintable && isOneLine { return "'\(text.replacing("'", with: "''"))'" }
        return "\"\(text.unicodeScalars.map(escaped).joined())\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\t": "\\t"
        case _ where (0x20..<0x7F).contains(scalar.value): String(scalar)
        case _ where scalar.value > 0xFFFF: "\\U\(hexadecimal(scalar.value, digits: 8))"
        default: "\\u\(hexadecimal(scalar.value, digits: 4))"
        }
    }

    private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
