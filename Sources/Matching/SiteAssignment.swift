/// The one-to-one assignment of rows to columns with the least sum of costs (shortest augmenting paths, after Jonker
/// and Volgenant, Computing 38, 325, 1987).
package enum SiteAssignment {
    /// The column of each row; nil if no assignment does without a forbidden pair.
    ///
    /// - Parameter costs: row-major, `count` times `count`, not negative; infinite for forbidden pairs.
    /// - Complexity: O(n³), O(n²) where the cheapest columns of the rows are all different.
    package static func columns(costs: [Double], count: Int) -> [Int]? {
        precondition(costs.count == count * count)
        guard count > 0 else { return [] }
        return cheapest(costs, count) ?? augmented(costs, count)
    }

    /// The cheapest column of each row, which is the answer if no two rows want the same one.
    private static func cheapest(_ costs: [Double], _ count: Int) -> [Int]? {
        var isTaken = [Bool](repeating: false, count: count)
        var columns: [Int] = []
        columns.reserveCapacity(count)
        for row in 0..<count {
            var best = 0
            for column in 1..<max(1, count) where costs[row * count + column] < costs[row * count + best] {
                best = column
            }
            guard costs[row * count + best] < .infinity, !isTaken[best] else { return nil }
            isTaken[best] = true
            columns.append(best)
        }
        return columns
    }

    /// Adds one row after the other along the shortest path of reduced costs.
    private static func augmented(_ costs: [Double], _ count: Int) -> [Int]? {
        // Place 0 stands for "none": the row that is being added holds it.
        var rowPotential = [Double](repeating: 0, count: count + 1)
        var columnPotential = [Double](repeating: 0, count: count + 1)
        var rowOfColumn = [Int](repeating: 0, count: count + 1)
        var previous = [Int](repeating: 0, count: count + 1)
        var distance = [Double](repeating: 0, count: count + 1)
        var isReached = [Bool](repeating: false, count: count + 1)
        for row in 1...count {
            rowOfColumn[0] = row
            for column in 0...count {
                distance[column] = .infinity
                isReached[column] = false
            }
            var column = 0
            repeat {
                isReached[column] = true
                let current = rowOfColumn[column]
                var (step, next) = (Double.infinity, 0)
                for other in 1...count where !isReached[other] {
                    let reduced =
                        costs[(current - 1) * count + other - 1] - rowPotential[current] - columnPotential[other]
                    if reduced < distance[other] {
                        distance[other] = reduced
                        previous[other] = column
                    }
                    if distance[other] < step { (step, next) = (distance[other], other) }
                }
                guard next > 0 else { return nil }
                for other in 0...count {
                    if isReached[other] {
                        rowPotential[rowOfColumn[other]] += step
                        columnPotential[other] -= step
                    } else {
                        distance[other] -= step
                    }
                }
                column = next
            } while rowOfColumn[column] != 0
            while column != 0 {
                rowOfColumn[column] = rowOfColumn[previous[column]]
                column = previous[column]
            }
        }
        var columns = [Int](repeating: 0, count: count)
        for column in 1...count { columns[rowOfColumn[column] - 1] = column - 1 }
        return columns
    }
}
