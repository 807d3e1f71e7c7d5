/// Energies of the elements that bring the energies of two potentials together: the least squares of their difference
/// over the shares of the elements.
///
/// Potentials of other functionals or corrections differ mostly by such a sum, which says nothing about which crystal
/// is stable.
struct ElementEnergies {
    /// eV/atom, by symbol.
    private let energies: [String: Double]
    /// Keeps the energy of an element near 0 that few crystals have.
    private static let ridge = 1e-3

    /// - Parameters:
    ///   - shares: of the elements, for each crystal.
    ///   - differences: the second energy less the first, eV/atom.
    init(shares: [[String: Double]], differences: [Double]) {
        let names = Set(shares.flatMap(\.keys)).sorted()
        let place = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        let n = names.count
        var matrix = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
        var right = [Double](repeating: 0, count: n)
        for (row, difference) in zip(shares, differences) {
            for (name, share) in row {
                guard let i = place[name] else { continue }
                right[i] += share * difference
                for (other, otherShare) in row { if let j = place[other] { matrix[i][j] += share * otherShare } }
            }
        }
        for i in 0..<n { matrix[i][i] += Self.ridge }
        let solution = Self.solve(matrix, right)
        energies = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, solution[$0]) })
    }

    /// What the fit makes of a crystal, eV/atom.
    func energy(of shares: [String: Double]) -> Double {
        shares.reduce(0) { $0 + $1.value * (energies[$1.key] ?? 0) }
    }

    /// The solution of a symmetric positive definite system, by Cholesky's method.
    private static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        let n = right.count
        var lower = matrix
        for j in 0..<n {
            for k in 0..<j { lower[j][j] -= lower[j][k] * lower[j][k] }
            lower[j][j] = max(lower[j][j], .leastNormalMagnitude).squareRoot()
            for i in (j + 1)..<max(n, j + 1) {
                for k in 0..<j { lower[i][j] -= lower[i][k] * lower[j][k] }
                lower[i][j] /= lower[j][j]
            }
        }
        var solution = right
        for i in 0..<n {
            for k in 0..<i { solution[i] -= lower[i][k] * solution[k] }
            solution[i] /= lower[i][i]
        }
        for i in (0..<n).reversed() {
            for k in (i + 1)..<max(n, i + 1) { solution[i] -= lower[k][i] * solution[k] }
            solution[i] /= lower[i][i]
        }
        return solution
    }
}
