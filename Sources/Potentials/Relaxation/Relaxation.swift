package import Crystals

/// What to relax.
package enum RelaxationInput: Sendable {
    /// Every atom of a cell, whose symmetry is searched where it is to be kept.
    case structure(Structure)
    /// A crystal with its space group and Wyckoff positions; its primitive cell is relaxed.
    case crystal(Crystal)
}

/// How a relaxation went and where it ended.
package struct Relaxation: Sendable {
    /// As given; of a crystal, the primitive cell.
    package let initial: Structure
    /// The last structure that was within the limits, with the atoms in the order of `initial`.
    package let final: Structure
    /// For crystals: the same with its sites, if the symmetry was kept.
    package let finalCrystal: Crystal?
    /// The space group that was kept; nil where it was released.
    package let spaceGroup: SpaceGroup?
    /// eV/atom, of the initial structure with its symmetry made exact.
    package let initialEnergyPerAtom: Double
    /// eV/atom
    package let finalEnergyPerAtom: Double
    package let end: End
    /// Evaluations after the first.
    package let steps: Int
    /// The largest force on an atom in the final structure, eV/Å. Where the symmetry is kept, of the part that the
    /// group leaves.
    package let largestForce: Double
    /// The largest component of the stress in the final structure, GPa, in what the group leaves; 0 if the cell is
    /// fixed.
    package let largestStress: Double
    /// The root of the mean squared displacement of the atoms, Å, in the initial cell: without the strain and without
    /// what all atoms have in common.
    package let displacement: Double
    /// The final volume over the initial one.
    package let volumeRatio: Double

    /// Why a relaxation ended.
    package enum End: Sendable, Hashable {
        case converged
        /// The limit on steps.
        case steps
        /// No step lowers the energy any more, though forces are left: the energy is not smooth here, or rounding has
        /// the last word.
        case stalled
        /// The next step would shrink the cell below the limit, or bring atoms on top of each other.
        case collapsed
        /// The next step would blow up the cell beyond the limit.
        case exploded
        /// The cell stays so dense that going on would take minutes.
        case crowded
        /// The potential has no energy at the next step.
        case failed(PotentialError)

        /// One word for records.
        package var name: String {
            switch self {
            case .converged: "converged"
            case .steps: "steps"
            case .stalled: "stalled"
            case .collapsed: "collapsed"
            case .exploded: "exploded"
            case .crowded: "crowded"
            case .failed: "failed"
            }
        }
    }
}

/// Why a structure could not be relaxed at all.
package enum RelaxationError: Error, Sendable, Hashable {
    /// The potential has no energy of the structure as given.
    case potential(PotentialError)
    case crystal(CrystalError)
    /// The space group to be kept could not be found.
    case symmetry(SymmetryError)
    /// The potential gives no forces, or no stress where the cell is to relax.
    case missingDerivatives(potential: String)
}

extension RelaxationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .potential(let error): "\(error)"
        case .crystal(let error): "\(error)"
        case .symmetry(let error): "\(error); or relax without keeping the space group"
        case .missingDerivatives(let potential):
            "\(potential) gives no forces or no stress, which a relaxation needs: take another potential"
        }
    }

    /// The same for people who know the structure by the names of its file.
    package func description(for structure: Structure) -> String {
        if case .potential(let error) = self { return error.description(for: structure) }
        return description
    }
}
