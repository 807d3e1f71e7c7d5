/// What a tool says about one input, under the input's name.
package struct ToolAnswer<Value: Sendable>: Sendable {
    package let id: String
    package let result: Result<Value, ToolFailure>

    package init(id: String, result: Result<Value, ToolFailure>) {
        self.id = id
        self.result = result
    }
}

/// Why a tool has no answer for an input: a sentence for people.
package struct ToolFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    package init(_ error: some Error) { self.init("\(error)") }
}
