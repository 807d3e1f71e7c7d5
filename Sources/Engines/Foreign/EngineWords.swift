internal import Foundation
package import Trajectories

/// A command line as a person writes it, split into words as a shell splits them, without a shell.
package enum EngineWords {
    /// The words: separated by blanks, `'...'` and `"..."` kept together, `\` before a character that stands for
    /// itself. Nothing is expanded.
    ///
    /// - Parameter option: from which the text is, for messages.
    /// - Throws: ``RoleError/configuration(_:)`` for a quote that is not closed, or nothing at all.
    package static func split(_ text: String, option: String = "--engine") throws(RoleError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                // Within double quotes only these lose their backslash.
                if quote == "\"", !"\"\\$`".contains(character) { word = (word ?? "") + "\\" }
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
                word = word ?? ""
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let quote { throw .configuration(["\(option): the quote \(quote) is not closed in: \(text)"]) }
        if isEscaped { throw .configuration(["\(option): a \\ stands at the end of: \(text)"]) }
        if let word { words.append(word) }
        guard !words.isEmpty else { throw .configuration(["\(option) is empty"]) }
        return words
    }

    /// The file of a program: as it is where it names a folder, else the first in `PATH`.
    static func executable(_ name: String, path: String) throws(RoleError) -> String {
        let files = FileManager.default
        if name.contains("/") {
            guard files.isExecutableFile(atPath: name) else {
                throw .configuration(["--engine: there is no program \(name)"])
            }
            return name
        }
        for folder in path.split(separator: ":") where files.isExecutableFile(atPath: "\(folder)/\(name)") {
            return "\(folder)/\(name)"
        }
        throw .configuration(["--engine: there is no program \(name) in PATH"])
    }
}
