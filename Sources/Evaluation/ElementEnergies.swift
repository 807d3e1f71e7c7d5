/// What energies of the elements cannot tell of numbers of crystals: the residuals of a least squares fit over the
/// shares of the elements.
///
/// Potentials of other functionals or corrections differ mostly by a sum of such energies, which says nothing about
/// which crystal is stable.
struct ElementEnergies {
    /// The rows of Z = X L⁻ᵀ for the shares X, where L Lᵀ = Xᵀ X + ridge: the hat matrix of the fit is Z Zᵀ.
    private let rows: [[Double]]
    /// The number of energies that the crystals determine: the trace of the hat matrix.
    let freedom: Double
    /// Keeps the energy of an element near 0 that few crystals have.
    private static let ridge = 1e-3

    /// - Parameter shares: of the elements by symbol, for each crystal.
    /// - Complexity: O(crystals · elements²).
    init(shares: [[String: Double]]) {
        let names = Set(shares.flatMap(\.keys)).sorted()
        let place = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        let n = names.count
        var matrix = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
        var plain = shares.map { _ in [Double](repeating: 0, count: n) }
        for (index, row) in shares.enumerated() {
            for (name, share) in row { if let i = place[name] { plain[index][i] = share } }
            for i in 0..<n where plain[index][i] != 0 {
                for j in 0..<n { matrix[i][j] += plain[index][i] * plain[index][j] }
            }
        }
        for i in 0..<n { matrix[i][i] += Self.ridge }
        let lower = Self.factor(matrix)
        rows = plain.map { Self.forward(lower, $0) }
        freedom = rows.reduce(0) { $0 + Self.product($1, $1) }
    }

    /// What is left of numbers of the crystals once the best energies of the elements are taken off.
    ///
    /// - Parameter values: one a crystal, eV/atom.
    /// - Complexity: O(crystals · elements).
    func residuals(of values: [Double]) -> [Double] {
        var coefficients = [Double](repeating: 0, count: rows.first?.count ?? 0)
        for (row, value) in zip(rows, values) {
            for (i, x) in row.enumerated() { coefficients[i] += x * value }
        }
        return zip(rows, values).map { $1 - Self.product($0, coefficients) }
    }

    private static func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    /// The lower factor of a symmetric positive definite matrix, by Cholesky's method.
    private static func factor(_ matrix: [[Double]]) -> [[Double]] {
        let n = matrix.count
        var lower = matrix
        for j in 0..<n {
            for k in 0..<j { lower[j][j] -= lower[j][k] * lower[j][k] }
            lower[j][j] = max(lower[j][j], .leastNormalMagnitude).squareRoot()
            for i in (j + 1)..<max(n, j + 1) {
                for k in 0..<j { lower[i][j] -= lower[i][k] * lower[j][k] }
                lower[i][j] /= lower[j][j]
            }
        }
        return lower
    }

    /// The solution z of L z = x.
    private static func forward(_ lower: [[Double]], _ x: [Double]) -> [Double] {
        var z = x
        for i in z.indices {
            for k in 0..<i { z[i] -= lower[i][k] * z[k] }
            z[i] /= lower[i][i]
        }
        return z
    }
}
