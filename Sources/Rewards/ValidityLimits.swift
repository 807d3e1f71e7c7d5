package import Configuration

/// The bounds outside of which a sample is no crystal. Loose on purpose: the energy judges the rest.
package struct ValidityLimits: ConfigurationSection, Hashable, Codable {
    /// The least distance between two atoms, images included, Å.
    package var minimumDistance = 0.5
    /// Bounds on a, b and c of the conventional cell, Å.
    package var minimumLength = 1.5
    package var maximumLength = 100.0
    /// Bounds on the angles of the conventional cell, degrees.
    package var minimumAngle = 20.0
    package var maximumAngle = 160.0
    /// Bounds on the volume per atom, Å³.
    package var minimumVolumePerAtom = 2.0
    package var maximumVolumePerAtom = 1000.0
    /// The most atoms in the conventional cell.
    package var maximumAtoms = 200

    package init() {}

    package static let keys: [ConfigurationKey<ValidityLimits>] = [
        .init(
            "minimum_distance", \.minimumDistance, takes: .range(0...5), unit: "Å",
            "the least distance between two atoms, images included"),
        .init("minimum_length", \.minimumLength, takes: .above(0), unit: "Å", "the shortest cell edge"),
        .init("maximum_length", \.maximumLength, takes: .above(0, atMost: 1000), unit: "Å", "the longest cell edge"),
        .init("minimum_angle", \.minimumAngle, takes: .between(0, 90), unit: "°", "the smallest angle of the cell"),
        .init("maximum_angle", \.maximumAngle, takes: .between(120, 180), unit: "°", "the largest angle of the cell"),
        .init(
            "minimum_volume_per_atom", \.minimumVolumePerAtom, takes: .above(0), unit: "Å³",
            "the smallest volume per atom"),
        .init(
            "maximum_volume_per_atom", \.maximumVolumePerAtom, takes: .above(0), unit: "Å³",
            "the largest volume per atom"),
        .init(
            "maximum_atoms", \.maximumAtoms, takes: .range(1...10_000), unit: "atoms",
            "the most atoms in the conventional cell"),
    ]

    package var conflicts: [(key: String, problem: String)] {
        var conflicts: [(key: String, problem: String)] = []
        if !(maximumLength > minimumLength) {
            conflicts.append(("maximum_length", "is \(maximumLength.shown); it must be above minimum_length"))
        }
        if !(maximumVolumePerAtom > minimumVolumePerAtom) {
            conflicts.append(
                (
                    "maximum_volume_per_atom",
                    "is \(maximumVolumePerAtom.shown); it must be above minimum_volume_per_atom"
                ))
        }
        return conflicts
    }

    /// Keys that are not there take their default.
    package init(from decoder: any Decoder) throws { try self.init(keysOf: decoder) }
    package func encode(to encoder: any Encoder) throws { try encodeKeys(to: encoder) }
}
