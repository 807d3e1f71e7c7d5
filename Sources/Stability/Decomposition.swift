import Crystals

/// The stable mixture that a composition falls apart into.
package struct Decomposition: Sendable, Hashable {
    /// One phase of the mixture.
    package struct Phase: Sendable, Hashable {
        package let entry: ComputedEntry
        /// The share of all atoms that are in this phase, 0...1.
        package let fraction: Double
    }

    /// The phases, the largest first; the fractions sum to 1.
    package let phases: [Phase]
    /// The energy of the mixture, eV/atom.
    package let energyPerAtom: Double

    /// The share of the atoms by reduced formula, as reports show it.
    package var fractionsByFormula: [String: Double] {
        var fractions: [String: Double] = [:]
        for phase in phases {
            fractions[phase.entry.composition.reducedFormula, default: 0] += phase.fraction
        }
        return fractions
    }
}
