package import Crystals
package import Trajectories

/// A valid crystal with what was measured of it, as terms and guards see it.
package struct JudgedCrystal: Sendable {
    /// Where it was measured: relaxed, if it was.
    package let crystal: Crystal
    package private(set) var measurement: Measurement
    package let composition: Composition
    /// The reduced formula, such as "NaCl".
    package let formula: String

    /// - Parameter sampled: the crystal as sampled.
    package init(_ sampled: Crystal, _ measurement: Measurement) {
        crystal = measurement.relaxed.map { $0.applied(to: sampled) } ?? sampled
        self.measurement = measurement
        composition = sampled.composition
        formula = composition.reducedFormula
    }

    /// The crystal with no height below 0.
    func cappedAtHull() -> JudgedCrystal {
        var capped = self
        capped.measurement = measurement.raisingHeights(to: 0)
        return capped
    }

    /// What two crystals share that differ in coordinates and lattice alone: space group, Wyckoff letters, elements.
    var prototypeKey: String { crystal.wyckoffSequence }
}
