/// What happened while a batch was learnt from.
package struct PolicyGradientStatistics: Sendable, Hashable, Codable {
    /// Mean of the objective over all steps.
    package var objective = 0.0
    /// Mean of log p - log p_reference of the policy that the step begins with, nats per crystal: an estimate of the KL
    /// divergence from the reference.
    package var klReference = 0.0
    /// The share of ratios on the clipped branch in the last pass: w, a, xyz, l, or the whole crystal.
    package var clipFraction: [Double] = []
    /// Ratios of whole crystals in the last pass.
    package var ratioMean = 1.0
    package var ratioMinimum = 1.0
    package var ratioMaximum = 1.0
    /// (Σ r)² / (n Σ r²) in the last pass, 0...1.
    package var effectiveSampleShare = 1.0
    /// What crystals of earlier versions counted; nil if there were none.
    package var importance: Importance?
    /// Mean norm of the gradient before clipping.
    package var gradientNorm = 0.0
    package var learningRate = 0.0
    package var baseline = 0.0
    /// Steps of the optimiser that count.
    package var steps = 0
    /// Whether a number came out that is not finite: weights, optimiser and baseline are then those before the batch.
    package var isSkipped = false
    /// The crystals that made it so, by their place in the batch; empty if no single one did.
    package var notFinite: [Int] = []
    /// Crystals left out since nothing can be learnt from them, by their place in the batch.
    package var unusable: [Int] = []
    /// Crystals whose claimed log-probabilities are off by more than rounding, by their place in the batch.
    package var claimsOff: [Int] = []

    package init() {}

    /// Importance weights of a batch.
    package struct Importance: Sendable, Hashable, Codable {
        package var mean: Double
        package var maximum: Double
        /// (Σ w)² / (n Σ w²), 0...1.
        package var effectiveSampleShare: Double
        /// The share of the crystals with a weight that the limit holds.
        package var truncated: Double

        /// - Parameter weights: of all crystals of the batch, those of the policy itself among them.
        init(_ weights: [ImportanceWeights]) {
            let products = weights.map(\.product)
            let n = Double(max(1, products.count))
            let sum = products.reduce(0, +)
            let squares = products.reduce(0) { $0 + $1 * $1 }
            mean = sum / n
            maximum = products.max() ?? 1
            effectiveSampleShare = squares > 0 ? sum * sum / (n * squares) : 0
            truncated = Double(weights.count { $0.truncatedCount > 0 }) / n
        }
    }
}
