internal import Foundation

/// A regression on scaled features, fitted.
package enum HeadRegressor: Sendable, Equatable {
    /// w · x + b over the first features.
    case ridge(weights: [Double], bias: Double)
    /// Σ w k(d) + b with the Matérn kernel of order 3/2 over the distances to the references; `inverseWidth`
    /// multiplies their squares.
    case kernel(weights: [Double], bias: Double, inverseWidth: Double, weighting: CrystalFeatures.Weighting)
    /// The mean of several networks.
    case networks([HeadNetwork])

    /// The prediction, and the variance between the members of an ensemble, 0 where there are none.
    ///
    /// - Parameters:
    ///   - row: scaled features.
    ///   - distances: squared ones to the references, of a weighting.
    package func predict(
        _ row: [Double], distances: (CrystalFeatures.Weighting) -> [Double]
    ) -> (value: Double, variance: Double) {
        switch self {
        case .ridge(let weights, let bias):
            return (zip(weights, row).reduce(bias) { $0 + $1.0 * $1.1 }, 0)
        case .kernel(let weights, let bias, let inverseWidth, let weighting):
            return (
                zip(weights, distances(weighting)).reduce(bias) { sum, pair in
                    sum + pair.0 * HeadRegressor.kernel(inverseWidth * pair.1)
                }, 0
            )
        case .networks(let networks):
            let values = networks.map { $0.predict(row) }
            let mean = values.reduce(0, +) / Double(values.count)
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return (mean, squares / Double(max(1, values.count - 1)))
        }
    }

    /// (1 + √(3s)) exp(-√(3s)).
    static func kernel(_ square: Double) -> Double {
        let root = (3 * max(0, square)).squareRoot()
        return (1 + root) * exp(-root)
    }
}

extension HeadRegressor {
    /// Ridge regressions with several penalties on scaled rows, in their order; nil where a system has no solution.
    ///
    /// The penalty is on the sum of squared weights, beside the sum of squared residuals; the bias has none.
    package static func ridges(_ rows: [[Double]], _ targets: [Double], penalties: [Double]) -> [HeadRegressor?] {
        guard let width = rows.first?.count else { return penalties.map { _ in nil } }
        let bias = targets.reduce(0, +) / Double(targets.count)
        if rows.count < width { return dualRidges(rows, targets, bias: bias, penalties: penalties) }
        // Scaled rows have mean 0, so the bias is the mean of the targets; centred again, as rounding has it.
        var matrix = PositiveMatrix(size: width)
        var right = [Double](repeating: 0, count: width)
        for (row, target) in zip(rows, targets) {
            matrix.add(square: row)
            for k in 0..<width { right[k] += row[k] * (target - bias) }
        }
        return penalties.map { penalty in
            var system = matrix
            system.add(toDiagonal: penalty)
            return system.solution(of: right).map { .ridge(weights: $0, bias: bias) }
        }
    }

    /// The same by a system of the rows, which is the smaller one where there are more features than rows.
    private static func dualRidges(
        _ rows: [[Double]], _ targets: [Double], bias: Double, penalties: [Double]
    ) -> [HeadRegressor?] {
        var matrix = PositiveMatrix(size: rows.count)
        for first in rows.indices {
            for second in first..<rows.count {
                matrix[first, second] = zip(rows[first], rows[second]).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
        return penalties.map { penalty in
            var system = matrix
            system.add(toDiagonal: penalty)
            return system.solution(of: targets.map { $0 - bias }).map { multiples in
                var weights = [Double](repeating: 0, count: rows[0].count)
                for (row, multiple) in zip(rows, multiples) {
                    for k in weights.indices { weights[k] += multiple * row[k] }
                }
                return .ridge(weights: weights, bias: bias)
            }
        }
    }

    /// Kernel regressions with several penalties, whose references are the scaled rows.
    static func kernels(
        _ rows: [[Double]], _ targets: [Double], inverseWidth: Double, weighting: CrystalFeatures.Weighting,
        penalties: [Double]
    ) -> [HeadRegressor?] {
        let references = ReferenceRows(rows, width: CrystalFeatures.count).weighted(by: weighting)
        let bias = targets.reduce(0, +) / Double(targets.count)
        var matrix = PositiveMatrix(size: rows.count)
        for (index, row) in rows.enumerated() {
            let distances = references.squaredDistances(to: row)
            for other in index..<rows.count { matrix[index, other] = kernel(inverseWidth * distances[other]) }
        }
        return penalties.map { penalty in
            var system = matrix
            system.add(toDiagonal: penalty)
            return system.solution(of: targets.map { $0 - bias }).map {
                .kernel(weights: $0, bias: bias, inverseWidth: inverseWidth, weighting: weighting)
            }
        }
    }
}
