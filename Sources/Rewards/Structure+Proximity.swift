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
                let nearest = nearestImage(difference)
                let isFar = search.forEachTranslation(of: nearest) { translation in
                    if first == second, translation == .zero { return true }
                    let vector = cell.cartesian(nearest + translation)
                    return (vector * vector).sum() >= distance * distance
                }
                if !isFar { return true }
            }
        }
        return false
    }
}
