import Base
import Foundation

/// The ticks of an axis: multiples of 1, 2, 2.5 or 5 times a power of ten that cover the data.
package struct NiceTicks: Equatable {
    /// Ascending, evenly spaced, at least two.
    package let values: [Double]
    /// The decimals that tell the ticks apart.
    package let decimals: Int

    package var range: ClosedRange<Double> { (values.first ?? 0)...(values.last ?? 1) }

    /// - Parameters:
    ///   - range: of the data; finite.
    ///   - count: about how many ticks are wanted, at least two.
    ///   - integers: whether only whole numbers make sense.
    package init(covering range: ClosedRange<Double>, count: Int = 5, integers: Bool = false) {
        var (low, high) = (range.lowerBound, range.upperBound)
        if high - low <= max(low.magnitude, high.magnitude) * 1e-9 {
            let margin = integers || low == 0 ? 1 : low.magnitude * 0.1
            (low, high) = (low - margin, high + margin)
        }
        let step = NiceTicks.step(atLeast: (high - low) / Double(max(count, 2)), integers: integers)
        let first = (low / step + 1e-9).rounded(.down)
        let last = max((high / step - 1e-9).rounded(.up), first + 1)
        values = stride(from: first, through: last, by: 1).map { $0 * step == 0 ? 0 : $0 * step }
        var decimals = 0
        var scaled = step
        while decimals < 12 && (scaled - scaled.rounded()).magnitude > 1e-6 * scaled.magnitude {
            scaled *= 10
            decimals += 1
        }
        self.decimals = decimals
    }

    /// The ticks within the data alone, for an axis that ends where the data end.
    package func values(within range: ClosedRange<Double>) -> [Double] {
        let margin = (range.upperBound - range.lowerBound) * 1e-6
        return values.filter { $0 >= range.lowerBound - margin && $0 <= range.upperBound + margin }
    }

    /// The text of a tick: as many decimals as needed, an exponent for the very large and small.
    package func text(_ value: Double) -> String {
        let largest = max(range.lowerBound.magnitude, range.upperBound.magnitude)
        if largest >= 1e6 || largest < 1e-4 || decimals > 5 {
            return value == 0 ? "0" : HumanFormat.number(value)
        }
        return decimals == 0 ? HumanFormat.count(Int(value.rounded())) : HumanFormat.fixed(value, decimals: decimals)
    }

    private static func step(atLeast raw: Double, integers: Bool) -> Double {
        guard raw > 0, raw.isFinite else { return 1 }
        let power = pow(10, log10(raw).rounded(.down))
        let factor = [1, 2, 2.5, 5, 10].first { $0 * power >= raw * (1 - 1e-9) } ?? 10
        let step = factor * power
        guard integers else { return step }
        return step < 1 ? 1 : step.rounded(.up)
    }
}
