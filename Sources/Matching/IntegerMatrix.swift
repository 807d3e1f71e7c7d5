import Crystals

/// Three rows of whole numbers, held as floating-point ones: new cell vectors in terms of old ones.
struct IntegerMatrix: Sendable, Equatable {
    var rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)

    static let identity = IntegerMatrix(rows: (SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)))

    static func == (left: Self, right: Self) -> Bool { left.rows == right.rows }

    var determinant: Double { (rows.0 * cross(rows.1, rows.2)).sum() }

    /// The rows of the product self · other.
    func times(_ other: IntegerMatrix) -> IntegerMatrix {
        IntegerMatrix(rows: (other.combined(rows.0), other.combined(rows.1), other.combined(rows.2)))
    }

    /// x · self: the sum of the rows with the parts of x.
    func combined(_ x: SIMD3<Double>) -> SIMD3<Double> { x.x * rows.0 + x.y * rows.1 + x.z * rows.2 }

    /// The cell whose vectors are these combinations of another's.
    func applied(to cell: Cell) -> Cell {
        Cell(a: cell.cartesian(rows.0), b: cell.cartesian(rows.1), c: cell.cartesian(rows.2))
    }

    /// What takes coordinates in the old cell to those in the new one: the rows of the inverse.
    ///
    /// - Precondition: the determinant is not zero.
    var inverse: IntegerMatrix {
        let (u, v, w) = (cross(rows.1, rows.2), cross(rows.2, rows.0), cross(rows.0, rows.1))
        let determinant = (rows.0 * u).sum()
        return IntegerMatrix(
            rows: (
                SIMD3(u.x, v.x, w.x) / determinant, SIMD3(u.y, v.y, w.y) / determinant,
                SIMD3(u.z, v.z, w.z) / determinant
            ))
    }
}
