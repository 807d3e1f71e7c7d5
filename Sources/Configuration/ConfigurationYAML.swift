internal import Yams

/// Texts of YAML, read within bounds.
enum ConfigurationYAML {
    /// The most values, tables and lists of a text, those that its aliases stand for counted each time.
    private static let limit = 100_000

    /// A few lines of aliases of aliases stand for more values than any memory holds.
    struct TooLarge: Error {
        static let problem =
            "stands for more than \(limit) values, by aliases (*name) of aliases: write out what is meant"
    }

    /// A table, list or alias as a key: no key of ours is one, and Yams looks at all that aliases in it stand for.
    struct CompositeKey: Error {
        static let problem = "has a list, a table or an alias (*name) as a key; keys are names"
    }

    /// The root of a text; nil for one that holds nothing.
    /// - Throws: ``TooLarge``, ``CompositeKey`` in a text with aliases, or what Yams finds wrong.
    static func compose(_ text: String) throws -> Node? {
        let anchor = /(?:^|[\s,\[{])&[\w-]/
        let key = /\*[\w-]+\s*:|[\]}]\s*:|(?:^|[\s,\[{])\?\s/
        if text.contains(anchor), text.contains(key) { throw CompositeKey() }
        guard let node = try Yams.compose(yaml: text) else { return nil }
        var left = limit
        guard fits(node, &left) else { throw TooLarge() }
        return node
    }

    /// Whether a value and all in it are no more than what is left.
    private static func fits(_ node: Node, _ left: inout Int) -> Bool {
        left -= 1
        guard left >= 0 else { return false }
        switch node {
        case .scalar, .alias: return true
        case .sequence(let sequence): return sequence.allSatisfy { fits($0, &left) }
        case .mapping(let mapping): return mapping.allSatisfy { fits($0.key, &left) && fits($0.value, &left) }
        }
    }
}
