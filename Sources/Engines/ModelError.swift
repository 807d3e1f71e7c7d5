import Base

/// Why a policy, a potential or a hull that somebody named cannot be opened: a sentence with its name.
package struct ModelError: LastingError, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
