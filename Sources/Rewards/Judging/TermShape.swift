internal import Foundation

/// How a number becomes a term's value.
///
/// With x the number and s the scale; where low numbers are wanted, `linear`, `exponential`, `sigmoid` and `log` take
/// -x (and `log` -ln). What comes out is held within the bounds.
package struct TermShape: Sendable, Hashable {
    package enum Kind: String, CaseIterable, Sendable {
        /// x / s
        case linear
        /// exp(x / s)
        case exponential
        /// 1 / (1 + exp(-(x - target) / s))
        case sigmoid
        /// 1 inside of the window, exp(-d / s) at a distance d outside of it.
        case window
        /// -(d / s)² or -d / s with d the distance from the target beyond the tolerance.
        case target
        /// ln(x / s); of numbers that are not positive, -infinity: the lower bound, or, where low numbers are wanted,
        /// the upper one.
        case log
    }

    package enum Penalty: String, CaseIterable, Sendable { case squared, absolute }

    /// On which side of the target a distance counts.
    package enum Side: String, CaseIterable, Sendable {
        case both
        /// Only numbers below the target cost.
        case below
        /// Only numbers above the target cost.
        case above
    }

    package var kind = Kind.linear
    /// Whether low numbers are wanted.
    package var wantsLow = false
    /// In the unit of the number.
    package var scale = 1.0
    package var target = 0.0
    package var tolerance = 0.0
    package var penalty = Penalty.squared
    package var side = Side.both
    package var window = 0.0...1.0
    /// nil: the ones that belong to the kind (``Kind/bounds``).
    package var ownBounds: ClosedRange<Double>?

    package init() {}

    /// The bounds of the value.
    package var bounds: ClosedRange<Double> { ownBounds ?? kind.bounds }

    /// The value of a number.
    ///
    /// - Parameter number: any, infinite ones included.
    /// - Returns: nil for what is not a number.
    package func value(of number: Double) -> Double? {
        guard !number.isNaN else { return nil }
        let sign = wantsLow ? -1.0 : 1.0
        let raw: Double =
            switch kind {
            case .linear: sign * number / scale
            case .exponential: exp(sign * number / scale)
            case .sigmoid: 1 / (1 + exp(-sign * (number - target) / scale))
            case .window: exp(-max(window.lowerBound - number, number - window.upperBound, 0) / scale)
            case .target: -cost(of: number)
            case .log: sign * (number > 0 ? Foundation.log(number / scale) : -.infinity)
            }
        guard !raw.isNaN else { return nil }
        return min(max(raw, bounds.lowerBound), bounds.upperBound)
    }

    private func cost(of number: Double) -> Double {
        let difference = number - target
        let counts =
            switch side {
            case .both: true
            case .below: difference < 0
            case .above: difference > 0
            }
        let distance = counts ? max(0, difference.magnitude - tolerance) / scale : 0
        return penalty == .squared ? distance * distance : distance
    }
}

extension TermShape.Kind {
    /// The bounds of values where a term has none of its own.
    package var bounds: ClosedRange<Double> {
        switch self {
        case .linear, .log: -10...10
        case .exponential: 0...2
        case .sigmoid, .window: 0...1
        case .target: -10...0
        }
    }
}
