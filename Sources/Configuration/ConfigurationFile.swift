internal import Base
package import Foundation
internal import Yams

/// Files of text, and what is wrong with them in words of our own.
package enum ConfigurationFile {
    /// The text of a file in UTF-8.
    package static func text(of url: URL) throws(ConfigurationError) -> String {
        func refuse(_ problem: String) -> ConfigurationError {
            ConfigurationError(source: url.path, problems: [problem])
        }
        let data: Data
        do { data = try Data(contentsOf: url) } catch {
            throw refuse("cannot be read: \(FileProblem.reason(of: error))")
        }
        let start = Array(data.prefix(3))
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) || start.prefix(2).contains(0) {
            throw refuse("is text in UTF-16 or UTF-32: save it as UTF-8")
        }
        let bytes = start == [0xEF, 0xBB, 0xBF] ? data.dropFirst(3) : data
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw refuse("is not UTF-8 text: save it as UTF-8")
        }
        return text
    }

    /// Why a text is no YAML, in one line.
    static func problem(_ error: any Error) -> String {
        if error is ConfigurationYAML.TooLarge { return ConfigurationYAML.TooLarge.problem }
        if error is ConfigurationYAML.CompositeKey { return ConfigurationYAML.CompositeKey.problem }
        guard let error = error as? YamlError else { return "is not valid YAML" }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let start = context.map { ", \($0.text) in line \($0.mark.line)" } ?? ""
            return "is not valid YAML: line \(mark.line), column \(mark.column): \(problem)\(start)"
        case .duplicatedKeysInMapping(let keys, let context):
            return "has a key twice in the table of line \(context.mark.line): \(keys.joined(separator: ", ")); "
                + "keep one of them"
        case .reader: return "is not valid YAML: it holds a character that no text may hold"
        default: return "is not valid YAML"
        }
    }
}
