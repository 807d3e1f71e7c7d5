/// A configuration, or a table in one: values with a key each.
package protocol ConfigurationSection: Sendable {
    /// All keys with their defaults.
    init()
    /// Every key, in the order in which it is told and written.
    static var keys: [ConfigurationKey<Self>] { get }
    /// The key that a single word or a list in place of the table gives a value to; nil: there is none.
    static var shorthand: String? { get }
    /// The word for the key of ``shorthand`` that a table without it means by having these keys; nil: none.
    static func shorthand(impliedBy keys: [String]) -> String?
    /// What is wrong with values that each are right by themselves: the name of the key, and what to say after it.
    var conflicts: [(key: String, problem: String)] { get }
}

extension ConfigurationSection {
    package var conflicts: [(key: String, problem: String)] { [] }
    package static var shorthand: String? { nil }
    package static func shorthand(impliedBy keys: [String]) -> String? { nil }

    /// All keys and their values.
    ///
    /// - Parameter path: where the section stands; empty for the whole configuration.
    package func entries(path: String = "") -> [KeyEntry] {
        Self.keys.flatMap { $0.entries(self, Self.path(path, $0.name)) }
    }

    /// What is wrong with the values, a sentence each, all of it; empty if nothing.
    ///
    /// - Parameter path: where the section stands; empty for the whole configuration.
    package func problems(path: String = "") -> [String] {
        let own = entries(path: path).filter(\.applies)
            .compactMap { entry in entry.problem.map { KeyProblem(entry.path, nil, $0) } }
        return (own + allConflicts(path: path, besides: own)).map(\.description)
    }

    /// A copy with the values of the keys that may change on resume taken from another.
    package func takingChangeableKeys(from other: Self) -> Self {
        var copy = self
        for key in Self.keys { key.takeChangeable(other, &copy) }
        return copy
    }

    /// Conflicts of keys that have no problem by themselves.
    func allConflicts(path: String, besides problems: [KeyProblem]) -> [KeyProblem] {
        conflicts.map { KeyProblem(Self.path(path, $0.key), nil, $0.problem) }
            .filter { conflict in !problems.contains { $0.path == conflict.path } }
    }

    static func path(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// Reads a table; keys that are wrong keep their default.
    static func read(_ node: ConfigurationNode, path: String, reader: inout KeyReader) -> Self {
        var section = Self()
        guard case .table(let items) = node.content else {
            if case .scalar(let text, let isPlain) = node.content,
                let problem = PlainScalars.emptiness(text, isPlain: isPlain)
            {
                reader.add(path, node.place, problem)
            } else if let key = keys.first(where: { $0.name == shorthand }) {
                key.read(node, Self.path(path, key.name), &section, &reader)
            } else {
                reader.add(path.isEmpty ? "the file" : path, node.place, "must be a table of keys and values")
            }
            return section
        }
        for item in items where !keys.contains(where: { $0.name == item.key }) {
            reader.addUnknown(item.key, in: path, at: item.place, known: keys.map(\.name))
        }
        if let name = shorthand, !items.contains(where: { $0.key == name }),
            let word = shorthand(impliedBy: items.map(\.key)), let key = keys.first(where: { $0.name == name })
        {
            let implied = ConfigurationNode(.scalar(word, isPlain: true), place: node.place)
            key.read(implied, Self.path(path, name), &section, &reader)
        }
        var places: [String: ConfigurationNode.Place] = [:]
        let before = reader.problems.count
        for key in keys {
            let full = Self.path(path, key.name)
            guard let item = items.first(where: { $0.key == key.name }) else {
                guard key.isRequired else { continue }
                reader.add(full, node.place, "is missing: the other keys of \(path) depend on it")
                return section
            }
            places[full] = item.value.place
            let known = reader.problems.count
            key.read(item.value, full, &section, &reader)
            // What the other keys mean is not known.
            if key.isRequired, reader.problems.count > known { return section }
        }
        let conflicts = section.allConflicts(path: path, besides: Array(reader.problems[before...]))
        for conflict in conflicts { reader.add(conflict.path, places[conflict.path], conflict.text) }
        return section
    }
}

// MARK: Swift's coders

/// For files and messages that hold a section in JSON: the same keys, each of which may be missing. What is unknown is
/// ignored, and what is out of range taken as it is: see ``ConfigurationSection/problems(path:)``.
extension ConfigurationSection {
    package init(keysOf decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: KeyName.self)
        for key in Self.keys { try key.decode(container, &self) }
    }

    package func encodeKeys(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: KeyName.self)
        for key in Self.keys { try key.encode(self, &container) }
    }
}
