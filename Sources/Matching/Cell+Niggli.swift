import Crystals
import Foundation

extension Cell {
    /// The Niggli-reduced vectors in terms of this cell's, by the numerically stable steps of Grosse-Kunstleve, Sauter
    /// and Adams (Acta Cryst. A60, 1, 2004), behind an LLL reduction; lengths are equal within 1e-5 of the edge of a
    /// cube of the cell's volume.
    ///
    /// Of cells that are alike within that, the one that pymatgen takes; it is right-handed.
    var niggliReduction: IntegerMatrix {
        var transform = lllReduction
        let start = transform.applied(to: self)
        let epsilon = 1e-5 * cbrt(volume)
        var metric = Metric(start)
        var steps = IntegerMatrix.identity
        for _ in 0..<Cell.largestStepCount {
            guard let step = metric.nextStep(epsilon: epsilon) else { break }
            steps = step.times(steps)
            metric = Metric(steps.applied(to: start))
        }
        transform = steps.times(transform)
        let reduced = transform.applied(to: self)
        if reduced.isUsable {
            let tolerances = MatchingTolerances(length: epsilon, angle: 1)
            let alike = LatticeMappings(self, target: LatticeParameters(reduced), tolerances: tolerances)
            transform = alike.first() ?? transform
        }
        if transform.applied(to: self).signedVolume < 0 {
            let rows = transform.rows
            transform = IntegerMatrix(rows: (-rows.0, -rows.1, -rows.2))
        }
        return transform
    }

    private static let largestStepCount = 100
}

/// The six numbers of a reduction: squares of the lengths, and twice the scalar products.
private struct Metric {
    let a, b, c, xi, eta, zeta: Double

    init(_ cell: Cell) {
        func dot(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Double { (u * v).sum() }
        a = dot(cell.a, cell.a)
        b = dot(cell.b, cell.b)
        c = dot(cell.c, cell.c)
        xi = 2 * dot(cell.b, cell.c)
        eta = 2 * dot(cell.a, cell.c)
        zeta = 2 * dot(cell.a, cell.b)
    }

    /// What to do next (new vectors in terms of the old ones, the signs set beforehand); nil if the cell is reduced.
    func nextStep(epsilon e: Double) -> IntegerMatrix? {
        if b + e < a || ((a - b).magnitude < e && xi.magnitude > eta.magnitude + e) {
            return IntegerMatrix(rows: (SIMD3(0, -1, 0), SIMD3(-1, 0, 0), SIMD3(0, 0, -1)))
        }
        if c + e < b || ((b - c).magnitude < e && eta.magnitude > zeta.magnitude + e) {
            return IntegerMatrix(rows: (SIMD3(-1, 0, 0), SIMD3(0, 0, -1), SIMD3(0, -1, 0)))
        }
        let signs = signs(epsilon: e)
        if signs != SIMD3(1, 1, 1) {
            return IntegerMatrix(rows: (SIMD3(signs.x, 0, 0), SIMD3(0, signs.y, 0), SIMD3(0, 0, signs.z)))
        }
        if xi.magnitude > b + e || ((xi - b).magnitude < e && zeta - e > 2 * eta)
            || ((xi + b).magnitude < e && zeta < -e)
        {
            return IntegerMatrix(rows: (SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, xi > 0 ? -1 : 1, 1)))
        }
        if eta.magnitude > a + e || ((eta - a).magnitude < e && zeta - e > 2 * xi)
            || ((eta + a).magnitude < e && zeta < -e)
        {
            return IntegerMatrix(rows: (SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(eta > 0 ? -1 : 1, 0, 1)))
        }
        if zeta.magnitude > a + e || ((zeta - a).magnitude < e && eta - e > 2 * xi)
            || ((zeta + a).magnitude < e && eta < -e)
        {
            return IntegerMatrix(rows: (SIMD3(1, 0, 0), SIMD3(zeta > 0 ? -1 : 1, 1, 0), SIMD3(0, 0, 1)))
        }
        let sum = xi + eta + zeta + a + b
        if sum < -e || (sum.magnitude < e && zeta + 2 * (a + eta) > e) {
            return IntegerMatrix(rows: (SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(1, 1, 1)))
        }
        return nil
    }

    /// The signs to give the vectors so that the angles are all acute, or none is.
    private func signs(epsilon e: Double) -> SIMD3<Double> {
        func sign(_ x: Double) -> Double { x.magnitude < e ? 0 : x > 0 ? 1 : -1 }
        let (l, m, n) = (sign(xi), sign(eta), sign(zeta))
        if l * m * n == 1 { return SIMD3(l == -1 ? -1 : 1, m == -1 ? -1 : 1, n == -1 ? -1 : 1) }
        var signs = SIMD3(l == 1 ? -1 : 1, m == 1 ? -1 : 1, n == 1 ? -1.0 : 1)
        if signs.x * signs.y * signs.z == -1 {
            if n == 0 { signs.z = -1 } else if m == 0 { signs.y = -1 } else if l == 0 { signs.x = -1 }
        }
        return signs
    }
}
