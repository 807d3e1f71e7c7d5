/// The linear programme behind a hull: the cheapest mixture of columns that gives a composition.
///
/// Minimise Σ wₖ cₖ with wₖ ≥ 0 and Σ wₖ aₖ = x. The first `rowCount` columns are the unit vectors at
/// cost 0 (the elements), which give the first basis; a revised primal simplex with few rows and many columns does the
/// rest. Steepest reduced cost as a rule, Bland's rule while steps are degenerate, so that it always ends.
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
    /// The column that comes in first where all can; nil if none pays.
    private let cheapestColumn: Int?
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
        cheapestColumn = costs.withUnsafeBufferPointer { costs in
            Self.enteringColumn(of: costs, among: nil, usesBland: false)
        }
        supports = costs.indices.map { column in
            Self.support(fractions[column * rowCount..<(column + 1) * rowCount])
        }
    }

    /// The cheapest mixture of a composition.
    ///
    /// - Parameters:
    ///   - target: `[rowCount]`: atom fractions that sum to 1; all ≥ 0.
    ///   - excluded: columns that must not be used.
    func cheapestMixture(of target: [Double], excluding excluded: [Int] = []) throws(HullError) -> Mixture {
        try minimise(target, excluding: excluded) { basis in
            Mixture(
                columns: Array(basis.columns), weights: Array(basis.weights), cost: cost(of: basis))
        }.get()
    }

    /// What the cheapest mixture of a composition costs.
    ///
    /// - Parameter target: `[rowCount]`: atom fractions that sum to 1; all ≥ 0.
    func leastCost(of target: [Double]) throws(HullError) -> Double {
        try minimise(target, excluding: []) { basis in cost(of: basis) }.get()
    }

    private func cost(of basis: borrowing Basis) -> Double {
        var cost = 0.0
        for row in 0..<basis.count { cost += costs[basis.columns[row]] * basis.weights[row] }
        return cost
    }

    /// Finds the optimal basis and hands it over. Its memory, and that of the reduced costs, is on the stack: queries
    /// are many, and a few dozen numbers each.
    private func minimise<Value>(
        _ target: [Double], excluding excluded: [Int], _ finish: (borrowing Basis) -> Value
    ) -> Result<Value, HullError> {
        precondition(target.count == rowCount)
        let count = target.reduce(0) { $1 > 0 ? $0 + 1 : $0 }
        let candidates = candidates(for: target, count: count, excluding: excluded)
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * count) { integers in
            withUnsafeTemporaryAllocation(
                of: Double.self, capacity: Basis.scratchCount(count) + columnCount
            ) { numbers in
                var basis = Basis(of: target, count: count, integers, numbers)
                let reducedCosts = UnsafeMutableBufferPointer(rebasing: numbers[Basis.scratchCount(count)...])
                return costs.withUnsafeBufferPointer { costs in
                    fractions.withUnsafeBufferPointer { fractions in
                        let columns = Columns(count: columnCount, costs: costs, fractions: fractions)
                        return improve(&basis, columns, candidates, reducedCosts).map { finish(basis) }
                    }
                }
            }
        }
    }

    /// Exchanges columns of a basis until none pays.
    private func improve(
        _ basis: inout Basis, _ columns: Columns, _ candidates: [Int]?,
        _ reducedCosts: UnsafeMutableBufferPointer<Double>
    ) -> Result<Void, HullError> {
        let pivotLimit = 1000 + 100 * columnCount
        var pivots = 0
        var pivotsSinceFactorisation = 0
        var degenerateSteps = 0
        while true {
            let usesBland = degenerateSteps > 10 + 2 * basis.count
            let entering: Int?
            if pivots == 0, candidates == nil {
                // Of the elements, all of cost 0, the prices are 0.
                entering = cheapestColumn
            } else {
                basis.computePrices(columns)
                basis.reduceCosts(columns, into: reducedCosts)
                entering = Self.enteringColumn(
                    of: UnsafeBufferPointer(reducedCosts), among: candidates, usesBland: usesBland)
            }
            guard let entering else {
                // At an optimum that was reached by updates, look once more with a fresh inverse.
                if pivotsSinceFactorisation == 0 || !basis.factorise(columns) { return .success(()) }
                pivotsSinceFactorisation = 0
                continue
            }
            pivots += 1
            guard pivots <= pivotLimit else { return .failure(.notConverged(pivots: pivots)) }
            basis.computeDirection(of: entering, columns)
            guard let leaving = basis.leavingRow(usesBland: usesBland, tolerance: Self.pivotTolerance) else {
                return .failure(.notConverged(pivots: pivots))
            }
            let step = basis.exchange(row: leaving, for: entering)
            degenerateSteps = step < Self.stepTolerance ? degenerateSteps + 1 : 0
            pivotsSinceFactorisation += 1
            if pivotsSinceFactorisation == Self.pivotsBetweenFactorisations, basis.factorise(columns) {
                pivotsSinceFactorisation = 0
            }
        }
    }

    /// The fraction of a row in a column.
    subscript(row: Int, column: Int) -> Double { fractions[row * columnCount + column] }

    /// The columns, unit vectors left out, whose fractions are those of a composition, within a tolerance.
    func columns(at target: [Double], within tolerance: Double) -> [Int] {
        (rowCount..<columnCount).filter { column in
            target.indices.allSatisfy { (self[$0, column] - target[$0]).magnitude <= tolerance }
        }
    }

    /// The columns that can have a share in a composition: those without other elements; nil for all of them.
    ///
    /// - Parameter count: of the rows with a share.
    private func candidates(for target: [Double], count: Int, excluding excluded: [Int]) -> [Int]? {
        guard count < rowCount || !excluded.isEmpty else { return nil }
        let support = Self.support(target[...])
        return (0..<columnCount).filter { column in
            supports[column] & ~support == 0 && !excluded.contains(column)
                && (rowCount <= 64 || target.indices.allSatisfy { target[$0] > 0 || self[$0, column] == 0 })
        }
    }

    /// The column to bring in: most negative reduced cost, or the first negative one under Bland's rule; nil at an
    /// optimum.
    private static func enteringColumn(
        of reducedCosts: UnsafeBufferPointer<Double>, among candidates: [Int]?, usesBland: Bool
    ) -> Int? {
        var best = -1
        var bestCost = -costTolerance
        if let candidates {
            for column in candidates where reducedCosts[column] < bestCost {
                best = column
                bestCost = reducedCosts[column]
                if usesBland { break }
            }
        } else {
            for column in reducedCosts.indices where reducedCosts[column] < bestCost {
                best = column
                bestCost = reducedCosts[column]
                if usesBland { break }
            }
        }
        return best < 0 ? nil : best
    }

    private static func support(_ fractions: ArraySlice<Double>) -> UInt64 {
        var bits: UInt64 = 0
        for (row, fraction) in fractions.enumerated() where fraction != 0 { bits |= 1 << UInt64(min(row, 63)) }
        return bits
    }
}

/// The columns of a programme, for the time of a query.
private struct Columns {
    let count: Int
    /// `[columns]`
    let costs: UnsafeBufferPointer<Double>
    /// `[rows of the programme, columns]`
    let fractions: UnsafeBufferPointer<Double>
}

/// The basis of the simplex: columns, their weights and the inverse of their matrix, in memory of the query.
private struct Basis: ~Copyable {
    /// How many rows take part.
    let count: Int
    /// `[count]`: those rows of the programme.
    private let rows: UnsafeMutableBufferPointer<Int>
    /// `[count]`
    let columns: UnsafeMutableBufferPointer<Int>
    /// `[count]`: the fractions that are to be mixed.
    private let target: UnsafeMutableBufferPointer<Double>
    /// `[count]`
    let weights: UnsafeMutableBufferPointer<Double>
    /// `[count]`: the dual prices of the rows, as last computed.
    private let prices: UnsafeMutableBufferPointer<Double>
    /// `[count]`: how much of each basis column one unit of a new column replaces, as last computed.
    private let direction: UnsafeMutableBufferPointer<Double>
    /// `[count, count]`, row-major.
    private var inverse: UnsafeMutableBufferPointer<Double>
    /// The same, for the next inversion: what is inverted, and what comes of it.
    private let matrix: UnsafeMutableBufferPointer<Double>
    private var result: UnsafeMutableBufferPointer<Double>

    /// How many numbers a basis of some rows needs.
    static func scratchCount(_ count: Int) -> Int { 4 * count + 3 * count * count }

    /// The basis of the unit vectors.
    ///
    /// - Parameters:
    ///   - all: `[rows of the programme]`, `count` of them above 0.
    ///   - integers: at least `2 * count`; not initialised.
    ///   - numbers: at least `scratchCount(count)`; not initialised.
    init(
        of all: [Double], count: Int, _ integers: UnsafeMutableBufferPointer<Int>,
        _ numbers: UnsafeMutableBufferPointer<Double>
    ) {
        integers.initialize(repeating: 0)
        numbers.initialize(repeating: 0)
        self.count = count
        rows = UnsafeMutableBufferPointer(rebasing: integers[0..<count])
        columns = UnsafeMutableBufferPointer(rebasing: integers[count..<2 * count])
        func part(_ start: Int, _ length: Int) -> UnsafeMutableBufferPointer<Double> {
            UnsafeMutableBufferPointer(rebasing: numbers[start..<start + length])
        }
        target = part(0, count)
        weights = part(count, count)
        prices = part(2 * count, count)
        direction = part(3 * count, count)
        inverse = part(4 * count, count * count)
        matrix = part(4 * count + count * count, count * count)
        result = part(4 * count + 2 * count * count, count * count)
        var next = 0
        for row in all.indices where all[row] > 0 {
            rows[next] = row
            columns[next] = row
            target[next] = all[row]
            weights[next] = all[row]
            inverse[next * count + next] = 1
            next += 1
        }
    }

    mutating func computePrices(_ programme: Columns) {
        for index in 0..<count { prices[index] = 0 }
        for row in 0..<count {
            let cost = programme.costs[columns[row]]
            guard cost != 0 else { continue }
            for index in 0..<count { prices[index] += cost * inverse[row * count + index] }
        }
    }

    /// The cost of each column less what the prices of the rows pay for.
    func reduceCosts(_ programme: Columns, into reducedCosts: UnsafeMutableBufferPointer<Double>) {
        var isFirst = true
        for index in 0..<count where prices[index] != 0 {
            let price = prices[index]
            let start = rows[index] * programme.count
            if isFirst {
                for column in 0..<programme.count {
                    reducedCosts[column] = programme.costs[column] - price * programme.fractions[start + column]
                }
                isFirst = false
            } else {
                for column in 0..<programme.count {
                    reducedCosts[column] -= price * programme.fractions[start + column]
                }
            }
        }
        if isFirst { for column in 0..<programme.count { reducedCosts[column] = programme.costs[column] } }
    }

    mutating func computeDirection(of column: Int, _ programme: Columns) {
        for row in 0..<count { direction[row] = 0 }
        for index in 0..<count {
            let fraction = programme.fractions[rows[index] * programme.count + column]
            for row in 0..<count { direction[row] += inverse[row * count + index] * fraction }
        }
    }

    /// The row whose weight comes to 0 first; of several, the one with the largest pivot (Bland: the first column).
    func leavingRow(usesBland: Bool, tolerance: Double) -> Int? {
        var best: Int?
        var bestRatio = Double.infinity
        for row in 0..<count where direction[row] > tolerance {
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
    mutating func exchange(row leaving: Int, for column: Int) -> Double {
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
    mutating func factorise(_ programme: Columns) -> Bool {
        for index in 0..<count * count { result[index] = 0 }
        for row in 0..<count {
            for index in 0..<count {
                matrix[row * count + index] = programme.fractions[rows[row] * programme.count + columns[index]]
            }
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
        swap(&inverse, &result)
        for row in 0..<count {
            var weight = 0.0
            for index in 0..<count { weight += inverse[row * count + index] * target[index] }
            weights[row] = max(0, weight)
        }
        return true
    }
}
