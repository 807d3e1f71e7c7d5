import Crystals
internal import Foundation

/// A guess of the second derivatives of the energy: springs between neighbours, stiffer the nearer they are.
///
/// The idea is that of the exponential preconditioner (arXiv 1604.00953), with springs that are softer across than
/// along the bond, and with the cell's strain among the coordinates. Relaxing through it, soft and stiff degrees of
/// freedom and cells of any size converge alike.
struct ModelHessian: Sendable {
    /// The Cholesky factor by rows, lower triangle; of many coordinates the square roots of the diagonal alone.
    private let factor: [Double]
    private let count: Int
    private let isDiagonal: Bool

    /// eV/Å², of a spring of `unitLength`.
    private static let stiffness = 5.0
    /// Å
    private static let unitLength = 2.5
    /// How fast springs become softer with the distance in units of the nearest neighbour's.
    private static let decay = 3.0
    /// The stiffness across the bond, of that along it.
    private static let transverse = 0.15
    /// What holds degrees of freedom that no spring does, of the mean.
    private static let floor = 0.02
    /// Å; neighbours beyond it have no springs.
    private static let cutoff = 5.0
    private static let maximumEdges = 40_000
    /// Coordinates beyond which couplings are left out, since factoring takes their third power.
    private static let largestCount = 400

    /// - Returns: nil where the neighbours cannot be listed.
    init?(_ coordinates: RelaxationCoordinates) {
        let structure = coordinates.start
        guard coordinates.count > 0,
            let neighbors = try? NeighborList(
                of: structure, cutoff: ModelHessian.cutoff, maximumEdges: ModelHessian.maximumEdges)
        else { return nil }
        let count = coordinates.count
        let isDiagonal = count > ModelHessian.largestCount
        let stride = isDiagonal ? 0 : count
        var matrix = [Double](repeating: 0, count: isDiagonal ? count : count * count)
        let nearest = ModelHessian.nearestDistances(neighbors)
        let movers = coordinates.atomMovers
        for bond in 0..<neighbors.bondCount where neighbors.lengths[bond] > 1e-3 {
            let (i, j) = (neighbors.first[bond], neighbors.second[bond])
            let unit = max(nearest[i], nearest[j])
            let length = neighbors.lengths[bond]
            let k =
                ModelHessian.stiffness * pow(ModelHessian.unitLength / max(unit, 1), 3)
                * exp(-ModelHessian.decay * (length / unit - 1))
            let direction = neighbors.vectors[bond] / length
            // How the vector of the bond changes by each coordinate.
            var columns: [(coordinate: Int, change: SIMD3<Double>)] = []
            columns += movers[j]
            if i == j { columns.removeAll() } else { columns += movers[i].map { ($0.coordinate, -$0.change) } }
            columns += coordinates.stretch(neighbors.vectors[bond])
            for (a, u) in columns {
                let along = (1 - ModelHessian.transverse) * dot(u, direction)
                let pull = k * (along * direction + ModelHessian.transverse * u)
                for (b, v) in columns where isDiagonal ? b == a : b <= a { matrix[a * stride + b] += dot(pull, v) }
            }
        }
        let diagonal = (0..<count).map { $0 * stride + $0 }
        let trace = diagonal.reduce(0) { $0 + matrix[$1] }
        let held = max(ModelHessian.floor * trace / Double(count), 1e-3)
        for index in diagonal { matrix[index] += held }
        guard let factor = isDiagonal ? matrix.map({ $0.squareRoot() }) : ModelHessian.factored(matrix, count: count)
        else { return nil }
        self.factor = factor
        self.count = count
        self.isDiagonal = isDiagonal
    }

    /// The distance of each atom to the next one, Å.
    private static func nearestDistances(_ neighbors: NeighborList) -> [Double] {
        var nearest = [Double](repeating: neighbors.cutoff, count: neighbors.atomCount)
        for bond in 0..<neighbors.bondCount {
            for atom in [neighbors.first[bond], neighbors.second[bond]] {
                nearest[atom] = min(nearest[atom], max(neighbors.lengths[bond], 1e-3))
            }
        }
        return nearest
    }

    /// The Cholesky factor; nil unless the matrix is positive definite.
    private static func factored(_ matrix: [Double], count: Int) -> [Double]? {
        var factor = matrix
        for row in 0..<count {
            for column in 0...row {
                var sum = factor[row * count + column]
                for inner in 0..<column { sum -= factor[row * count + inner] * factor[column * count + inner] }
                if row == column {
                    guard sum > 0, sum.isFinite else { return nil }
                    factor[row * count + row] = sum.squareRoot()
                } else {
                    factor[row * count + column] = sum / factor[column * count + column]
                }
            }
        }
        return factor
    }

    /// The inverse of the matrix applied to a vector.
    func solve(_ vector: [Double]) -> [Double] {
        precondition(vector.count == count)
        if isDiagonal { return zip(vector, factor).map { $0 / ($1 * $1) } }
        var x = vector
        for row in 0..<count {
            for column in 0..<row { x[row] -= factor[row * count + column] * x[column] }
            x[row] /= factor[row * count + row]
        }
        for row in stride(from: count - 1, through: 0, by: -1) {
            for below in row + 1..<max(count, row + 1) { x[row] -= factor[below * count + row] * x[below] }
            x[row] /= factor[row * count + row]
        }
        return x
    }
}

extension RelaxationCoordinates {
    /// For each atom, the coordinates that move it and what a change of 1 moves it by, Å, at the start.
    fileprivate var atomMovers: [[(coordinate: Int, change: SIMD3<Double>)]] {
        var movers = [[(coordinate: Int, change: SIMD3<Double>)]](repeating: [], count: start.atomCount)
        for orbit in orbits {
            for member in orbit.members {
                movers[member.atom] = orbit.directions.enumerated().map { index, direction in
                    (orbit.offset + index, orbit.scale * (member.rotation * direction))
                }
            }
        }
        return movers
    }

    /// What each strain changes a vector by, Å, at the start.
    fileprivate func stretch(_ vector: SIMD3<Double>) -> [(coordinate: Int, change: SIMD3<Double>)] {
        strains.enumerated().map { index, strain in
            (count - strains.count + index, (strain * vector) / Double(start.atomCount))
        }
    }
}
