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
        var values = logits
        normalise(&values, topP: topP, temperature: temperature)
        return values
    }

    /// The same in place: logits become probabilities.
    static func normalise(_ values: inout [Double], topP: Double, temperature: Double) {
        if topP < 1 {
            var plain = values
            softmax(&plain)
            let order = plain.indices.sorted { (values[$0], $0) > (values[$1], $1) }
            var sum = 0.0
            for (rank, index) in order.enumerated() {
                if rank > 0 && sum > topP { values[index] = -.infinity }
                sum += plain[index]
            }
        }
        if temperature != 1 { for index in values.indices { values[index] /= temperature } }
        softmax(&values)
    }

    private static func softmax(_ values: inout [Double]) {
        let top = values.max() ?? 0
        guard top > -.infinity else {
            for index in values.indices { values[index] = 0 }
            return
        }
        var sum = 0.0
        for index in values.indices {
            values[index] = exp(values[index] - top)
            sum += values[index]
        }
        for index in values.indices { values[index] /= sum }
    }
}
