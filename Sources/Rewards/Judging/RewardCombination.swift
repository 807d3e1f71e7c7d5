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

    /// The least that terms can give.
    func floor(of terms: [RewardTerm]) -> Double {
        func least(_ term: RewardTerm) -> Double {
            let bounds = term.shape.bounds
            return min(term.weight * bounds.lowerBound, term.weight * bounds.upperBound)
        }
        switch self {
        case .sum: return terms.reduce(0) { $0 + least($1) }
        case .minimum: return terms.map(least).min() ?? 0
        case .product: return terms.reduce(1) { $0 * Self.power($1.shape.bounds.lowerBound, $1.weight) }
        case .pareto: return 0
        }
    }
}
