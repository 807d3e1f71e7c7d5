package import Base

/// Something in which two runs differ.
package struct LedgerDifference: Equatable, Sendable {
    /// What differs, such as "step 3", "crystal 3-1-4" or "policy of version 5".
    package let subject: String
    package let form: Form

    package enum Form: Equatable, Sendable {
        /// One of the runs has it alone.
        case onlyIn(Side)
        /// Both have it, with other values; nil where there is none.
        case values([Field])
    }

    /// The runs in the order in which they were named.
    package enum Side: String, Sendable {
        case a = "A"
        case b = "B"
    }

    /// A value that differs.
    package struct Field: Equatable, Sendable {
        package let name: String
        package let a: String?
        package let b: String?
    }

    /// The difference in a line.
    package var line: String {
        switch form {
        case .onlyIn(let side): "\(subject): only in \(side.rawValue)"
        case .values(let fields):
            "\(subject): "
                + fields.map { "\($0.name) \($0.a ?? "none") in A, \($0.b ?? "none") in B" }.joined(separator: "; ")
        }
    }

    /// The difference as an object.
    package var json: JSONValue {
        func value(_ text: String?) -> JSONValue? { text.map { .text($0) } }
        switch form {
        case .onlyIn(let side): return .object([("subject", .text(subject)), ("only_in", .text(side.rawValue))])
        case .values(let fields):
            let list = fields.map { field in
                let sides = [("a", value(field.a)), ("b", value(field.b))].compactMap { side in
                    side.1.map { (key: side.0, value: $0) }
                }
                return JSONValue.object([(key: "name", value: .text(field.name))] + sides)
            }
            return .object([("subject", .text(subject)), ("fields", .list(list))])
        }
    }
}

/// What two runs trained on, held against each other.
package struct LedgerComparison: Sendable {
    /// The first differences, steps before crystals.
    package internal(set) var differences: [LedgerDifference] = []
    /// All of them.
    package internal(set) var differenceCount = 0
    /// The steps, crystals and versions' weights that both have and that were compared.
    package internal(set) var (steps, crystals, weights) = (0, 0, 0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    package var isEqual: Bool { differenceCount == 0 }

    mutating func add(_ subject: @autoclosure () -> String, _ form: LedgerDifference.Form) {
        differenceCount += 1
        if differences.count < limit { differences.append(LedgerDifference(subject: subject(), form: form)) }
    }

    /// Adds a difference for fields that are not the same; nothing where there are none.
    mutating func add(_ subject: @autoclosure () -> String, fields: [LedgerDifference.Field]) {
        if !fields.isEmpty { add(subject(), .values(fields)) }
    }
}
