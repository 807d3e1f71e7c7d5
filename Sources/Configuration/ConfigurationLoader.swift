internal import Base
package import Foundation
internal import Yams

/// Reads configuration files: YAML, unknown keys refused, all problems listed at once.
package enum ConfigurationLoader {
    /// Reads a file.
    ///
    /// - Throws: `ConfigurationError` with the file's path and every problem found.
    package static func load<Section: ConfigurationSection>(_ type: Section.Type, from url: URL) throws -> Section {
        let text: String
        do { text = try String(contentsOf: url, encoding: .utf8) } catch {
            throw ConfigurationError(
                source: url.path, problems: ["cannot be read: \(FileProblem.reason(of: error))"])
        }
        // A file that was cut short is more likely than one that asks for nothing but defaults.
        guard !isBlank(text) else {
            throw ConfigurationError(
                source: url.path, problems: ["holds no key: write some, or {} for the defaults of all"])
        }
        return try parse(type, text: text, source: url.path)
    }

    /// Reads text; `source` names it in errors.
    package static func parse<Section: ConfigurationSection>(
        _ type: Section.Type, text: String, source: String
    ) throws -> Section {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch {
            throw ConfigurationError(source: source, problems: ["is not valid YAML: \(error)"])
        }
        let node = root ?? Node.mapping([:])
        guard node.mapping != nil else {
            throw ConfigurationError(source: source, problems: ["must be a table of keys and values"])
        }
        var problems = unknownKeys(node, type: type, path: "")
        let scalars = PlainScalars.problems(node, defaults: defaults(of: type))
        problems += scalars
        let (section, mistakes) = decode(type, from: node)
        // A value that is refused for its form need not be refused for its type as well.
        problems += mistakes.filter { mistake in
            !scalars.contains { $0.split(separator: " ").first == mistake.split(separator: " ").first }
        }
        problems += section?.problems ?? []
        guard problems.isEmpty, let section else { throw ConfigurationError(source: source, problems: problems) }
        return section
    }

    /// Whether there is nothing but comments.
    private static func isBlank(_ text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).allSatisfy { line in
            let content = line.drop { $0.isWhitespace || $0 == "\u{feff}" }
            return content.isEmpty || content.hasPrefix("#")
        }
    }

    /// The configuration without any key given; nil if some must be given.
    private static func defaults(of type: (some ConfigurationSection).Type) -> Node? {
        guard let section = try? YAMLDecoder().decode(type, from: Node.mapping([:])), let text = try? text(section)
        else { return nil }
        return try? Yams.compose(yaml: text)
    }

    /// Decodes all that can be: a value of the wrong type is named and left out, so that it does not hide what is wrong
    /// with the others.
    private static func decode<Section: ConfigurationSection>(
        _ type: Section.Type, from node: Node
    ) -> (section: Section?, mistakes: [String]) {
        var node = node
        var mistakes: [String] = []
        while true {
            do {
                return (try YAMLDecoder().decode(type, from: node), mistakes)
            } catch {
                mistakes.append(describe(error))
                let path = codingPath(error)
                guard mistakes.count < 100, let smaller = removing(path[...], from: node) else {
                    return (nil, mistakes)
                }
                node = smaller
            }
        }
    }

    private static func codingPath(_ error: any Error) -> [any CodingKey] {
        switch error as? DecodingError {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath
        default: []
        }
    }

    /// A table without the value at a path; nil if it has none there.
    private static func removing(_ path: ArraySlice<any CodingKey>, from node: Node) -> Node? {
        guard let key = path.first, var mapping = node.mapping else { return nil }
        let name = Node(key.stringValue)
        guard let value = mapping[name] else { return nil }
        let rest = path.dropFirst()
        if !rest.isEmpty, value.mapping != nil {
            guard let smaller = removing(rest, from: value) else { return nil }
            mapping[name] = smaller
        } else {
            mapping[name] = nil
        }
        return .mapping(mapping)
    }

    /// The text of a configuration, to be stored beside what it made.
    package static func text(_ section: some ConfigurationSection) throws -> String {
        let encoder = YAMLEncoder()
        encoder.options.sortKeys = true
        return try encoder.encode(section)
    }

    private static func unknownKeys(_ node: Node, type: any ConfigurationSection.Type, path: String) -> [String] {
        guard let mapping = node.mapping else {
            return ["\(path.isEmpty ? "the file" : path) must be a table of keys and values"]
        }
        var problems: [String] = []
        for (key, value) in mapping {
            let name = key.string ?? "?"
            let full = path.isEmpty ? name : "\(path).\(name)"
            guard let field = type.fields[name] else {
                let line = key.mark.map { " (line \($0.line))" } ?? ""
                let known = type.fields.keys.sorted().joined(separator: ", ")
                problems.append("unknown key \(full)\(line); known here: \(known)")
                continue
            }
            if let nested = field, value.null == nil { problems += unknownKeys(value, type: nested, path: full) }
        }
        return problems
    }

    private static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .typeMismatch(let type, let context): return "\(path(context)) must be \(words(type))"
        case .valueNotFound(let type, let context): return "\(path(context)) has no value; it must be \(words(type))"
        case .keyNotFound(let key, let context):
            return "\((context.codingPath + [key]).map(\.stringValue).joined(separator: ".")) is missing"
        case .dataCorrupted(let context): return "\(path(context)): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }

    private static func words(_ type: Any.Type) -> String {
        switch type {
        case is Int.Type, is UInt64.Type: "a whole number"
        case is Double.Type: "a number"
        case is Bool.Type: "true or false"
        case is String.Type: "text"
        default: "\(type)"
        }
    }
}

/// Everything that is wrong with a configuration.
package struct ConfigurationError: LastingError, CustomStringConvertible, Sendable {
    package let source: String
    package let problems: [String]

    package init(source: String, problems: [String]) {
        self.source = source
        self.problems = problems
    }

    package var description: String {
        problems.count == 1
            ? "\(source): \(problems[0])" : "\(source): \(problems.count) problems: " + problems.joined(separator: "; ")
    }
}
