package import Crystals

extension Structure {
    /// Whether two atoms, or an atom and its own image, are closer than a distance; exact for any cell.
    ///
    /// Where the orbits are known, only pairs with the first atom of each are looked at: the others are their images
    /// under the group.
    /// - Parameter distance: Å.
    /// - Precondition: cell and coordinates are finite and the cell has a volume.
    package func hasAtoms(closerThan distance: Double) -> Bool {
        let search = ImageSearch(cell: cell, distance: distance)
        var seenOrbits: Set<Int> = []
        for first in 0..<atomCount {
            if let orbits, !seenOrbits.insert(orbits[first]).inserted { continue }
            // Without orbits each pair counts once; with them, the other atom can stand before the first one as well.
            for second in (orbits == nil ? first : 0)..<atomCount {
                let difference = fractionalCoordinates[second] - fractionalCoordinates[first]
                if search.containsImage(of: difference, isSelf: first == second) { return true }
            }
        }
        return false
    }
}

/// Looks for lattice translations that bring a point near to the origin.
///
/// The work follows the number of lattice planes within the distance, also in a cell so flat that its heights are a
/// small part of its lengths.
private struct ImageSearch {
    private let cell: Cell
    private let squaredDistance: Double
    /// The distance and a little more, against rounding: candidates are found with it, the exact test follows.
    private let reach: Double
    /// The cell in axes where it is lower triangular: a = (xa, 0, 0), b = (xb, yb, 0), c = (xc, yc, zc).
    private let xa, xb, yb, xc, yc, zc: Double

    init(cell: Cell, distance: Double) {
        self.cell = cell
        squaredDistance = distance * distance
        reach = distance * 1.000001 + 1e-9
        func length(_ vector: SIMD3<Double>) -> Double { (vector * vector).sum().squareRoot() }
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

    /// Whether any image of a difference of fractional coordinates is shorter than the distance.
    func containsImage(of difference: SIMD3<Double>, isSelf: Bool) -> Bool {
        let wrapped = difference - difference.rounded(.toNearestOrEven)
        for n3 in steps(from: wrapped.z * zc, by: zc, within: reach) {
            let z = (wrapped.z + n3) * zc
            let y0 = wrapped.y * yb + (wrapped.z + n3) * yc
            let yReach = rest(of: reach, beside: z)
            for n2 in steps(from: y0, by: yb, within: yReach) {
                let x0 = wrapped.x * xa + (wrapped.y + n2) * xb + (wrapped.z + n3) * xc
                let xReach = rest(of: yReach, beside: y0 + n2 * yb)
                for n1 in steps(from: x0, by: xa, within: xReach) {
                    if isSelf && n1 == 0 && n2 == 0 && n3 == 0 { continue }
                    let vector = cell.cartesian(wrapped + SIMD3(n1, n2, n3))
                    if (vector * vector).sum() < squaredDistance { return true }
                }
            }
        }
        return false
    }

    /// The whole numbers n with |start + n step| within a reach, or a little beyond, against rounding.
    private func steps(from start: Double, by step: Double, within reach: Double) -> StrideThrough<Double> {
        let margin = 1e-9 * (start.magnitude + step) / step
        let first = ((-reach - start) / step - margin).rounded(.up)
        let last = ((reach - start) / step + margin).rounded(.down)
        return stride(from: first, through: last, by: 1)
    }

    /// What is left of a reach at a distance from the centre.
    private func rest(of reach: Double, beside distance: Double) -> Double {
        max(0, reach * reach - distance * distance).squareRoot()
    }
}
