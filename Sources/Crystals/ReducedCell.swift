/// A cell whose vectors are as short as possible (Minkowski-reduced) and span the same lattice as a given cell.
///
/// The greedy algorithm in three dimensions: arXiv cs/0408046 (Nguyen & Stehlé). A cell that is reduced already is
/// kept as it is, to the bit, but for the order of its vectors.
package struct ReducedCell: Sendable {
    package private(set) var cell: Cell
    /// The integer matrix that turns fractional coordinates of the given cell (a row) into those of the reduced one,
    /// by columns.
    private var columns = Cell(a: SIMD3(1, 0, 0), b: SIMD3(0, 1, 0), c: SIMD3(0, 0, 1))

    /// Why a cell cannot be reduced.
    package enum Problem: Error, Hashable, Sendable {
        /// A vector is not finite, or too long to be told to 1e-6 Å.
        case vectorOutOfRange(SIMD3<Double>)
        /// The vectors span no volume.
        case degenerate
    }

    package init(_ given: Cell) throws(Problem) {
        for vector in [given.a, given.b, given.c] {
            for component in [vector.x, vector.y, vector.z] {
                guard component.magnitude < ReducedCell.largestComponent else {
                    throw .vectorOutOfRange(vector)
                }
            }
        }
        cell = given
        for _ in 0..<1000 where !improve() { break }
        let lengths = (cell.a.length, cell.b.length, cell.c.length)
        // A reduced cell has volume >= a b c / sqrt 2; much less means that the vectors are linearly dependent.
        guard cell.volume > 0.1 * lengths.0 * lengths.1 * lengths.2, cell.volume > 0 else {
            throw .degenerate
        }
    }

    /// Å; beyond this, double precision does not resolve bond lengths to 1e-6 Å.
    private static let largestComponent = 1e8

    /// A reduction must shorten by more than this share, or it is rounding.
    private static let threshold = 1 - 1e-9

    /// Fractional coordinates in the reduced cell.
    package func fractional(_ f: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3(dot(f, columns.a), dot(f, columns.b), dot(f, columns.c))
    }

    /// Fractional coordinates in the given cell, of those in the reduced one.
    func given(_ f: SIMD3<Double>) -> SIMD3<Double> {
        let (x, y, z) = (columns.a, columns.b, columns.c)
        return (f.x * cross(y, z) + f.y * cross(z, x) + f.z * cross(x, y)) / (x * cross(y, z)).sum()
    }

    /// One round; false when nothing became shorter.
    private mutating func improve() -> Bool {
        sortByLength()
        let ab = nearestMultiple(of: cell.a, to: cell.b)
        if ab != 0, (cell.b - ab * cell.a).squaredLength < cell.b.squaredLength * ReducedCell.threshold {
            subtract(ab, from: 1, toward: 0)
            return true
        }
        // The closest vectors of the plane lattice to c lie around its projection.
        let aa = cell.a.squaredLength
        let bb = cell.b.squaredLength
        let inPlane = dot(cell.a, cell.b)
        let determinant = aa * bb - inPlane * inPlane
        guard determinant > 0 else { return false }
        let ac = dot(cell.a, cell.c)
        let bc = dot(cell.b, cell.c)
        let x = ((ac * bb - bc * inPlane) / determinant).rounded()
        let y = ((bc * aa - ac * inPlane) / determinant).rounded()
        var best = (x: 0.0, y: 0.0, squaredLength: cell.c.squaredLength * ReducedCell.threshold)
        for dx in -1...1 {
            for dy in -1...1 {
                let candidate = (x: x + Double(dx), y: y + Double(dy))
                let squared = (cell.c - candidate.x * cell.a - candidate.y * cell.b).squaredLength
                if squared < best.squaredLength { best = (candidate.x, candidate.y, squared) }
            }
        }
        if best.x == 0 && best.y == 0 { return false }
        subtract(best.x, from: 2, toward: 0)
        subtract(best.y, from: 2, toward: 1)
        return true
    }

    private func nearestMultiple(of a: SIMD3<Double>, to b: SIMD3<Double>) -> Double {
        let squared = a.squaredLength
        return squared > 0 ? (dot(a, b) / squared).rounded() : 0
    }

    private mutating func sortByLength() {
        if cell.a.squaredLength > cell.b.squaredLength { swapVectors(0, 1) }
        if cell.b.squaredLength > cell.c.squaredLength { swapVectors(1, 2) }
        if cell.a.squaredLength > cell.b.squaredLength { swapVectors(0, 1) }
    }

    private mutating func swapVectors(_ i: Int, _ j: Int) {
        (cell[i], cell[j]) = (cell[j], cell[i])
        (columns[i], columns[j]) = (columns[j], columns[i])
    }

    /// vector i -= k * vector j, so coordinate j += k * coordinate i.
    private mutating func subtract(_ k: Double, from i: Int, toward j: Int) {
        cell[i] -= k * cell[j]
        columns[j] += k * columns[i]
    }
}

extension Cell {
    /// The vectors by number, 0...2.
    fileprivate subscript(index: Int) -> SIMD3<Double> {
        get { index == 0 ? a : index == 1 ? b : c }
        set {
            switch index {
            case 0: a = newValue
            case 1: b = newValue
            default: c = newValue
            }
        }
    }
}

private func dot(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Double { (u * v).sum() }

extension SIMD3<Double> {
    fileprivate var squaredLength: Double { dot(self, self) }
    fileprivate var length: Double { squaredLength.squareRoot() }
}
