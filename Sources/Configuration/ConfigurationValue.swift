/// What a key can hold: numbers, texts, choices, lists of these.
package protocol ConfigurationValue: Codable, Hashable, Sendable {
    /// What is asked for, such as "a whole number".
    static var kind: String { get }
    /// The same for a list of them.
    static var listKind: String { get }
    /// Reads a value; what is wrong is added to the problems, and nil returned.
    static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> Self?
    /// The keys of each item, for a list of tables; else empty.
    static var itemEntries: [KeyEntry] { get }
    /// The value in a line of YAML that every parser reads alike.
    var yaml: String { get }
    /// Whether it is no number, or a finite one.
    var isFinite: Bool { get }
    /// The value with its texts changed.
    func mappingText(_ transform: (String) -> String) -> Self
}

extension ConfigurationValue {
    package static var listKind: String { "a list, such as [first, second]" }
    package var isFinite: Bool { true }
    package static var itemEntries: [KeyEntry] { [] }
    package func mappingText(_ transform: (String) -> String) -> Self { self }
    /// The value for a message.
    package var shown: String { DecimalText.short(yaml) }

    /// The text of a value that is not a list and no table.
    ///
    /// - Parameter wrong: what else is wrong with the text, to follow the key's name.
    static func scalar(
        _ node: ConfigurationNode, path: String, problems: inout [KeyProblem],
        wrong: (_ text: String, _ isPlain: Bool) -> String?
    ) -> String? {
        let problem: String?
        switch node.content {
        case .scalar(let text, let isPlain):
            problem = PlainScalars.emptiness(text, isPlain: isPlain) ?? wrong(text, isPlain)
            if problem == nil { return text }
        case .list: problem = "must be \(kind), not a list"
        case .table: problem = "must be \(kind), not a table"
        }
        if let problem { problems.append(KeyProblem(path, node.place, problem)) }
        return nil
    }

    static func misfit(_ text: String) -> String { "must be \(kind), not \"\(text)\"" }
}

/// A whole number within the bounds of its type.
private func readWhole<Value: ConfigurationValue & FixedWidthInteger>(
    _ node: ConfigurationNode, path: String, problems: inout [KeyProblem]
) -> Value? {
    Value.scalar(node, path: path, problems: &problems) { text, _ in
        if let problem = PlainScalars.numberProblem(text) { return problem }
        if Value(text) != nil { return nil }
        let digits = text.first.map { "+-".contains($0) } == true ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return Value.misfit(text) }
        return "is \(text); it must be \(Value.min) to \(Value.max)"
    }.flatMap { Value($0) }
}

extension Int: ConfigurationValue {
    package static var kind: String { "a whole number" }
    package static var listKind: String { "a list of whole numbers, such as [1, 2]" }
    package static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> Int? {
        readWhole(node, path: path, problems: &problems)
    }
    package var yaml: String { "\(self)" }
}

extension UInt64: ConfigurationValue {
    package static var kind: String { "a whole number" }
    package static var listKind: String { Int.listKind }
    package static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> UInt64? {
        readWhole(node, path: path, problems: &problems)
    }
    package var yaml: String { "\(self)" }
}

extension Double: ConfigurationValue {
    package static var kind: String { "a number" }
    package static var listKind: String { "a list of numbers, such as [0.5, 1.0]" }
    package static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> Double? {
        scalar(node, path: path, problems: &problems) { text, _ in
            PlainScalars.numberProblem(text) ?? (DecimalText.value(text) == nil ? misfit(text) : nil)
        }.flatMap(DecimalText.value)
    }
    package var yaml: String { DecimalText.yaml(self) }
}

extension Bool: ConfigurationValue {
    package static var kind: String { "true or false" }
    package static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> Bool? {
        scalar(node, path: path, problems: &problems, wrong: PlainScalars.flagProblem).map { $0.lowercased() == "true" }
    }
    package var yaml: String { self ? "true" : "false" }
}

extension String: ConfigurationValue {
    package static var kind: String { "text" }
    package static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> String? {
        scalar(node, path: path, problems: &problems) { _, _ in nil }
    }
    package var yaml: String { QuotedText.yaml(self) }
    package func mappingText(_ transform: (String) -> String) -> String { transform(self) }
}

/// A choice between names.
extension ConfigurationValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    package static var kind: String { allCases.map(\.rawValue).joined(separator: " or ") }
    package static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> Self? {
        scalar(node, path: path, problems: &problems) { text, _ in
            Self(rawValue: text) == nil ? misfit(text) : nil
        }.flatMap(Self.init(rawValue:))
    }
    package var yaml: String { QuotedText.yaml(rawValue) }
}

extension Array: ConfigurationValue where Element: ConfigurationValue {
    package static var kind: String { Element.listKind }

    package static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> [Element]? {
        guard case .list(let nodes) = node.content else {
            _ = scalar(node, path: path, problems: &problems) { text, _ in misfit(text) }
            return nil
        }
        let items = nodes.enumerated().map { index, item in
            Element.read(item, path: "\(path)[\(index)]", problems: &problems)
        }
        let values = items.compactMap { $0 }
        return values.count == nodes.count ? values : nil
    }

    package static var itemEntries: [KeyEntry] { Element.itemEntries }

    package var yaml: String { "[\(map(\.yaml).joined(separator: ", "))]" }
    package var isFinite: Bool { allSatisfy(\.isFinite) }
    package func mappingText(_ transform: (String) -> String) -> [Element] { map { $0.mappingText(transform) } }
}

extension ClosedRange: ConfigurationValue where Bound == Double {
    package static var kind: String { "two numbers, the smaller first, such as [-1.0, 1.0]" }

    package static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> ClosedRange? {
        guard case .list(let items) = node.content else {
            _ = scalar(node, path: path, problems: &problems) { text, _ in misfit(text) }
            return nil
        }
        guard let bounds = [Double].read(node, path: path, problems: &problems) else { return nil }
        guard items.count == 2, bounds[0] < bounds[1] else {
            problems.append(KeyProblem(path, node.place, "is \(bounds.shown); it must be \(kind)"))
            return nil
        }
        return bounds[0]...bounds[1]
    }

    package var yaml: String { [lowerBound, upperBound].yaml }
    package var isFinite: Bool { lowerBound.isFinite && upperBound.isFinite }
}
