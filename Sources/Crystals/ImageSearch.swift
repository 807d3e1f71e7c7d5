/// Finds the lattice translations that bring a point near to the origin, in any cell: left-handed, skewed, much smaller
/// than the distance, or so flat that its heights are a small part of its lengths.
///
/// - Complexity: The work follows the number of lattice planes and rows within the distance.
package struct ImageSearch: Sendable {
    /// The distance and a little more, against rounding.
    private let reach: Double
    /// The cell in axes where it is lower triangular: a = (xa, 0, 0), b = (xb, yb, 0), c = (xc, yc, zc).
    private let xa, xb, yb, xc, yc, zc: Double

    /// - Parameter distance: How near, Å.
    package init(cell: Cell, distance: Double) {
        func length(_ vector: SIMD3<Double>) -> Double { (vector * vector).sum().squareRoot() }
        reach = distance * 1.000001 + 1e-9
        xa = length(cell.a)
        let ex = cell.a / xa
        xb = (cell.b * ex).sum()
        let bPerpendicular = cell.b - xb * ex
        yb = length(bPerpendicular)
        let ey = bPerpendicular / yb
        xc = (cell.c * ex).sum()
        yc = (cell.c * ey).sum()
        zc = length(cell.c - xc * ex - yc * ey)
    }

    /// Calls `body` with each translation n, in cell vectors, that brings `difference` + n within the distance, and
    /// with some that leave it a little farther away, in ascending order of (n.z, n.y, n.x), until it returns false.
    ///
    /// - Parameter difference: In cell vectors.
    /// - Returns: False if `body` did.
    @discardableResult
    package func forEachTranslation(of difference: SIMD3<Double>, _ body: (SIMD3<Double>) -> Bool) -> Bool {
        let planes = steps(from: difference.z * zc, by: zc, within: reach)
        var n3 = planes.first
        while n3 <= planes.last {
            let c = difference.z + n3
            let yReach = rest(of: reach, beside: c * zc)
            let y0 = difference.y * yb + c * yc
            let rows = steps(from: y0, by: yb, within: yReach)
            var n2 = rows.first
            while n2 <= rows.last {
                let x0 = difference.x * xa + (difference.y + n2) * xb + c * xc
                let points = steps(from: x0, by: xa, within: rest(of: yReach, beside: y0 + n2 * yb))
                var n1 = points.first
                while n1 <= points.last {
                    if !body(SIMD3(n1, n2, n3)) { return false }
                    n1 += 1
                }
                n2 += 1
            }
            n3 += 1
        }
        return true
    }

    /// The first and last whole number n with |start + n step| within a reach, or a little beyond, against rounding.
    private func steps(from start: Double, by step: Double, within reach: Double) -> (first: Double, last: Double) {
        let margin = 1e-9 * (start.magnitude + step) / step
        return (
            ((-reach - start) / step - margin).rounded(.up), ((reach - start) / step + margin).rounded(.down)
        )
    }

    /// What is left of a reach at a distance from the centre.
    private func rest(of reach: Double, beside distance: Double) -> Double {
        max(0, reach * reach - distance * distance).squareRoot()
    }
}
