/// What the numbers of a relaxed crystal are called where it is told of as it was sampled.
extension Measurement {
    /// The numbers of a relaxed crystal by the names that they have beside its geometry as sampled: energies, heights
    /// and formation energies, a judge's as well, are those before the relaxation; what was measured after it is
    /// `relaxed_NAME`; what tells of the relaxation or the hull keeps its name.
    package var asSampled: [Quantity: Double] {
        var numbers: [Quantity: Double] = [:]
        for name in Set(values.keys.flatMap { [$0, $0.afterRelaxation] }) {
            let parts = name.partsAsSampled.map { part in values[part.quantity].map { $0 * part.factor } }
            guard !parts.isEmpty, !parts.contains(nil) else { continue }
            numbers[name] = parts.compactMap { $0 }.reduce(0, +)
        }
        return numbers
    }
}

extension Measurement.Quantity {
    /// What it is called beside the geometry as sampled, where it was measured after a relaxation.
    package var afterRelaxation: Measurement.Quantity { Self(rawValue: Self.relaxedPrefix + rawValue) }

    /// What a number of this name is the sum of beside the geometry as sampled: quantities as they were measured, each
    /// with a factor; none where no number has this name there.
    package var partsAsSampled: [(quantity: Measurement.Quantity, factor: Double)] {
        if rawValue.hasPrefix(Self.relaxedPrefix) {
            let measured = Self(rawValue: String(rawValue.dropFirst(Self.relaxedPrefix.count)))
            return measured.isOfEitherGeometry ? [] : [(measured, 1)]
        }
        if isOfEitherGeometry { return [(self, 1)] }
        if let judge = prefix(before: .formationEnergyPerAtom) {
            // Heights rather than energies: what is added to energies may differ between the geometries as well.
            return [
                (self, 1), (Self.initialEnergyAboveHull.prefixed(judge), 1), (Self.energyAboveHull.prefixed(judge), -1),
            ]
        }
        for (final, initial) in Self.relaxedEnergies {
            if let judge = prefix(before: final) { return [(initial.prefixed(judge), 1)] }
        }
        return []
    }

    private static let relaxedPrefix = "relaxed_"

    /// What a relaxation changes, and what is measured before it.
    private static let relaxedEnergies = [
        (energyPerAtom, initialEnergyPerAtom), (energyAboveHull, initialEnergyAboveHull),
    ]

    /// Whether it is the same number beside either geometry, also where a judge measures it.
    private var isOfEitherGeometry: Bool {
        let same = [
            Self.initialEnergyPerAtom, .initialEnergyAboveHull, .relaxationSteps, .relaxationConverged,
            .relaxationDisplacement, .relaxationVolumeRatio, .hullEntries,
        ]
        if same.contains(where: { prefix(before: $0) != nil }) { return true }
        // Earlier builds let an engine give a name that the archive has for something else.
        return Self.archiveNames.contains(rawValue) && !Self.relaxedEnergies.contains { $0.0 == self }
    }

    /// What stands before a quantity's name in this one: nothing, or a judge's name with its underscore; nil if this is
    /// no name of the quantity.
    private func prefix(before quantity: Measurement.Quantity) -> String? {
        if self == quantity { return "" }
        return rawValue.hasSuffix("_\(quantity.rawValue)") ? String(rawValue.dropLast(quantity.rawValue.count)) : nil
    }

    private func prefixed(_ text: String) -> Measurement.Quantity { Self(rawValue: text + rawValue) }
}
