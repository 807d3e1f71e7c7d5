internal import Configuration
internal import Foundation

/// How the terms of a reward become one number.
package enum RewardCombination: String, CaseIterable, ConfigurationValue {
    /// Σ weight · value
    case sum
    /// Π value^weight; values must not be negative.
    case product
    /// The least of weight · value.
    case minimum
    /// 1 / rank + contribution, 0 to 2: see ``ParetoFront``.
    case pareto

    /// The terms' values in one number.
    ///
    /// - Parameter values: of the terms that the crystal has; with the weight of each.
    /// - Precondition: not ``pareto``, which is no matter of one crystal.
    func combined(_ values: [(value: Double, weight: Double)]) -> Double {
        switch self {
        case .sum, .pareto: values.reduce(0) { $0 + $1.weight * $1.value }
        case .product: values.reduce(1) { $0 * Self.power($1.value, $1.weight) }
        case .minimum: values.map { $0.weight * $0.value }.min() ?? 0
        }
    }

    private static func power(_ value: Double, _ exponent: Double) -> Double {
        exponent == 1 ? value : pow(max(0, value), exponent)
    }

    /// The least that terms can give. One that a valid crystal may lack (`on_failure: skip`) counts only where it makes
    /// that less.
    func floor(of terms: [RewardTerm]) -> Double {
        func part(_ term: RewardTerm) -> Double { combined([(value: term.worst, weight: term.weight)]) }
        return switch self {
        case .pareto: 0
        case .sum: terms.reduce(0) { $0 + ($1.onFailure == .skip ? min(part($1), 0) : part($1)) }
        case .product: terms.reduce(1) { $0 * ($1.onFailure == .skip ? min(part($1), 1) : part($1)) }
        // Of fewer terms the minimum is no lower.
        case .minimum: terms.map(part).min() ?? 0
        }
    }
}
