import Yams

/// A key that two configurations give different values.
package struct ConfigurationDifference: Equatable, Sendable, CustomStringConvertible {
    /// With dots, such as "objective.epochs".
    package let key: String
    package let given: String
    package let stored: String

    package var description: String { "\(key) is \(given), the run has \(stored)" }

    /// The differences of two configurations of one kind, by key.
    package static func between(
        given: some ConfigurationSection, stored: some ConfigurationSection
    ) throws -> [ConfigurationDifference] {
        let (given, stored) = (try values(of: given), try values(of: stored))
        return Set(given.keys).union(stored.keys).sorted().compactMap { key in
            let (new, old) = (given[key] ?? "not given", stored[key] ?? "not given")
            return new == old ? nil : ConfigurationDifference(key: key, given: new, stored: old)
        }
    }

    private static func values(of section: some ConfigurationSection) throws -> [String: String] {
        var values: [String: String] = [:]
        func visit(_ node: Node, _ path: String) {
            guard let mapping = node.mapping else {
                if let items = node.sequence {
                    values[path] = "[\(items.map { $0.string ?? "..." }.joined(separator: ", "))]"
                } else {
                    values[path] = node.string ?? ""
                }
                return
            }
            for (key, value) in mapping {
                let name = key.string ?? "?"
                visit(value, path.isEmpty ? name : "\(path).\(name)")
            }
        }
        if let root = try Yams.compose(yaml: ConfigurationLoader.text(section)) { visit(root, "") }
        return values
    }
}
