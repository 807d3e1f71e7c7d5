/// Why a crystal is invalid. The raw values are stable: counters, logs and messages carry them.
package enum InvalidCrystal: String, Sendable, Hashable, CaseIterable {
    /// The policy did not end the crystal within its largest number of sites.
    case unterminated
    /// It has no atoms.
    case noAtoms = "no_atoms"
    /// The conventional cell has more atoms than allowed.
    case tooManyAtoms = "too_many_atoms"
    /// A length or angle of the cell is infinite or not a number.
    case latticeNotFinite = "lattice_not_finite"
    /// A length or angle is outside of the limits, or no cell has these angles.
    case latticeOutOfBounds = "lattice_out_of_bounds"
    /// The volume per atom is outside of the limits.
    case volumeOutOfBounds = "volume_out_of_bounds"
    /// A coordinate is infinite or not a number.
    case positionNotFinite = "position_not_finite"
    /// The space group has no such Wyckoff position.
    case unknownWyckoffPosition = "unknown_wyckoff_position"
    /// Two atoms, or an atom and its own image, are closer than allowed.
    case atomsTooClose = "atoms_too_close"
    /// Two atoms are closer than the allowed share of the sum of their covalent radii.
    case atomsOverlap = "atoms_overlap"
    /// An atom has no neighbour within the allowed distance.
    case atomIsolated = "atom_isolated"
    /// Spheres of the atoms' covalent radii would fill more of the cell than allowed.
    case packedTooDensely = "packed_too_densely"
    /// On its way to lower energy its cell grows beyond four times the volume.
    case relaxationExploded = "relaxation_exploded"
    /// On its way to lower energy its cell shrinks below a quarter of the volume, or its atoms stay too dense.
    case relaxationCollapsed = "relaxation_collapsed"
    /// More neighbours than the potential takes: the cell is collapsed.
    case tooManyNeighbours = "too_many_neighbours"
}
