/// One of the `energy_adjustments` of an entry, in the layouts of pymatgen.
package struct EnergyAdjustment: Sendable, Hashable {
    /// The numbers of the adjustment by key.
    private var numbers: [String: Double] = [:]

    package init() {}

    /// The keys that matter.
    package static let keys: Set<String> = ["value", "adj_per_atom", "n_atoms", "adj_per_deg", "temp"]

    /// A number under one of the ``keys``.
    package subscript(key: String) -> Double? {
        get { numbers[key] }
        set { numbers[key] = newValue }
    }

    /// eV for the whole entry: constant, by atom, or by atom and temperature; nil for a layout that is not known.
    package var total: Double? {
        if let value = self["value"] { return value }
        guard let atoms = self["n_atoms"] else { return nil }
        if let perAtom = self["adj_per_atom"] { return perAtom * atoms }
        guard let perDegree = self["adj_per_deg"], let temperature = self["temp"] else { return nil }
        return perDegree * temperature * atoms
    }
}

/// What has to be added to the energy of an entry.
package enum EnergyCorrection {
    /// A sum of adjustments and a correction may differ by this, eV, from rounding.
    private static let tolerance = 1e-3

    package struct Problem: Error, Sendable, Hashable {
        package let reason: String

        package init(reason: String) { self.reason = reason }
    }

    /// The correction of an entry: the sum of its adjustments, which its `correction` repeats; entries of old versions
    /// have the `correction` alone.
    ///
    /// - Parameters:
    ///   - correction: eV for the whole entry; nil if there is none.
    ///   - adjustments: empty if there are none.
    /// - Throws: ``Problem`` if the two contradict each other, or an adjustment cannot be read and there is no
    ///   correction.
    package static func total(
        correction: Double?, adjustments: [EnergyAdjustment]
    ) throws(Problem) -> Double {
        guard !adjustments.isEmpty else { return correction ?? 0 }
        var sum = 0.0
        for adjustment in adjustments {
            guard let value = adjustment.total else {
                if let correction { return correction }
                throw Problem(
                    reason: "an item of energy_adjustments has neither value, nor adj_per_atom and n_atoms, "
                        + "and there is no correction")
            }
            sum += value
        }
        guard let correction else { return sum }
        guard (correction - sum).magnitude <= tolerance else {
            throw Problem(
                reason: "its correction is \(correction) eV, but its energy_adjustments add up to \(sum) eV: "
                    + "correct or remove one of the two")
        }
        return sum
    }
}
