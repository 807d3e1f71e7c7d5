/// Why a crystal is not valid.
package enum CrystalError: Error, Sendable, Hashable {
    /// A length or angle is not a finite number.
    case latticeNotFinite(LatticeParameters)
    /// Lengths and angles that close no cell.
    case impossibleLattice(LatticeParameters)
    /// The space group has no such Wyckoff position; `available` is how many it has.
    case unknownWyckoffPosition(spaceGroup: Int, index: Int, available: Int)
    /// A coordinate of a site (counted from 0) is not a finite number.
    case positionNotFinite(site: Int)
    /// Lengths and angles that are not those of the space group in the setting of the table.
    case latticeAgainstGroup(LatticeParameters, spaceGroup: SpaceGroup)
    /// A site (counted from 0) lies off the Wyckoff position that it names, by `distance` (Å).
    case siteOffPosition(site: Int, element: Element, letter: String, spaceGroup: SpaceGroup, distance: Double)
    /// There are no atoms.
    case noAtoms
}

extension CrystalError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .latticeNotFinite(let lattice):
            "the lattice has a parameter that is not a finite number: \(lattice.values)"
        case .impossibleLattice(let lattice):
            "no cell has the lattice parameters \(lattice.values) (lengths must be positive, angles must close a cell)"
        case .unknownWyckoffPosition(let spaceGroup, let index, let available):
            "space group \(spaceGroup) has Wyckoff positions 1 to \(available), not \(index)"
        case .positionNotFinite(let site):
            "site \(site) has a coordinate that is not a finite number"
        case .latticeAgainstGroup(let lattice, let group):
            "the lattice \(lattice.values) is none of space group \(group.number) (\(group.symbol)), which would have "
                + "\(group.symmetrize(lattice).values): \(CrystalError.setting)"
        case .siteOffPosition(let site, let element, let letter, let group, let distance):
            "site \(site + 1) (\(element.symbol)) lies \((distance * 100).rounded() / 100) Å off Wyckoff position "
                + "\(letter) of space group \(group.number) (\(group.symbol)): \(CrystalError.setting)"
        case .noAtoms:
            "the crystal has no atoms"
        }
    }
}

extension CrystalError {
    /// In what way crystals are expected to be written.
    private static let setting =
        "the setting must be the standard one of the International Tables (origin choice 2, unique axis b, hexagonal "
        + "axes)"
}
