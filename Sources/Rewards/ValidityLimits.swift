package import Configuration

/// The bounds outside of which a sample is not a crystal. Loose on purpose: the energy judges the rest.
package struct ValidityLimits: ConfigurationSection, Hashable, Codable {
    /// The least distance between two atoms, images included, Å.
    package var minimumDistance = 0.5
    /// The least distance between two atoms, as a share of the sum of their covalent radii; 0: no such limit.
    ///
    /// Potentials are soft at distances that no training crystal has: two Fe atoms 0.6 Å apart look bound to CHGNet.
    package var minimumDistanceShare = 0.5
    /// The largest distance from an atom to its nearest neighbour, images included, Å; 0: no such limit.
    var maximumNearestDistance = 6.0
    /// Bounds on a, b and c of the conventional cell, Å.
    package var minimumLength = 1.5
    package var maximumLength = 100.0
    /// Bounds on the angles of the conventional cell, degrees.
    package var minimumAngle = 20.0
    package var maximumAngle = 160.0
    /// Bounds on the volume per atom, Å³.
    package var minimumVolumePerAtom = 2.0
    package var maximumVolumePerAtom = 1000.0
    /// The largest share of the cell that spheres of the atoms' covalent radii would fill, 1.1 in the densest of the
    /// known crystals below bismuth, 1.5 in uranium; 0: no such limit.
    package var maximumPacking = 2.0
    /// The most atoms in the conventional cell.
    package var maximumAtoms = 200
    /// The largest spread of potentials on a crystal, eV/atom; nil: no limit.
    package var maximumUncertainty: Double?

    package init() {}

    /// Lifts the limits that follow from the sizes of atoms.
    package mutating func removeAtomicLimits() {
        minimumDistanceShare = 0
        maximumNearestDistance = 0
        maximumPacking = 0
    }

    /// Goes without the limits that follow from the sizes of atoms where a run does and nobody asked for them.
    package mutating func adoptAtomicLimits(of run: ValidityLimits) {
        var (without, defaults) = (run, run)
        without.removeAtomicLimits()
        let shipped = ValidityLimits()
        defaults.minimumDistanceShare = shipped.minimumDistanceShare
        defaults.maximumNearestDistance = shipped.maximumNearestDistance
        defaults.maximumPacking = shipped.maximumPacking
        if run == without, self == defaults { removeAtomicLimits() }
    }

    package static let keys: [ConfigurationKey<ValidityLimits>] = [
        .init(
            "minimum_distance", \.minimumDistance, takes: .range(0...5), unit: "Å",
            "the least distance between two atoms, images included"),
        .init(
            "minimum_distance_share", \.minimumDistanceShare, takes: .range(0...1),
            "the least distance between two atoms, as a share of the sum of their covalent radii; 0: no such limit"),
        .init(
            "maximum_nearest_distance", \.maximumNearestDistance, takes: .range(0...100), unit: "Å",
            "the largest distance from an atom to its nearest neighbour; 0: no such limit"),
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
            "maximum_packing", \.maximumPacking, takes: .range(0...1000),
            "the largest share of the cell that spheres of the covalent radii would fill; 0: no such limit"),
        .init(
            "maximum_atoms", \.maximumAtoms, takes: .range(1...10_000), unit: "atoms",
            "the most atoms in the conventional cell"),
        .init(
            "maximum_uncertainty", optional: \.maximumUncertainty, takes: .above(0), absent: "no limit",
            unit: "eV/atom",
            "the largest spread of CHGNet's three versions on a crystal; beyond it the crystal gets what "
                + "`guards.uncertain` says, and without guards what an invalid one gets"),
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
