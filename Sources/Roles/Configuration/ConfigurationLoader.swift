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
            throw ConfigurationError(source: url.path, problems: ["cannot be read: \(error.localizedDescription)"])
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
        var problems = unknownKeys(node, type: type, path: "")
        var section: Section?
        do { section = try YAMLDecoder().decode(Section.self, from: text.isEmpty || root == nil ? "{}" : text) } catch {
            problems.append(describe(error))
        }
        problems += section?.problems ?? []
        guard problems.isEmpty, let section else { throw ConfigurationError(source: source, problems: problems) }
        return section
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
package struct ConfigurationError: Error, CustomStringConvertible, Sendable {
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
