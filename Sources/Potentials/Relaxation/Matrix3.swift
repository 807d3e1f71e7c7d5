import Crystals

/// A 3 × 3 matrix by rows.
struct Matrix3: Sendable, Hashable {
    var x: SIMD3<Double>
    var y: SIMD3<Double>
    var z: SIMD3<Double>

    static let zero = Matrix3(x: .zero, y: .zero, z: .zero)
    static let identity = Matrix3(diagonal: SIMD3(1, 1, 1))

    init(x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>) {
        self.x = x
        self.y = y
        self.z = z
    }

    init(diagonal: SIMD3<Double>) {
        self.init(x: SIMD3(diagonal.x, 0, 0), y: SIMD3(0, diagonal.y, 0), z: SIMD3(0, 0, diagonal.z))
    }

    /// The cell vectors as rows.
    init(_ cell: Cell) { self.init(x: cell.a, y: cell.b, z: cell.c) }

    /// The linear part of an operation, which acts on columns.
    init(_ operation: AffineOperation) {
        let rows = operation.rows
        self.init(x: rows[0], y: rows[1], z: rows[2])
    }

    var rows: [SIMD3<Double>] { [x, y, z] }

    var cell: Cell { Cell(a: x, b: y, c: z) }

    var transposed: Matrix3 {
        Matrix3(x: SIMD3(x.x, y.x, z.x), y: SIMD3(x.y, y.y, z.y), z: SIMD3(x.z, y.z, z.z))
    }

    /// The inverse; not finite where there is none.
    var inverse: Matrix3 {
        let columns = Matrix3(x: cross(y, z), y: cross(z, x), z: cross(x, y))
        return columns.transposed * (1 / dot(x, columns.x))
    }

    /// Half the sum with the transposed matrix.
    var symmetrized: Matrix3 { (self + transposed) * 0.5 }

    /// The sum of products of entries.
    func contracted(with other: Matrix3) -> Double { dot(x, other.x) + dot(y, other.y) + dot(z, other.z) }

    /// The largest entry without its sign.
    var largestEntry: Double { rows.map { magnitudes($0).max() }.max() ?? 0 }

    /// The Euclidean length of the longest row.
    var largestRow: Double { max(x.length, y.length, z.length) }

    static func + (left: Matrix3, right: Matrix3) -> Matrix3 {
        Matrix3(x: left.x + right.x, y: left.y + right.y, z: left.z + right.z)
    }

    static func * (left: Matrix3, right: Double) -> Matrix3 {
        Matrix3(x: left.x * right, y: left.y * right, z: left.z * right)
    }

    static func * (left: Matrix3, right: Matrix3) -> Matrix3 {
        Matrix3(x: left.x * right, y: left.y * right, z: left.z * right)
    }

    /// A row from the left.
    static func * (left: SIMD3<Double>, right: Matrix3) -> SIMD3<Double> {
        left.x * right.x + left.y * right.y + left.z * right.z
    }

    /// A column from the right.
    static func * (left: Matrix3, right: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3(dot(left.x, right), dot(left.y, right), dot(left.z, right))
    }
}
