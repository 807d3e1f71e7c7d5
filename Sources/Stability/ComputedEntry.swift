package import Crystals

/// A material whose energy is known: one line of a reference file.
package struct ComputedEntry: Sendable, Hashable {
    package let id: String
    /// The amounts that `energy` belongs to.
    package let composition: Composition
    /// The uncorrected energy of the whole composition, eV.
    package let energy: Double
    /// What is added to the energy before use, eV for the whole composition.
    package let correction: Double
    /// The corrected energy, eV/atom.
    package let energyPerAtom: Double

    package init(id: String, composition: Composition, energy: Double, correction: Double = 0) {
        self.id = id
        self.composition = composition
        self.energy = energy
        self.correction = correction
        energyPerAtom = (energy + correction) / composition.atomCount
    }
}
