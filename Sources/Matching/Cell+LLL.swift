import Crystals

extension Cell {
    /// The vectors that the reduction of Lenstra, Lenstra and Lovász (factor 0.75) finds, in terms of this cell's.
    ///
    /// - Complexity: a few passes; bounded for any numbers.
    var lllReduction: IntegerMatrix {
        var basis = [a, b, c]
        var transform = [SIMD3<Double>(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]
        var orthogonal = Orthogonalization(basis)
        var k = 1
        for _ in 0..<Cell.largestPassCount where k < 3 {
            for i in stride(from: k - 1, through: 0, by: -1) {
                let quotient = orthogonal.coefficients[k][i].rounded(.toNearestOrEven)
                guard quotient != 0 else { continue }
                basis[k] -= quotient * basis[i]
                transform[k] -= quotient * transform[i]
                for j in 0..<i { orthogonal.coefficients[k][j] -= quotient * orthogonal.coefficients[i][j] }
                orthogonal.coefficients[k][i] -= quotient
            }
            let mu = orthogonal.coefficients[k][k - 1]
            if orthogonal.squares[k] >= (0.75 - mu * mu) * orthogonal.squares[k - 1] {
                k += 1
            } else {
                basis.swapAt(k, k - 1)
                transform.swapAt(k, k - 1)
                orthogonal = Orthogonalization(basis)
                k = max(1, k - 1)
            }
        }
        return IntegerMatrix(rows: (transform[0], transform[1], transform[2]))
    }

    /// Enough for any cell that double precision can tell from a flat one.
    private static let largestPassCount = 2_000
}

/// Gram-Schmidt vectors of three others: squares of their lengths, and the coefficients.
private struct Orthogonalization {
    var squares: [Double] = []
    var coefficients = [[Double]](repeating: [0, 0, 0], count: 3)

    init(_ basis: [SIMD3<Double>]) {
        var vectors: [SIMD3<Double>] = []
        for i in 0..<3 {
            var vector = basis[i]
            for j in 0..<i {
                coefficients[i][j] = (basis[i] * vectors[j]).sum() / squares[j]
                vector -= coefficients[i][j] * vectors[j]
            }
            vectors.append(vector)
            squares.append((vector * vector).sum())
        }
    }
}
