/// A symmetric matrix of which the upper half is kept, and its Cholesky factor; small and dense, in double precision.
struct PositiveMatrix {
    let size: Int
    /// `[size, size]`, row-major; below the diagonal anything.
    private var values: [Double]

    /// Zeros.
    init(size: Int) {
        self.size = size
        values = [Double](repeating: 0, count: size * size)
    }

    subscript(row: Int, column: Int) -> Double {
        get { values[min(row, column) * size + max(row, column)] }
        set { values[min(row, column) * size + max(row, column)] = newValue }
    }

    /// Adds x xᵀ.
    ///
    /// - Complexity: O(size²).
    mutating func add(square x: [Double]) {
        precondition(x.count == size)
        let size = size
        values.withUnsafeMutableBufferPointer { values in
            x.withUnsafeBufferPointer { x in
                for row in 0..<size where x[row] != 0 {
                    let factor = x[row]
                    let start = row * size
                    for column in row..<size { values[start + column] += factor * x[column] }
                }
            }
        }
    }

    mutating func add(toDiagonal value: Double) {
        for row in 0..<size { values[row * size + row] += value }
    }

    /// The solution x of A x = b; nil unless the matrix is positive definite.
    ///
    /// - Complexity: O(size³); the sums have a fixed order.
    func solution(of b: [Double]) -> [Double]? {
        precondition(b.count == size)
        var factor = values
        let size = size
        let isPositive = factor.withUnsafeMutableBufferPointer { u in
            // Right-looking, so that the innermost loop adds rows to rows.
            for pivot in 0..<size {
                let diagonal = u[pivot * size + pivot]
                guard diagonal > 0, diagonal.isFinite else { return false }
                let scale = 1 / diagonal.squareRoot()
                for column in pivot..<size { u[pivot * size + column] *= scale }
                for row in pivot + 1..<max(size, pivot + 1) {
                    let multiple = u[pivot * size + row]
                    if multiple == 0 { continue }
                    for column in row..<size { u[row * size + column] -= multiple * u[pivot * size + column] }
                }
            }
            return true
        }
        guard isPositive else { return nil }
        // Uᵀ y = b, then U x = y.
        var x = b
        for row in 0..<size {
            x[row] /= factor[row * size + row]
            for column in row + 1..<max(size, row + 1) { x[column] -= factor[row * size + column] * x[row] }
        }
        for row in (0..<size).reversed() {
            var sum = x[row]
            for column in row + 1..<max(size, row + 1) { sum -= factor[row * size + column] * x[column] }
            x[row] = sum / factor[row * size + row]
        }
        return x
    }
}
