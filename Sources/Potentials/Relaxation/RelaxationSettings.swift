/// How crystals are relaxed.
package struct RelaxationSettings: Codable, Sendable, Hashable {
    package var optimizer = Optimizer.lbfgs
    package var criterion = Criterion.forceAndStress(force: 0.05, stress: 0.1)
    /// Whether the cell relaxes too, or the positions alone.
    package var relaxesCell = true
    /// Whether the space group is kept, by construction. Else every atom and all six strains are free; what symmetry
    /// the forces have then lasts as long as rounding lets it.
    package var keepsSymmetry = true
    /// How far atoms of a bare structure may be from symmetric positions, Å; the structure is made exact first.
    /// Crystals bring their group.
    package var symmetryTolerance = 0.01
    /// Evaluations after the first; a relaxation that needs more ends as ``Relaxation/End/steps``.
    package var maximumSteps = 300
    /// How far an atom may move in a step, Å: for L-BFGS the farthest one, for FIRE the length over all coordinates,
    /// cell included, as in ASE.
    var maximumDisplacement = 0.2
    /// The largest strain of a step of L-BFGS.
    var maximumStrain = 0.05
    /// Bounds of the volume in units of the first one.
    package var volumeRatios = 0.25...4.0

    /// No two atoms may come nearer than this, Å: potentials are soft there, and some end with atoms on top of each
    /// other.
    package var minimumDistance = 0.5
    /// How many pairs of neighbours at one atom, within 3 Å, are evaluated in all while atoms have more than 1,500
    /// each: some 40 neighbours, twice what those of real crystals have. The end does not depend on clocks.
    package var maximumCrowding = 300_000.0

    package init() {}

    /// The reference's relaxations: FIRE with ASE's `FrechetCellFilter`, down to 0.02 eV/Å.
    package static var reference: RelaxationSettings {
        var settings = RelaxationSettings()
        settings.optimizer = .fire
        settings.criterion = .generalizedForce(0.02)
        return settings
    }

    package enum Optimizer: String, Codable, Sendable, CaseIterable {
        case fire, lbfgs
    }

    /// When a crystal counts as relaxed.
    package enum Criterion: Codable, Sendable, Hashable {
        /// No atom feels a larger force (eV/Å), no component of the stress is larger (GPa).
        case forceAndStress(force: Double, stress: Double)
        /// No row of the generalised forces of atoms and cell is longer (eV/Å), as with ASE's `FrechetCellFilter`; the
        /// cell's rows are the volume times the stress over the number of atoms.
        case generalizedForce(Double)
    }

    /// What is wrong with the numbers; nil if nothing is.
    package var problem: String? {
        func isPositive(_ value: Double) -> Bool { value > 0 && value.isFinite }
        switch criterion {
        case .forceAndStress(let force, let stress):
            guard isPositive(force) else { return "the force to relax to is \(force) eV/Å; it must be positive" }
            guard isPositive(stress) else { return "the stress to relax to is \(stress) GPa; it must be positive" }
        case .generalizedForce(let force):
            guard isPositive(force) else { return "the force to relax to is \(force) eV/Å; it must be positive" }
        }
        guard maximumSteps >= 0 else { return "the number of steps is \(maximumSteps); it must not be negative" }
        guard isPositive(maximumDisplacement), isPositive(maximumStrain) else {
            return "the largest displacement and strain of a step must be positive"
        }
        guard isPositive(minimumDistance) else {
            return "the smallest distance of atoms is \(minimumDistance) Å; it must be positive"
        }
        guard isPositive(symmetryTolerance) else {
            return "the symmetry tolerance is \(symmetryTolerance) Å; it must be positive"
        }
        guard volumeRatios.lowerBound > 0, volumeRatios.contains(1) else {
            return "the volume may change from \(volumeRatios.lowerBound) to \(volumeRatios.upperBound) times; "
                + "that must be positive and include 1"
        }
        return nil
    }
}
