import Crystals

/// What oxygen is in a structure, by the distances between its atoms.
enum OxideKind: String {
    case oxide
    case peroxide
    case superoxide
    case ozonide

    /// Bond lengths count up to this factor.
    private static let tolerance = 1.05
    /// Å
    private static let hydroxideLength = 0.93
    private static let superoxideLength = 1.35
    private static let peroxideLength = 1.49

    /// Of different atoms of the cell the nearest images count; an oxygen and its own image are no pair. Hydroxides
    /// count as oxides.
    init(of structure: Structure) {
        let oxygens = structure.elements.indices.filter { structure.elements[$0] == .oxygen }
        let hydrogens = structure.elements.indices.filter { structure.elements[$0] == .hydrogen }
        let search = ImageSearch(cell: structure.cell, distance: Self.peroxideLength * Self.tolerance)
        func areCloser(_ left: Int, _ right: Int, than length: Double) -> Bool {
            let difference = structure.fractionalCoordinates[right] - structure.fractionalCoordinates[left]
            let limit = length * Self.tolerance
            return !search.forEachTranslation(of: difference) { translation in
                let vector = structure.cell.cartesian(difference + translation)
                return (vector * vector).sum().squareRoot() >= limit
            }
        }
        let isHydroxide = oxygens.contains { oxygen in
            hydrogens.contains { areCloser(oxygen, $0, than: Self.hydroxideLength) }
        }
        guard !isHydroxide else {
            self = .oxide
            return
        }
        let partners = oxygens.map { oxygen in
            oxygens.count { $0 != oxygen && areCloser(oxygen, $0, than: Self.superoxideLength) }
        }
        if let most = partners.max(), most > 0 {
            self = most > 1 ? .ozonide : .superoxide
        } else if oxygens.contains(where: { oxygen in
            oxygens.contains { $0 > oxygen && areCloser(oxygen, $0, than: Self.peroxideLength) }
        }) {
            self = .peroxide
        } else {
            self = .oxide
        }
    }
}
