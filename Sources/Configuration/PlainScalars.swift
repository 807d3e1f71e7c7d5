import Yams

/// Values that YAML's versions read in different ways, so that nobody can tell what was meant: `0032` is 26 or 32,
/// `1:30` 90 or a text, `on` true or a text. Where a number or a truth value is expected they are refused.
enum PlainScalars {
    /// What a value is expected to be, as the default of its key tells.
    enum Kind {
        case number, flag, text, unknown

        init(_ node: Node?) {
            guard let node, node.scalar != nil else {
                self = .unknown
                return
            }
            // The node's tag is resolved by the value, the scalar's is as written.
            switch node.tag.description {
            case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float": self = .number
            case "tag:yaml.org,2002:bool": self = .flag
            default: self = .text
            }
        }
    }

    /// What is wrong with the values of a file, each problem with its key.
    /// - Parameter defaults: the configuration without any key given; nil if there is none.
    static func problems(_ node: Node, defaults: Node?, path: String = "") -> [String] {
        switch node {
        case .mapping(let mapping):
            return mapping.flatMap { key, value in
                let name = key.string ?? "?"
                return problems(
                    value, defaults: defaults?.mapping?[key], path: path.isEmpty ? name : "\(path).\(name)")
            }
        case .sequence(let sequence):
            return sequence.enumerated().flatMap { index, value in
                problems(value, defaults: defaults?.sequence?.first, path: "\(path)[\(index)]")
            }
        case .scalar(let scalar):
            guard !path.isEmpty else { return [] }
            return problem(scalar, node: node, kind: Kind(defaults), path: path).map { [$0] } ?? []
        case .alias: return []
        }
    }

    private static func problem(_ scalar: Node.Scalar, node: Node, kind: Kind, path: String) -> String? {
        let text = scalar.string
        let place = path + (scalar.mark.map { " (line \($0.line))" } ?? "")
        let isPlain = scalar.style == .plain || scalar.style == .any
        if isPlain, ["", "~", "null", "Null", "NULL"].contains(text) {
            return "\(place) has no value: write one, or leave the key out for the default"
        }
        switch kind {
        case .text: return nil
        case .flag: return flagProblem(text, isPlain: isPlain, place: place)
        case .number: return numberProblem(text, place: place)
        case .unknown where isPlain: return numberProblem(text, place: place)
        case .unknown: return nil
        }
    }

    private static func flagProblem(_ text: String, isPlain: Bool, place: String) -> String? {
        switch text.lowercased() {
        case "yes", "on", "y": "\(place) is \"\(text)\": write true"
        case "no", "off", "n": "\(place) is \"\(text)\": write false"
        case "true", "false": isPlain ? nil : "\(place) is \"\(text)\": write it without quotes"
        default: "\(place) is \"\(text)\": write true or false"
        }
    }

    private static func numberProblem(_ text: String, place: String) -> String? {
        var digits = Substring(text)
        let sign = digits.hasPrefix("-") ? "-" : ""
        if let first = digits.first, "+-".contains(first) { digits = digits.dropFirst() }
        guard let first = digits.first, first.isASCII, first.isNumber else { return nil }
        if digits.contains("_") {
            return "\(place) is \(text): write the number without underscores, \(text.filter { $0 != "_" })"
        }
        if digits.contains(":"), digits.allSatisfy({ $0.isNumber || $0 == ":" || $0 == "." }) {
            return "\(place) is \(text): write the number in decimals, not in sixties"
        }
        let radix: Int? = ["0x": 16, "0o": 8, "0b": 2][digits.prefix(2).lowercased()]
        if let radix {
            let value = Int(digits.dropFirst(2), radix: radix).map { "\(sign)\($0)" } ?? "it in decimal digits"
            return "\(place) is \(text): write \(value)"
        }
        guard digits.count > 1, first == "0", digits.dropFirst().first?.isNumber == true,
            Double(digits) != nil
        else { return nil }
        return "\(place) is \(text), which could be octal or decimal: write it without the leading zero, "
            + "\(sign)\(withoutZeros(digits))"
    }

    private static func withoutZeros(_ digits: Substring) -> String {
        let rest = digits.drop { $0 == "0" }
        guard let first = rest.first, first.isNumber else { return "0\(rest)" }
        return String(rest)
    }
}
