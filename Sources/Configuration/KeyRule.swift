/// Which values a key may have.
package struct KeyRule<Value: ConfigurationValue>: Sendable {
    /// Such as "1 to 1024"; nil for all of the kind.
    let words: String?
    /// What is wrong with a value, to follow the key's name; nil if nothing.
    private let check: @Sendable (Value, _ unit: String?) -> String?

    func problem(_ value: Value, unit: String?) -> String? { check(value, unit) }

    /// Any value of the kind; numbers must be finite.
    package static var any: KeyRule {
        KeyRule(words: nil) { value, _ in value.isFinite ? nil : "is \(value.shown); it must be a number" }
    }

    /// A rule of its own.
    ///
    /// - Parameters:
    ///   - words: what is asked for; nil if the kind says it.
    ///   - problem: what is wrong with a value, to follow the key's name; nil if nothing.
    package static func custom(_ words: String?, _ problem: @escaping @Sendable (Value) -> String?) -> KeyRule {
        KeyRule(words: words) { value, _ in problem(value) }
    }

    private static func demand(_ words: String, _ holds: @escaping @Sendable (Value) -> Bool) -> KeyRule {
        KeyRule(words: words) { value, unit in
            holds(value) ? nil : "is \(value.shown); it must be \(words)" + (unit.map { " \($0)" } ?? "")
        }
    }

    /// Every item of a list obeys a rule.
    package static func each<Item>(_ rule: KeyRule<Item>) -> KeyRule where Value == [Item] {
        KeyRule(words: rule.words.map { "each \($0)" }) { items, unit in
            items.lazy.compactMap { rule.problem($0, unit: unit).map { "holds a value that \($0)" } }.first
        }
    }
}

extension KeyRule where Value: Comparable {
    package static func range(_ range: ClosedRange<Value>) -> KeyRule {
        let words =
            range.lowerBound == range.upperBound
            ? range.lowerBound.shown : "\(range.lowerBound.shown) to \(range.upperBound.shown)"
        return demand(words) { range.contains($0) }
    }

    package static func atLeast(_ bound: Value) -> KeyRule {
        demand("at least \(bound.shown)") { $0 >= bound && $0.isFinite }
    }

    package static func from(_ bound: Value, below limit: Value) -> KeyRule {
        demand("at least \(bound.shown) and below \(limit.shown)") { $0 >= bound && $0 < limit }
    }

    package static func between(_ bound: Value, _ limit: Value) -> KeyRule {
        demand("between \(bound.shown) and \(limit.shown)") { $0 > bound && $0 < limit }
    }

    package static func above(_ bound: Value, atMost limit: Value) -> KeyRule {
        demand("above \(bound.shown) and at most \(limit.shown)") { $0 > bound && $0 <= limit }
    }

    /// - Parameter orInfinite: whether `.inf` is a value, too.
    package static func above(_ bound: Value, orInfinite: Bool = false) -> KeyRule {
        demand("above \(bound.shown)" + (orInfinite ? ", or .inf" : "")) {
            $0 > bound && (orInfinite || $0.isFinite)
        }
    }
}
