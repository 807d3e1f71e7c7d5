package import Crystals

extension Structure {
    /// Whether two atoms, or an atom and its own image, are closer than a distance; exact for any cell.
    ///
    /// Where the orbits are known, only pairs with the first atom of each are looked at: the others are their images under
    /// the group.
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
private struct ImageSearch {
    let cell: Cell
    let squaredDistance: Double
    /// The distance in units of the heights of the cell over its faces: no farther translation can help.
    let reach: SIMD3<Double>

    init(cell: Cell, distance: Double) {
        self.cell = cell
        squaredDistance = distance * distance
        func inverseHeight(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Double {
            let normal = cross(u, v)
            return (normal * normal).sum().squareRoot() / cell.volume
        }
        // A little more, against rounding.
        reach =
            (distance * 1.000001 + 1e-9)
            * SIMD3(inverseHeight(cell.b, cell.c), inverseHeight(cell.c, cell.a), inverseHeight(cell.a, cell.b))
    }

    /// Whether any image of a difference of fractional coordinates is shorter than the distance.
    func containsImage(of difference: SIMD3<Double>, isSelf: Bool) -> Bool {
        let wrapped = difference - difference.rounded(.toNearestOrEven)
        let lower = (-reach - wrapped).rounded(.up)
        let upper = (reach - wrapped).rounded(.down)
        guard lower.x <= upper.x, lower.y <= upper.y, lower.z <= upper.z else { return false }
        for x in stride(from: lower.x, through: upper.x, by: 1) {
            for y in stride(from: lower.y, through: upper.y, by: 1) {
                for z in stride(from: lower.z, through: upper.z, by: 1) {
                    if isSelf && x == 0 && y == 0 && z == 0 { continue }
                    let vector = cell.cartesian(wrapped + SIMD3(x, y, z))
                    if (vector * vector).sum() < squaredDistance { return true }
                }
            }
        }
        return false
    }
}
