/// What was measured of a crystal: numbers by name.
package struct Measurement: Sendable, Hashable, CustomStringConvertible {
    /// The name of a quantity, as messages and the archive carry it; its unit belongs to it.
    package struct Quantity: RawRepresentable, Sendable, Hashable, Comparable {
        package var rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        /// eV/atom, as the engine gives it.
        package static let energyPerAtom = Quantity(rawValue: "energy_per_atom")
        /// The height above the convex hull, eV/atom; negative below it.
        package static let energyAboveHull = Quantity(rawValue: "e_above_hull")
        /// What was added to the energy before the height was taken, eV/atom; there only where something had to be.
        package static let energyCorrection = Quantity(rawValue: "energy_correction")

        /// Before the relaxation, eV/atom.
        package static let initialEnergyPerAtom = Quantity(rawValue: "initial_energy_per_atom")
        /// Before the relaxation, eV/atom.
        package static let initialEnergyAboveHull = Quantity(rawValue: "initial_e_above_hull")
        /// The steps of the relaxation.
        package static let relaxationSteps = Quantity(rawValue: "relaxation_steps")
        /// 1 if force and stress became as small as asked for, else 0.
        package static let relaxationConverged = Quantity(rawValue: "relaxation_converged")
        /// The root of the mean squared displacement of the atoms, without the strain, Å.
        package static let relaxationDisplacement = Quantity(rawValue: "relaxation_rmsd")
        /// The volume after the relaxation in units of that before.
        package static let relaxationVolumeRatio = Quantity(rawValue: "relaxation_volume_ratio")
        /// How far apart potentials are on the crystal, eV/atom: an estimate of the energy's error.
        package static let uncertainty = Quantity(rawValue: "uncertainty")

        /// The entries of the hull within the crystal's chemical system.
        package static let hullEntries = Quantity(rawValue: "hull_entries")

        /// The unit of its numbers; nil for a quantity that this build does not know.
        package var unit: String? {
            switch self {
            case .energyPerAtom, .energyAboveHull, .energyCorrection, .uncertainty, .initialEnergyPerAtom,
                .initialEnergyAboveHull:
                "eV/atom"
            case .relaxationDisplacement: "Å"
            case .relaxationSteps: "steps"
            case .relaxationConverged, .relaxationVolumeRatio: "1"
            default: Self.known.first { rawValue.hasSuffix("_\($0.rawValue)") }?.unit
            }
        }

        /// Those that judges measure under names of their own.
        private static let known = [
            energyPerAtom, energyAboveHull, initialEnergyPerAtom, initialEnergyAboveHull, uncertainty,
            relaxationSteps, relaxationConverged, relaxationDisplacement, relaxationVolumeRatio,
        ]

        package static func < (left: Quantity, right: Quantity) -> Bool { left.rawValue < right.rawValue }
    }

    /// All numbers.
    package private(set) var values: [Quantity: Double]
    /// Where the crystal's relaxation ended; nil if it was measured as sampled.
    package var relaxed: RelaxedGeometry?

    package init(_ values: [Quantity: Double], relaxed: RelaxedGeometry? = nil) {
        self.values = values
        self.relaxed = relaxed
    }

    /// An energy and its height above the hull, eV/atom both.
    package init(energyPerAtom: Double, energyAboveHull: Double) {
        self.init([.energyPerAtom: energyPerAtom, .energyAboveHull: energyAboveHull])
    }

    /// The number of a name; nil if it was not measured.
    package subscript(quantity: Quantity) -> Double? { values[quantity] }

    /// The measurement with another one's numbers under names that begin with a judge's: "judge_energy_per_atom".
    package func adding(_ judged: Measurement, by judge: String) -> Measurement {
        var sum = self
        for (quantity, value) in judged.values {
            sum.values[Quantity(rawValue: "\(judge)_\(quantity.rawValue)")] = value
        }
        return sum
    }

    /// The measurement with every height above the hull, also a judge's, at least as high as one.
    ///
    /// - Parameter height: eV/atom.
    package func raisingHeights(to height: Double) -> Measurement {
        let name = Quantity.energyAboveHull.rawValue
        var raised = self
        for (quantity, value) in values
        where value < height && (quantity == .energyAboveHull || quantity.rawValue.hasSuffix("_\(name)")) {
            raised.values[quantity] = height
        }
        return raised
    }

    /// The numbers in the order of their names.
    package var description: String {
        values.sorted { $0.key < $1.key }.map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", ")
    }
}
