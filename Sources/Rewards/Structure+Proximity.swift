package import Crystals

extension Structure {
    /// Whether two atoms, or an atom and its own image, are closer than a distance; exact for any cell.
    ///
    /// - Parameter distance: Å.
    /// - Precondition: cell and coordinates are finite and the cell has a volume.
    package func hasAtoms(closerThan distance: Double) -> Bool {
        hasPair(within: distance) { _, _ in distance }
    }

    /// Whether two atoms, or an atom and its own image, are closer than a share of the sum of their covalent radii.
    ///
    /// - Precondition: cell and coordinates are finite and the cell has a volume.
    func hasAtoms(closerThanRadii share: Double) -> Bool {
        let radii = elements.map { share * $0.covalentRadius }
        return hasPair(within: 2 * (radii.max() ?? 0)) { radii[$0] + radii[$1] }
    }

    /// Whether an atom has no other, and no image of its own, within a distance; exact for any cell.
    ///
    /// - Parameter distance: Å.
    /// - Precondition: cell and coordinates are finite and the cell has a volume.
    func hasIsolatedAtom(beyond distance: Double) -> Bool {
        let search = ImageSearch(cell: cell, distance: distance)
        return representatives.contains { first in
            // As a rule the first look finds a neighbour.
            !(0..<atomCount).contains { second in
                hasPair(first, second, search) { squared in squared <= distance * distance }
            }
        }
    }

    /// Whether two atoms are closer than their limit.
    ///
    /// Where the orbits are known, only pairs with the first atom of each are looked at: the others are their images
    /// under the group.
    ///
    /// - Parameters:
    ///   - reach: the largest limit, Å.
    ///   - limit: of two atoms, Å.
    private func hasPair(within reach: Double, _ limit: (_ first: Int, _ second: Int) -> Double) -> Bool {
        let search = ImageSearch(cell: cell, distance: reach)
        return representatives.contains { first in
            // Without orbits each pair counts once; with them, the other atom can stand before the first one as well.
            ((orbits == nil ? first : 0)..<atomCount).contains { second in
                let limit = limit(first, second)
                return hasPair(first, second, search) { squared in squared < limit * limit }
            }
        }
    }

    /// One atom of each orbit; all where the orbits are not known.
    private var representatives: [Int] {
        guard let orbits else { return Array(0..<atomCount) }
        var seen: Set<Int> = []
        return (0..<atomCount).filter { seen.insert(orbits[$0]).inserted }
    }

    /// Whether an image of the second atom stands at such a squared distance, Å², from the first.
    private func hasPair(
        _ first: Int, _ second: Int, _ search: ImageSearch, _ isSought: (_ squared: Double) -> Bool
    ) -> Bool {
        let nearest = nearestImage(fractionalCoordinates[second] - fractionalCoordinates[first])
        return !search.forEachTranslation(of: nearest) { translation in
            if first == second, translation == .zero { return true }
            let vector = cell.cartesian(nearest + translation)
            return !isSought((vector * vector).sum())
        }
    }
}
