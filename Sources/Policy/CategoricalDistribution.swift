import Foundation

/// The probabilities from which a category is drawn.
package enum CategoricalDistribution {
    /// Softmax of logits restricted to a nucleus, then sharpened.
    ///
    /// The nucleus is decided at temperature 1: categories are taken from the most likely down (of equals the larger
    /// index first, as in the reference) until their sum is above `topP`; the one that crosses it is kept.
    ///
    /// - Parameters:
    ///   - logits: natural log, not necessarily normalised; -infinity for what is not allowed.
    /// - Returns: probabilities that add up to 1; all 0 if nothing is allowed.
    package static func probabilities(logits: [Double], topP: Double, temperature: Double) -> [Double] {
        var kept = logits
        if topP < 1 {
            let plain = softmax(logits)
            let order = plain.indices.sorted { (logits[$0], $0) > (logits[$1], $1) }
            var sum = 0.0
            for (rank, index) in order.enumerated() {
                if rank > 0 && sum > topP { kept[index] = -.infinity }
                sum += plain[index]
            }
        }
        return softmax(temperature == 1 ? kept : kept.map { $0 / temperature })
    }

    private static func softmax(_ logits: [Double]) -> [Double] {
        let top = logits.max() ?? 0
        guard top > -.infinity else { return logits.map { _ in 0 } }
        let weights = logits.map { exp($0 - top) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }
}
