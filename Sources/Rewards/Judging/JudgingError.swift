/// Why crystals cannot be judged: one line for a person.
package struct JudgingError: Error, CustomStringConvertible, Sendable, Hashable {
    package let description: String

    init(_ description: String) { self.description = description }
}
