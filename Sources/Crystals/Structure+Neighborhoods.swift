import Foundation

extension Structure {
    /// The nearest neighbours of an atom that are compared.
    private static let neighborCount = 12

    /// Whether another cell of the same crystal would look like this: the composition is the same, the volume an atom,
    /// and for each element the distances from its atoms to their nearest neighbours.
    ///
    /// It is necessary for two structures to be equal, and cheap; it is not sufficient.
    /// - Parameters:
    ///   - other: a cell with as many atoms, or a whole fraction of them.
    ///   - tolerance: of the distances, Å.
    /// - Complexity: O(*n*²).
    package func hasNeighborhoods(of other: Structure, within tolerance: Double) -> Bool {
        guard other.atomCount > 0, atomCount % other.atomCount == 0 else { return false }
        let multiple = atomCount / other.atomCount
        let (counts, others) = (elementCounts, other.elementCounts)
        guard counts == others.mapValues({ $0 * multiple }) else { return false }
        guard (volumePerAtom / other.volumePerAtom - 1).magnitude < 0.02 else { return false }
        let (distances, otherDistances) = (neighborDistances, other.neighborDistances)
        return distances.allSatisfy { element, mine in
            guard let theirs = otherDistances[element], mine.count == multiple * theirs.count else { return false }
            return mine.indices.allSatisfy { (mine[$0] - theirs[$0 / multiple]).magnitude < tolerance }
        }
    }

    private var volumePerAtom: Double { cell.volume / Double(atomCount) }

    private var elementCounts: [Element: Int] {
        elements.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    /// The distances from the atoms of each element to their nearest neighbours, in ascending order, Å.
    private var neighborDistances: [Element: [Double]] {
        var distances: [Element: [Double]] = [:]
        var radius = 1.3 * cbrt(3 * Double(Self.neighborCount) * volumePerAtom / (4 * .pi))
        var nearest = self.nearest(within: radius)
        // Layers and chains have few neighbours for their volume.
        while nearest.contains(where: { $0.count < Self.neighborCount }), radius < 1e4 {
            radius *= 1.5
            nearest = self.nearest(within: radius)
        }
        for (element, found) in zip(elements, nearest) {
            distances[element, default: []] += found.prefix(Self.neighborCount)
        }
        return distances.mapValues { $0.sorted() }
    }

    /// For each atom the distances to the others within a radius, in ascending order.
    private func nearest(within radius: Double) -> [[Double]] {
        let search = ImageSearch(cell: cell, distance: radius)
        return fractionalCoordinates.map { origin in
            var found: [Double] = []
            for point in fractionalCoordinates {
                let difference = point - origin
                search.forEachTranslation(of: difference) { translation in
                    let distance = cell.length(difference + translation)
                    if distance > 1e-6, distance <= radius { found.append(distance) }
                    return true
                }
            }
            return found.sorted()
        }
    }
}
