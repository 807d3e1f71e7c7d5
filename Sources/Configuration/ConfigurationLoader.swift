internal import Base
package import Foundation
internal import Yams

/// Reads configurations: YAML, unknown keys refused, all problems told at once.
package enum ConfigurationLoader {
    /// Reads a file. Its paths become absolute, so that the configuration means the same wherever it is used.
    ///
    /// - Parameter overrides: what the command line says in place of the file, the later ones first.
    /// - Throws: ``ConfigurationError`` with the file's path and every problem found.
    package static func load<Section: ConfigurationSection>(
        _ type: Section.Type, from url: URL, overrides: [ConfigurationOverride] = []
    ) throws(ConfigurationError) -> Section {
        let text = try ConfigurationFile.text(of: url)
        // A file that was cut short is more likely than one that asks for nothing but defaults.
        guard !isBlank(text) else {
            throw ConfigurationError(
                source: url.path, problems: ["holds no key: write some, or {} for the defaults of all"])
        }
        return try parse(
            type, text: text, source: url.path, folder: url.absoluteURL.deletingLastPathComponent(),
            overrides: overrides)
    }

    /// Whether there is nothing but comments.
    private static func isBlank(_ text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).allSatisfy { line in
            let content = line.drop { $0.isWhitespace || $0 == "\u{feff}" }
            return content.isEmpty || content.hasPrefix("#")
        }
    }

    /// Whether a text gives a value to a key, named with dots; false for what is no YAML.
    package static func holds(_ key: String, in text: String) -> Bool {
        guard let node = try? ConfigurationYAML.compose(text) else { return false }
        return ConfigurationNode(node).holds(key.split(separator: ".")[...])
    }

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - source: names the text in errors.
    ///   - folder: what paths are relative to; nil leaves them as they are.
    package static func parse<Section: ConfigurationSection>(
        _ type: Section.Type, text: String, source: String, folder: URL? = nil,
        overrides: [ConfigurationOverride] = []
    ) throws(ConfigurationError) -> Section {
        let entries = Section().entries()
        var root = ConfigurationNode(.table([]), place: nil)
        var reader = KeyReader(folder: folder, known: entries.map(\.path))
        do {
            if let node = try ConfigurationYAML.compose(text) { root = ConfigurationNode(node) }
        } catch {
            throw ConfigurationError(source: source, problems: [ConfigurationFile.problem(error)])
        }
        for override in overrides {
            switch override.node(isText: entries.first { $0.path == override.key }?.isText ?? false) {
            case .success(let node):
                if !root.set(override.path, to: node) {
                    reader.add(
                        override.key, .option(override.option),
                        "cannot be set, since \(source) has one value for the whole table: write the table there")
                }
            case .failure(let error): reader.problems.append(error.problem)
            }
        }
        let section = Section.read(root, path: "", reader: &reader)
        guard reader.problems.isEmpty else {
            throw ConfigurationError(source: source, problems: reader.problems.map(\.description))
        }
        return section
    }
}

/// Everything that is wrong with a configuration.
package struct ConfigurationError: LastingError, CustomStringConvertible, Sendable {
    package let source: String
    package let problems: [String]
    /// What to do about all of them together, a sentence each.
    package let advice: [String]

    package init(source: String, problems: [String], advice: [String] = []) {
        self.source = source
        self.problems = problems
        self.advice = advice
    }

    package var description: String {
        let count = problems.count == 1 ? "" : "\(problems.count) problems: "
        return "\(source): \(count)\(problems.joined(separator: "; "))" + advice.map { ". \($0)" }.joined()
    }
}
