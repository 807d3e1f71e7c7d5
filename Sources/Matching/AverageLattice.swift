import Crystals
import Foundation

/// The lattice in which two structures are compared: its parameters are the means of theirs.
struct AverageLattice {
    let cell: Cell
    /// The edge of a cube of the volume per atom, Å: the unit of distances.
    let unit: Double
    /// How far partners may be from each other in the quick test, along each vector, in fractions of it.
    let tolerance: SIMD3<Double>

    /// Nil if no cell has the mean parameters.
    init?(_ first: LatticeParameters, _ second: LatticeParameters, atomCount: Int, siteTolerance: Double) {
        let mean = LatticeParameters(values: zip(first.values, second.values).map { ($0 + $1) / 2 })
        guard let cell = try? mean.cell() else { return nil }
        self.cell = cell
        unit = cbrt(cell.volume / Double(atomCount))
        tolerance = 2 * siteTolerance * unit / cell.heights
    }

    /// What is needed to find shortest vectors; made for the few lattices in which the quick test passes.
    func reduced(siteTolerance: Double) -> ShortestVectors {
        ShortestVectors(lattice: cell, unit: unit, siteTolerance: siteTolerance)
    }
}

/// Finds the shortest of the periodic vectors between two points.
struct ShortestVectors {
    /// LLL-reduced.
    private let cell: Cell
    /// From coordinates in the lattice to those in the reduced cell.
    private let inverse: IntegerMatrix
    private let tolerance: SIMD3<Double>
    /// The neighbours of the origin in the reduced cell, Å.
    private let images: [SIMD3<Double>]
    /// A vector whose square is below this one is the shortest.
    private let shortestSquare: Double

    init(lattice: Cell, unit: Double, siteTolerance: Double) {
        let reduction = lattice.lllReduction
        let cell = reduction.applied(to: lattice)
        self.cell = cell
        inverse = reduction.inverse
        tolerance = 2 * siteTolerance * unit / cell.heights
        let steps = [-1.0, 0, 1]
        let neighbours = steps.flatMap { x in steps.flatMap { y in steps.map { SIMD3(x, y, $0) } } }
        images = neighbours.map { cell.cartesian($0) }
        let squares = images.map { ($0 * $0).sum() }.filter { $0 > 0 }
        shortestSquare = (squares.min() ?? 0) / 4
    }

    /// Coordinates in the reduced cell.
    func reduced(_ x: SIMD3<Double>) -> SIMD3<Double> { inverse.combined(x) }

    /// The shortest vector of a difference in the reduced cell, Å; nil if it is longer along a vector than
    /// partners may be apart.
    func vector(_ difference: SIMD3<Double>) -> SIMD3<Double>? {
        let nearest = difference - nearestWhole(difference)
        guard nearest.x.magnitude <= tolerance.x, nearest.y.magnitude <= tolerance.y,
            nearest.z.magnitude <= tolerance.z
        else { return nil }
        let vector = cell.cartesian(nearest)
        if (vector * vector).sum() < shortestSquare { return vector }
        var (best, bestSquare) = (vector, Double.infinity)
        for image in images {
            let candidate = vector + image
            let square = (candidate * candidate).sum()
            if square < bestSquare { (best, bestSquare) = (candidate, square) }
        }
        return best
    }
}

extension Cell {
    /// The distances between the lattice planes across a, b and c, Å.
    fileprivate var heights: SIMD3<Double> {
        func length(_ vector: SIMD3<Double>) -> Double { (vector * vector).sum().squareRoot() }
        return volume / SIMD3(length(cross(b, c)), length(cross(c, a)), length(cross(a, b)))
    }
}
