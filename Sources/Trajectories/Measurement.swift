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

        /// How many compounds, elements included, the hull has within the crystal's chemical system: what its height
        /// rests on.
        package static let hullEntries = Quantity(rawValue: "hull_entries")
        /// The energy relative to the elements of the hull, eV/atom.
        package static let formationEnergyPerAtom = Quantity(rawValue: "formation_energy_per_atom")

        /// The largest force on an atom, eV/Å.
        package static let maximumForce = Quantity(rawValue: "maximum_force")
        /// ln of the mean size of the forces on the atoms, each taken as 0.01 to 100 eV/Å.
        package static let forceLogMean = Quantity(rawValue: "force_log_mean")
        /// ln of the mean size of the six components of the stress, each taken as 0.01 to 100 eV/Å³.
        package static let stressLogMean = Quantity(rawValue: "stress_log_mean")
        /// ln of the sum of both means: what the reference's `make_force_reward_fn` (crystalformer/reinforce/reward.py)
        /// gives with a weight of the stress of 1. With another one, w, that is
        /// ln(exp(force_log_mean) + w exp(stress_log_mean)).
        package static let forceStressLogMean = Quantity(rawValue: "force_stress_log_mean")

        /// The unit of its numbers; nil for a quantity that this build does not know.
        package var unit: String? {
            switch self {
            case .energyPerAtom, .energyAboveHull, .energyCorrection, .uncertainty, .initialEnergyPerAtom,
                .initialEnergyAboveHull, .formationEnergyPerAtom:
                "eV/atom"
            case .maximumForce: "eV/Å"
            case .hullEntries, .forceLogMean, .stressLogMean, .forceStressLogMean: "1"
            case .relaxationDisplacement: "Å"
            case .relaxationSteps: "steps"
            case .relaxationConverged, .relaxationVolumeRatio: "1"
            default: predictedUnit ?? Self.known.first { rawValue.hasSuffix("_\($0.rawValue)") }?.unit
            }
        }

        /// The standard error of a prediction.
        package var sigma: Quantity { Quantity(rawValue: rawValue + Self.sigmaSuffix) }
        /// 1 if the crystal resembles what a prediction's model has learned from, else 0.
        package var isInDomain: Quantity { Quantity(rawValue: rawValue + Self.domainSuffix) }
        /// Whether it is such an answer itself.
        package var tellsDomain: Bool { rawValue.hasSuffix(Self.domainSuffix) }

        /// All that a model may give of what it predicts by this name.
        package var predicted: [Quantity] { [self, sigma, isInDomain] }

        private static let sigmaSuffix = "_sigma"
        private static let domainSuffix = "_in_domain"

        /// The unit of what models of properties predict.
        private var predictedUnit: String? {
            if rawValue.hasSuffix(Self.domainSuffix) { return "1" }
            if rawValue.hasSuffix(Self.sigmaSuffix) {
                return Quantity(rawValue: String(rawValue.dropLast(Self.sigmaSuffix.count))).unit
            }
            if rawValue == "band_gap" || rawValue.hasPrefix("band_gap_") { return "eV" }
            return rawValue.hasPrefix("dielectric_") ? "1" : nil
        }

        /// Whether measurers give it themselves, whatever models of properties predict.
        package var isMeasured: Bool { Self.known.contains(self) }

        /// What it is called where a judge measures it.
        package func judged(by judge: String) -> Quantity { Quantity(rawValue: "\(judge)_\(rawValue)") }

        /// The quantity of the run's own, or the name of exports, that a judge of this name would give as well; nil for
        /// none.
        package static func taken(byJudge judge: String) -> Quantity? {
            known.lazy.map { $0.judged(by: judge) }.first { $0.isMeasured || exportNames.contains($0.rawValue) }
        }

        /// How many there are for which ``isMeasured`` holds.
        package static var measuredCount: Int { known.count }

        /// Those that judges measure under names of their own.
        private static let known = [
            energyPerAtom, energyAboveHull, initialEnergyPerAtom, initialEnergyAboveHull, formationEnergyPerAtom,
            energyCorrection, uncertainty, hullEntries, maximumForce, forceStressLogMean, forceLogMean, stressLogMean,
            relaxationSteps, relaxationConverged, relaxationDisplacement, relaxationVolumeRatio,
        ]

        package static func < (left: Quantity, right: Quantity) -> Bool { left.rawValue < right.rawValue }
    }

    /// All numbers.
    package private(set) var values: [Quantity: Double]
    /// Where the crystal's relaxation ended; nil if it was measured as sampled.
    package var relaxed: RelaxedGeometry?
    /// The same atom by atom, where an evaluation asks for it.
    package var relaxedAtoms: RelaxedAtoms?

    package init(
        _ values: [Quantity: Double], relaxed: RelaxedGeometry? = nil, relaxedAtoms: RelaxedAtoms? = nil
    ) {
        self.values = values
        self.relaxed = relaxed
        self.relaxedAtoms = relaxedAtoms
    }

    /// An energy and its height above the hull, eV/atom both.
    package init(energyPerAtom: Double, energyAboveHull: Double) {
        self.init([.energyPerAtom: energyPerAtom, .energyAboveHull: energyAboveHull])
    }

    /// The number of a name; nil if it was not measured.
    package subscript(quantity: Quantity) -> Double? { values[quantity] }

    /// The measurement with another one's numbers under names that begin with a judge's: "judge_energy_per_atom". What
    /// it has by such a name itself stays.
    package func adding(_ judged: Measurement, by judge: String) -> Measurement {
        var sum = self
        for (quantity, value) in judged.values {
            let name = quantity.judged(by: judge)
            if sum.values[name] == nil { sum.values[name] = value }
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
