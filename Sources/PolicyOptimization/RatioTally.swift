/// Sums over the ratios of a pass.
struct RatioTally {
    private var clipped: [Double] = []
    private var ratios: [Double] = []

    mutating func add(_ terms: [ClippedObjective.Term]) {
        for term in terms {
            if clipped.isEmpty { clipped = term.isClipped.map { _ in 0 } }
            for (index, isClipped) in term.isClipped.enumerated() where isClipped { clipped[index] += 1 }
            ratios.append(term.ratios.reduce(1, *))
        }
    }

    func write(to statistics: inout PolicyGradientStatistics) {
        let n = Double(max(1, ratios.count))
        let sum = ratios.reduce(0, +)
        let squares = ratios.reduce(0) { $0 + $1 * $1 }
        statistics.clipFraction = clipped.map { $0 / n }
        statistics.ratioMean = sum / n
        statistics.ratioMinimum = ratios.min() ?? 1
        statistics.ratioMaximum = ratios.max() ?? 1
        statistics.effectiveSampleShare = squares > 0 ? sum * sum / (n * squares) : 0
    }
}
