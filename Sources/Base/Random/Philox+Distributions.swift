import Foundation

extension Philox {
    /// A standard normal number (Box-Muller, one of the pair).
    package mutating func normal() -> Double {
        let radius = (-2 * log(uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }

    /// An index drawn with given probabilities, which need not add up to exactly 1.
    ///
    /// - Returns: nil if no probability is positive.
    package mutating func index(probabilities: [Double]) -> Int? {
        let total = probabilities.reduce(0, +)
        guard total > 0, total.isFinite else { return nil }
        let target = uniform() * total
        var sum = 0.0
        var last: Int?
        for (index, probability) in probabilities.enumerated() where probability > 0 {
            sum += probability
            last = index
            if target < sum { return index }
        }
        return last
    }

    /// An angle in (-π, π] from the von Mises distribution with location 0 (Best and Fisher 1979; Devroye 1986, chapter
    /// 9).
    ///
    /// - Returns: nil if the concentration is negative or not finite.
    package mutating func vonMises(concentration kappa: Double) -> Double? {
        guard kappa >= 0, kappa.isFinite else { return nil }
        if kappa < 1e-8 { return .pi * (2 * uniform() - 1) }
        // Above this the distribution is a normal one to double precision of the sampler's purposes.
        if kappa > 1e8 { return normal() / kappa.squareRoot() }
        let r = 1 + (1 + 4 * kappa * kappa).squareRoot()
        let rho = (r - (2 * r).squareRoot()) / (2 * kappa)
        let s = kappa > 1.2e-4 ? (1 + rho * rho) / (2 * rho) : 1 / kappa
        // Two of three tries or more are accepted: the bound is never reached, but nothing can make the loop endless.
        for _ in 0..<1_000 {
            let z = cos(.pi * uniform())
            let w = (1 + s * z) / (s + z)
            let y = kappa * (s - w)
            let v = uniform()
            if y * (2 - y) >= v || log(y / v) + 1 >= y {
                let angle = acos(min(1, max(-1, w)))
                return uniform() < 0.5 ? -angle : angle
            }
        }
        return nil
    }
}
