/// The linear programme behind a hull: the cheapest mixture of columns that gives a composition.
///
/// Minimise Σ wₖ cₖ with wₖ ≥ 0 and Σ wₖ aₖ = x. The first `rowCount` columns are the unit vectors at cost 0 (the
/// elements), which give the first basis; a revised primal simplex with few rows and many columns does the rest.
/// Steepest reduced cost as a rule, Bland's rule while steps are degenerate, so that it always ends.
struct HullProgramme: Sendable {
    /// A mixture: columns and their weights, and what it costs.
    struct Mixture {
        var columns: [Int]
        var weights: [Double]
        var cost: Double
    }

    /// Reduced costs above minus this count as not negative; it bounds the error of the minimum.
    private static let costTolerance = 1e-11
    /// Smaller entries are not pivots.
    private static let pivotTolerance = 1e-9
    /// Shorter steps count as degenerate.
    private static let stepTolerance = 1e-13
    private static let pivotsBetweenFactorisations = 40

    let rowCount: Int
    private let columnCount: Int
    /// `[rowCount, columns]`, row-major: atom fractions, row after row so that all columns are priced in one sweep.
    private let fractions: [Double]
    /// `[columns]`: formation energies, eV/atom.
    private let costs: [Double]
    /// `[columns]`: bit r is set where the fraction in row r is not 0 (rows from 64 on share the last bit).
    private let supports: [UInt64]

    /// - Parameters:
    ///   - fractions: `[columns, rowCount]`, row-major; the first `rowCount` columns are the unit vectors in order.
    ///   - costs: `[columns]`; the first `rowCount` are 0.
    init(rowCount: Int, fractions: [Double], costs: [Double]) {
        precondition(fractions.count == rowCount * costs.count && costs.count >= rowCount)
        self.rowCount = rowCount
        self.costs = costs
        columnCount = costs.count
        var transposed = [Double](repeating: 0, count: fractions.count)
        for column in 0..<costs.count {
            for row in 0..<rowCount {
                transposed[row * costs.count + column] = fractions[column * rowCount + row]
            }
        }
        self.fractions = transposed
        supports = costs.indices.map { column in
            Self.support(fractions[column * rowCount..<(column + 1) * rowCount])
        }
    }

    /// The cheapest mixture of a composition.
    ///
    /// - Parameters:
    ///   - target: `[rowCount]`: atom fractions that sum to 1; all ≥ 0.
    ///   - excluded: a column that must not be used.
    func cheapestMixture(of target: [Double], excluding excluded: Int? = nil) throws(HullError) -> Mixture {
        precondition(target.count == rowCount)
        let rows = target.indices.filter { target[$0] > 0 }
        let candidates = candidates(for: target, rows: rows, excluding: excluded)
        var basis = Basis(rows: rows, target: rows.map { target[$0] })
        var reducedCosts: [Double] = []
        let pivotLimit = 1000 + 100 * columnCount
        var pivots = 0
        var pivotsSinceFactorisation = 0
        var degenerateSteps = 0
        while true {
            let usesBland = degenerateSteps > 10 + 2 * rows.count
            let prices = basis.prices(costs: costs)
            reduceCosts(by: prices, rows: rows, into: &reducedCosts)
            guard let entering = Self.enteringColumn(of: reducedCosts, among: candidates, usesBland: usesBland) else {
                // At an optimum that was reached by updates, look once more with a fresh inverse.
                if pivotsSinceFactorisation == 0 || !basis.factorise(self) { break }
                pivotsSinceFactorisation = 0
                continue
            }
            pivots += 1
            guard pivots <= pivotLimit else { throw .notConverged(pivots: pivots) }
            let direction = basis.direction(of: entering, in: self)
            guard let leaving = basis.leavingRow(along: direction, usesBland: usesBland, tolerance: Self.pivotTolerance)
            else { throw .notConverged(pivots: pivots) }
            let step = basis.exchange(row: leaving, for: entering, direction: direction)
            degenerateSteps = step < Self.stepTolerance ? degenerateSteps + 1 : 0
            pivotsSinceFactorisation += 1
            if pivotsSinceFactorisation == Self.pivotsBetweenFactorisations, basis.factorise(self) {
                pivotsSinceFactorisation = 0
            }
        }
        let cost = zip(basis.columns, basis.weights).reduce(0) { $0 + costs[$1.0] * $1.1 }
        return Mixture(columns: basis.columns, weights: basis.weights, cost: cost)
    }

    /// The fraction of a row in a column.
    subscript(row: Int, column: Int) -> Double { fractions[row * columnCount + column] }

    /// The columns that can have a share in a composition: those without other elements; nil for all of them.
    private func candidates(for target: [Double], rows: [Int], excluding excluded: Int?) -> [Int]? {
        guard rows.count < rowCount || excluded != nil else { return nil }
        let support = Self.support(target[...])
        return (0..<columnCount).filter { column in
            supports[column] & ~support == 0 && column != excluded
                && (rowCount <= 64 || target.indices.allSatisfy { target[$0] > 0 || self[$0, column] == 0 })
        }
    }

    /// The cost of each column less what the prices of the rows pay for.
    private func reduceCosts(by prices: [Double], rows: [Int], into reducedCosts: inout [Double]) {
        reducedCosts = costs
        for (index, row) in rows.enumerated() where prices[index] != 0 {
            let price = prices[index]
            let start = row * columnCount
            reducedCosts.withUnsafeMutableBufferPointer { reducedCosts in
                fractions.withUnsafeBufferPointer { fractions in
                    for column in 0..<columnCount {
                        reducedCosts[column] -= price * fractions[start + column]
                    }
                }
            }
        }
    }

    /// The column to bring in: most negative reduced cost, or the first negative one under Bland's rule; nil at an
    /// optimum.
    private static func enteringColumn(
        of reducedCosts: [Double], among candidates: [Int]?, usesBland: Bool
    ) -> Int? {
        var best: Int?
        var bestCost = -costTolerance
        func consider(_ column: Int) -> Bool {
            guard reducedCosts[column] < bestCost else { return false }
            best = column
            bestCost = reducedCosts[column]
            return usesBland
        }
        if let candidates {
            for column in candidates where consider(column) { break }
        } else {
            for column in reducedCosts.indices where consider(column) { break }
        }
        return best
    }

    private static func support(_ fractions: ArraySlice<Double>) -> UInt64 {
        var bits: UInt64 = 0
        for (row, fraction) in fractions.enumerated() where fraction != 0 { bits |= 1 << UInt64(min(row, 63)) }
        return bits
    }
}

/// The basis of the simplex: columns, their weights and the inverse of their matrix.
private struct Basis {
    /// The rows of the programme that take part.
    let rows: [Int]
    let target: [Double]
    private(set) var columns: [Int]
    private(set) var weights: [Double]
    /// `[rows, rows]`, row-major.
    private var inverse: [Double]

    /// The basis of the unit vectors.
    init(rows: [Int], target: [Double]) {
        self.rows = rows
        self.target = target
        columns = rows
        weights = target
        inverse = [Double](repeating: 0, count: rows.count * rows.count)
        for row in rows.indices { inverse[row * rows.count + row] = 1 }
    }

    /// The dual prices of the rows.
    func prices(costs: [Double]) -> [Double] {
        var prices = [Double](repeating: 0, count: rows.count)
        for row in rows.indices {
            let cost = costs[columns[row]]
            guard cost != 0 else { continue }
            for index in rows.indices { prices[index] += cost * inverse[row * rows.count + index] }
        }
        return prices
    }

    /// How much of each basis column one unit of a new column replaces.
    func direction(of column: Int, in programme: HullProgramme) -> [Double] {
        var direction = [Double](repeating: 0, count: rows.count)
        for row in rows.indices {
            var sum = 0.0
            for index in rows.indices { sum += inverse[row * rows.count + index] * programme[rows[index], column] }
            direction[row] = sum
        }
        return direction
    }

    /// The row whose weight comes to 0 first; of several, the one with the largest pivot (Bland: the first column).
    func leavingRow(along direction: [Double], usesBland: Bool, tolerance: Double) -> Int? {
        var best: Int?
        var bestRatio = Double.infinity
        for row in rows.indices where direction[row] > tolerance {
            let ratio = weights[row] / direction[row]
            let tie = 1e-14
            let isBetter: Bool
            if ratio < bestRatio - tie {
                isBetter = true
            } else if let best, ratio <= bestRatio + tie {
                isBetter = usesBland ? columns[row] < columns[best] : direction[row] > direction[best]
            } else {
                isBetter = false
            }
            if isBetter {
                best = row
                bestRatio = min(ratio, bestRatio)
            }
        }
        return best
    }

    /// Puts a column in the place of another; the length of the step.
    mutating func exchange(row leaving: Int, for column: Int, direction: [Double]) -> Double {
        let count = rows.count
        let step = max(0, weights[leaving] / direction[leaving])
        for row in 0..<count where row != leaving { weights[row] = max(0, weights[row] - step * direction[row]) }
        weights[leaving] = step
        columns[leaving] = column
        for index in 0..<count { inverse[leaving * count + index] /= direction[leaving] }
        for row in 0..<count where row != leaving && direction[row] != 0 {
            for index in 0..<count { inverse[row * count + index] -= direction[row] * inverse[leaving * count + index] }
        }
        return step
    }

    /// Inverts the basis anew by Gauss-Jordan elimination and recomputes the weights; false, with nothing changed, if
    /// it is singular.
    mutating func factorise(_ programme: HullProgramme) -> Bool {
        let count = rows.count
        var matrix = [Double](repeating: 0, count: count * count)
        var result = [Double](repeating: 0, count: count * count)
        for row in 0..<count {
            for index in 0..<count { matrix[row * count + index] = programme[rows[row], columns[index]] }
            result[row * count + row] = 1
        }
        for pivot in 0..<count {
            var largest = pivot
            for row in pivot..<count
            where matrix[row * count + pivot].magnitude > matrix[largest * count + pivot].magnitude {
                largest = row
            }
            guard matrix[largest * count + pivot].magnitude > 1e-13 else { return false }
            if largest != pivot {
                for index in 0..<count {
                    matrix.swapAt(pivot * count + index, largest * count + index)
                    result.swapAt(pivot * count + index, largest * count + index)
                }
            }
            let scale = 1 / matrix[pivot * count + pivot]
            for index in 0..<count {
                matrix[pivot * count + index] *= scale
                result[pivot * count + index] *= scale
            }
            for row in 0..<count where row != pivot {
                let factor = matrix[row * count + pivot]
                guard factor != 0 else { continue }
                for index in 0..<count {
                    matrix[row * count + index] -= factor * matrix[pivot * count + index]
                    result[row * count + index] -= factor * result[pivot * count + index]
                }
            }
        }
        inverse = result
        for row in 0..<count {
            var weight = 0.0
            for index in 0..<count { weight += inverse[row * count + index] * target[index] }
            weights[row] = max(0, weight)
        }
        return true
    }
}
