/// One of some words, or a list.
package enum WordOrList<Word: ConfigurationValue, Item: ConfigurationValue>: ConfigurationValue {
    case word(Word)
    case list([Item])

    package static var kind: String { "\(Word.kind), or \([Item].kind)" }

    package static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> Self? {
        if case .list = node.content { return [Item].read(node, path: path, problems: &problems).map(Self.list) }
        var misread: [KeyProblem] = []
        if let word = Word.read(node, path: path, problems: &misread) { return .word(word) }
        _ = scalar(node, path: path, problems: &problems) { text, _ in misfit(text) }
        return nil
    }

    package var yaml: String {
        switch self {
        case .word(let word): word.yaml
        case .list(let items): items.yaml
        }
    }

    package var isFinite: Bool {
        switch self {
        case .word(let word): word.isFinite
        case .list(let items): items.isFinite
        }
    }

    package func mappingText(_ transform: (String) -> String) -> Self {
        switch self {
        case .word(let word): .word(word.mappingText(transform))
        case .list(let items): .list(items.mappingText(transform))
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let items = try? container.decode([Item].self) {
            self = .list(items)
        } else {
            self = .word(try container.decode(Word.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .word(let word): try container.encode(word)
        case .list(let items): try container.encode(items)
        }
    }
}
