/// Names of keys, which are names of files too.
package enum KeyName {
    /// The name of the learner's key.
    package static let learner = "learner"
    private static let limit = 64

    /// What is wrong with a name; nil if nothing.
    package static func problem(of name: String) -> String? {
        func isLetterOrDigit(_ character: Character) -> Bool {
            character.isASCII && (character.isLetter || character.isNumber)
        }
        guard let first = name.first, isLetterOrDigit(first), name.utf8.count <= limit,
            name.allSatisfy({ isLetterOrDigit($0) || "-_.".contains($0) })
        else {
            return "\"\(name.prefix(80))\" is no name of a key: take 1 to \(limit) letters, digits, '-', '_' and '.', "
                + "beginning with a letter or digit"
        }
        return nil
    }
}
