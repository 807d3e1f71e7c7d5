import Crystals

/// What sulfur is in a structure: a sulfate gives its electrons away, a sulfide takes some.
enum SulfurKind {
    /// Neighbours farther than the nearest one by this, Å, are not bonded.
    private static let shell = 0.4
    private static let neighbourLimit = 4
    /// Where the search for neighbours begins and ends, Å.
    private static let firstReach = 4.0
    private static let lastReach = 64.0

    /// Whether some sulfur's neighbours are more electronegative than it on average.
    static func isSulfate(_ structure: Structure) -> Bool {
        guard let own = Element.sulfur.electronegativity else { return false }
        return structure.elements.indices.contains { atom in
            guard structure.elements[atom] == .sulfur else { return false }
            let values = neighbours(of: atom, in: structure).map { $0.electronegativity ?? .nan }
            return values.reduce(0, +) / Double(values.count) > own
        }
    }

    /// The elements of the nearest neighbours.
    private static func neighbours(of atom: Int, in structure: Structure) -> [Element] {
        var reach = firstReach
        while reach <= lastReach {
            let search = ImageSearch(cell: structure.cell, distance: reach)
            var found: [(distance: Double, element: Element)] = []
            for other in structure.elements.indices {
                let difference = structure.fractionalCoordinates[other] - structure.fractionalCoordinates[atom]
                search.forEachTranslation(of: difference) { translation in
                    let vector = structure.cell.cartesian(difference + translation)
                    let distance = (vector * vector).sum().squareRoot()
                    if distance > 1e-8, distance <= reach { found.append((distance, structure.elements[other])) }
                    return true
                }
            }
            if let nearest = found.map(\.distance).min() {
                return found.filter { $0.distance < nearest + shell }.sorted { $0.distance < $1.distance }
                    .prefix(neighbourLimit).map(\.element)
            }
            reach *= 2
        }
        return []
    }
}
