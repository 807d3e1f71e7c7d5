/// A JSON value that keeps the order of its keys.
package indirect enum JSONValue: Sendable {
    case text(String)
    /// Written so that reading gives the same bits; a number that is not finite becomes null.
    case number(Double)
    case integer(Int)
    case flag(Bool)
    case list([JSONValue])
    case object([(key: String, value: JSONValue)])

    /// The value in one line.
    package var line: String {
        switch self {
        case .text(let text): JSONText.quoted(text)
        case .number(let number): number.isFinite ? "\(number)" : "null"
        case .integer(let integer): "\(integer)"
        case .flag(let flag): flag ? "true" : "false"
        case .list(let values): "[\(values.map(\.line).joined(separator: ","))]"
        case .object(let fields):
            "{\(fields.map { "\(JSONText.quoted($0.key)):\($0.value.line)" }.joined(separator: ","))}"
        }
    }
}

/// The fields of an object in their order.
package typealias JSONFields = [(key: String, value: JSONValue)]
