/// Values that YAML's versions read in different ways, so that nobody can tell what was meant: `0032` is 26 or 32,
/// `1:30` 90 or a text, `on` true or a text. Where a number or a truth value is expected they are refused.
enum PlainScalars {
    /// What is wrong with a value that is none.
    static func emptiness(_ text: String, isPlain: Bool) -> String? {
        if isPlain, ["", "~", "null", "Null", "NULL"].contains(text) {
            return "has no value: write one, or leave the key out for the default"
        }
        return text.isEmpty ? "is an empty text: write one, or leave the key out for the default" : nil
    }

    /// What is wrong with a text where true or false is expected, to follow the key's name.
    static func flagProblem(_ text: String, isPlain: Bool) -> String? {
        switch text.lowercased() {
        case "yes", "on", "y": "is \"\(text)\": write true"
        case "no", "off", "n": "is \"\(text)\": write false"
        case "true", "false": isPlain ? nil : "is \"\(text)\": write it without quotes"
        default: "is \"\(text)\": write true or false"
        }
    }

    /// What is wrong with the form of a number, to follow the key's name; what is no number at all is not refused here.
    static func numberProblem(_ text: String) -> String? {
        var digits = Substring(text)
        let sign = digits.hasPrefix("-") ? "-" : ""
        if let first = digits.first, "+-".contains(first) { digits = digits.dropFirst() }
        guard let first = digits.first, first.isASCII, first.isNumber else { return nil }
        if digits.contains("_") {
            return "is \(text): write the number without underscores, \(text.filter { $0 != "_" })"
        }
        if digits.contains(":"), digits.allSatisfy({ $0.isNumber || $0 == ":" || $0 == "." }) {
            return "is \(text): write the number in decimals, not in sixties"
        }
        let radix: Int? = ["0x": 16, "0o": 8, "0b": 2][digits.prefix(2).lowercased()]
        if let radix {
            let value = Int(digits.dropFirst(2), radix: radix).map { "\(sign)\($0)" } ?? "it in decimal digits"
            return "is \(text): write \(value)"
        }
        guard digits.count > 1, first == "0", digits.dropFirst().first?.isNumber == true,
            Double(digits) != nil
        else { return nil }
        return "is \(text), which could be octal or decimal: write it without the leading zero, "
            + "\(sign)\(withoutZeros(digits))"
    }

    private static func withoutZeros(_ digits: Substring) -> String {
        let rest = digits.drop { $0 == "0" }
        guard let first = rest.first, first.isNumber else { return "0\(rest)" }
        return String(rest)
    }
}
