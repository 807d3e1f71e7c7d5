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
        case .noAtoms:
            "the crystal has no atoms"
        }
    }
}
