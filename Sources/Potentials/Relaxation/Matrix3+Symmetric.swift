import Crystals
internal import Foundation

/// A symmetric matrix as its eigenvalues and eigenvectors: a function of the matrix is that of its eigenvalues.
struct SymmetricMatrix3: Sendable {
    private let values: SIMD3<Double>
    /// The eigenvectors as rows.
    private let vectors: Matrix3

    /// - Parameter matrix: symmetric; what is above its diagonal counts.
    init(_ matrix: Matrix3) {
        // Jacobi's rotations; five sweeps are enough for double precision.
        var a = [matrix.x.x, matrix.y.y, matrix.z.z]
        var off = [matrix.y.z, matrix.x.z, matrix.x.y]
        var rows = Matrix3.identity.rows
        for _ in 0..<12 where off.contains(where: { $0 != 0 }) {
            for r in 0..<3 where off[r] != 0 {
                // The entry (p, q) is the one opposite to r.
                let (p, q) = ((r + 1) % 3, (r + 2) % 3)
                let theta = (a[q] - a[p]) / (2 * off[r])
                let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
                let c = 1 / (t * t + 1).squareRoot()
                let s = t * c
                a[p] -= t * off[r]
                a[q] += t * off[r]
                off[r] = 0
                (off[q], off[p]) = (c * off[q] - s * off[p], s * off[q] + c * off[p])
                (rows[p], rows[q]) = (c * rows[p] - s * rows[q], s * rows[p] + c * rows[q])
            }
        }
        values = SIMD3(a[0], a[1], a[2])
        vectors = Matrix3(x: rows[0], y: rows[1], z: rows[2])
    }

    /// The matrix with a function applied to its eigenvalues.
    func map(_ function: (Double) -> Double) -> Matrix3 {
        let scaled = Matrix3(
            x: vectors.x * function(values.x), y: vectors.y * function(values.y), z: vectors.z * function(values.z))
        return vectors.transposed * scaled
    }

    /// The exponential.
    var exponential: Matrix3 { map { exp($0) } }

    /// The eigenvalue farthest from 0, without its sign.
    var norm: Double { magnitudes(values).max() }

    /// The derivative of the exponential along a matrix (Daleckii and Krein); it is its own adjoint.
    func exponentialDerivative(along direction: Matrix3) -> Matrix3 {
        var inner = (vectors * direction * vectors.transposed).rows
        for i in 0..<3 {
            for j in 0..<3 {
                // (e^a - e^b) / (a - b) = e^b (e^(a - b) - 1) / (a - b)
                let difference = values[i] - values[j]
                inner[i][j] *= exp(values[j]) * (difference.magnitude < 1e-12 ? 1 : expm1(difference) / difference)
            }
        }
        return vectors.transposed * Matrix3(x: inner[0], y: inner[1], z: inner[2]) * vectors
    }
}
