internal import Foundation

/// Figures of predictions beside what they should have been.
enum HeadStatistics {
    static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }

    static func meanAbsoluteError(_ predicted: [Double], _ known: [Double]) -> Double {
        mean(zip(predicted, known).map { ($0 - $1).magnitude })
    }

    /// The third moment over the cube of the standard deviation; 0 where nothing varies.
    static func skewness(_ values: [Double]) -> Double {
        let centre = mean(values)
        let variance = mean(values.map { ($0 - centre) * ($0 - centre) })
        guard variance > 0 else { return 0 }
        return mean(values.map { pow($0 - centre, 3) }) / pow(variance, 1.5)
    }

    /// Spearman's correlation of ranks; equal values share the mean of their ranks. 0 where one side is constant.
    static func rankCorrelation(_ first: [Double], _ second: [Double]) -> Double {
        let (x, y) = (ranks(first), ranks(second))
        let centre = Double(first.count - 1) / 2
        var (products, left, right) = (0.0, 0.0, 0.0)
        for (a, b) in zip(x, y) {
            products += (a - centre) * (b - centre)
            left += (a - centre) * (a - centre)
            right += (b - centre) * (b - centre)
        }
        return left > 0 && right > 0 ? products / (left * right).squareRoot() : 0
    }

    private static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
            for place in start...end { ranks[order[place]] = Double(start + end) / 2 }
            start = end + 1
        }
        return ranks
    }

    /// The value below which a share of the values lies; values in any order.
    static func percentile(_ share: Double, of values: [Double]) -> Double {
        let sorted = values.sorted()
        guard let last = sorted.last else { return 0 }
        let place = share * Double(sorted.count - 1)
        let lower = Int(place)
        guard lower + 1 < sorted.count else { return last }
        return sorted[lower] + (place - Double(lower)) * (sorted[lower + 1] - sorted[lower])
    }
}

extension HeadRecord.Errors {
    /// - Parameter isLogarithmic: whether the error of the logarithm is wanted; all values are positive then.
    package init(_ predicted: [Double], _ known: [Double], isLogarithmic: Bool) {
        meanAbsoluteError = HeadStatistics.meanAbsoluteError(predicted, known)
        rootMeanSquareError = HeadStatistics.mean(zip(predicted, known).map { ($0 - $1) * ($0 - $1) }).squareRoot()
        logarithmicMeanAbsoluteError =
            isLogarithmic ? HeadStatistics.meanAbsoluteError(predicted.map { log($0) }, known.map { log($0) }) : nil
        rankCorrelation = HeadStatistics.rankCorrelation(predicted, known)
    }
}

extension HeadRecord.Uncertainty {
    /// Fits the variance to the residuals of held-out crystals by likelihood, and scales it so that the mean of the
    /// squared residuals over the variance is 1.
    ///
    /// - Parameters:
    ///   - distances: d² of each held-out crystal from the nearest of other folds.
    ///   - variances: s² of each.
    package init(residuals: [Double], distances: [Double], variances: [Double]) {
        // In units of the residuals' size, so that the unit of the values does not matter; a power of two, which
        // rounds nothing.
        let meanSquare = HeadStatistics.mean(residuals.map { $0 * $0 })
        let unit = meanSquare.isNormal ? Double(sign: .plus, exponent: meanSquare.exponent, significand: 1) : 1
        let squares = residuals.map { $0 * $0 / unit }
        let variances = variances.map { $0 / unit }
        let typicalDistance = max(HeadStatistics.mean(distances), 1e-12)
        let typicalVariance = HeadStatistics.mean(variances)
        let ratios: [Double] = [0, 0.1, 0.25, 0.5, 1, 2, 4, 10]
        var best = (likelihood: -Double.infinity, constant: 1.0, distance: 0.0, ensemble: 0.0)
        for distance in ratios {
            for ensemble in typicalVariance > 1e-12 ? ratios : [0] {
                let byDistance = distance / typicalDistance
                let byEnsemble = typicalVariance > 1e-12 ? ensemble / typicalVariance : 0
                let shapes = zip(distances, variances).map { 1 + byDistance * $0 + byEnsemble * $1 }
                let scale = max(HeadStatistics.mean(zip(squares, shapes).map { $0 / $1 }), 1e-30)
                let likelihood = -0.5 * (log(scale) + HeadStatistics.mean(shapes.map { log($0) }) + 1)
                if likelihood > best.likelihood {
                    best = (likelihood, scale, scale * byDistance, scale * byEnsemble)
                }
            }
        }
        constant = best.constant * unit
        byDistance = best.distance * unit
        // s² has the unit of the variance itself.
        byEnsemble = best.ensemble
        largestDistance = HeadStatistics.percentile(0.99, of: distances)
        var within = (0, 0)
        for (square, (distance, variance)) in zip(squares, zip(distances, variances)) {
            let expected = best.constant + best.distance * distance + best.ensemble * variance
            if square <= expected { within.0 += 1 }
            if square <= 4 * expected { within.1 += 1 }
        }
        withinOne = Double(within.0) / Double(max(1, squares.count))
        withinTwo = Double(within.1) / Double(max(1, squares.count))
    }

    /// The standard error of a prediction, of the logarithm where that was learned.
    package func standardError(distance: Double, variance: Double) -> Double {
        (constant + byDistance * distance + byEnsemble * variance).squareRoot()
    }
}
