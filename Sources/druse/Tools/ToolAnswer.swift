import Base

/// What a tool says about one input, under the input's name.
struct ToolAnswer<Value: Sendable>: Sendable {
    let id: String
    let result: Result<Value, ToolFailure>
}

/// Why a tool has no answer for an input: a sentence for people.
struct ToolFailure: LastingError, Sendable, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ error: some Error) { self.init("\(error)") }
}
