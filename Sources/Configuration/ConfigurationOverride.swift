import Yams

/// A value that the command line gives in place of the file's: `--set objective.kl_weight=0.1`.
package struct ConfigurationOverride: Sendable, Hashable {
    /// With dots.
    package let key: String
    package let text: String
    /// The option, for messages.
    package let option: String

    package init(key: String, text: String, option: String) {
        self.key = key
        self.text = text
        self.option = option
    }

    /// Reads what follows `--set`; nil if it is not of the form KEY=VALUE.
    package init?(setting text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let key = text[..<equals]
        let parts = key.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && !$0.contains(where: \.isWhitespace) }) else { return nil }
        self.init(key: String(key), text: String(text[text.index(after: equals)...]), option: "--set")
    }

    /// The overrides of a command line: its `--set` options, then those that have an option of their own.
    ///
    /// - Parameters:
    ///   - settings: what follows each `--set`, of the form KEY=VALUE.
    ///   - options: key, value and option; without a value there is no override.
    package static func list(
        _ settings: [String], _ options: [(key: String, value: (any CustomStringConvertible)?, option: String)] = []
    ) -> [ConfigurationOverride] {
        settings.compactMap(Self.init(setting:))
            + options.compactMap { option in
                option.value.map { Self(key: option.key, text: "\($0)", option: option.option) }
            }
    }

    /// What is wrong with the `--set` options of a command line; nil if nothing.
    package static func problem(of settings: [String]) -> String? {
        settings.first { Self(setting: $0) == nil }
            .map { "--set \($0): write KEY=VALUE, such as --set threads=4" }
    }

    /// The text from which ``init(setting:)`` makes it again.
    package var setting: String { "\(key)=\(text)" }

    var path: ArraySlice<Substring> { key.split(separator: ".")[...] }

    /// The value. A list or a table is YAML in brackets; anything else is what it is, without quotes of its own.
    ///
    /// - Parameter isText: whether the key takes any text, a bracket at its start included.
    func node(isText: Bool) -> Result<ConfigurationNode, InvalidYAML> {
        let place = ConfigurationNode.Place.option(option)
        guard !isText, let first = text.first(where: { !$0.isWhitespace }), "[{".contains(first) else {
            return .success(ConfigurationNode(.scalar(text, isPlain: true), place: place))
        }
        guard let node = try? ConfigurationYAML.compose(text) else {
            return .failure(InvalidYAML(problem: KeyProblem(key, place, "is not a list or table in YAML: \(text)")))
        }
        return .success(ConfigurationNode(node, origin: place))
    }

    struct InvalidYAML: Error {
        let problem: KeyProblem
    }
}
