/// The bounds outside of which a sample is no crystal. Loose on purpose: the energy judges the rest.
package struct ValidityLimits: Sendable, Hashable, Codable {
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

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case minimumDistance = "minimum_distance"
        case minimumLength = "minimum_length"
        case maximumLength = "maximum_length"
        case minimumAngle = "minimum_angle"
        case maximumAngle = "maximum_angle"
        case minimumVolumePerAtom = "minimum_volume_per_atom"
        case maximumVolumePerAtom = "maximum_volume_per_atom"
        case maximumAtoms = "maximum_atoms"
    }

    /// Keys that are not there take their default.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func read(_ key: CodingKeys, _ value: inout Double) throws {
            value = try container.decodeIfPresent(Double.self, forKey: key) ?? value
        }
        try read(.minimumDistance, &minimumDistance)
        try read(.minimumLength, &minimumLength)
        try read(.maximumLength, &maximumLength)
        try read(.minimumAngle, &minimumAngle)
        try read(.maximumAngle, &maximumAngle)
        try read(.minimumVolumePerAtom, &minimumVolumePerAtom)
        try read(.maximumVolumePerAtom, &maximumVolumePerAtom)
        maximumAtoms = try container.decodeIfPresent(Int.self, forKey: .maximumAtoms) ?? maximumAtoms
    }

    /// What is wrong with the limits, one sentence each; empty if nothing.
    ///
    /// - Parameter path: where the limits stand in the configuration, for the messages.
    package func problems(path: String) -> [String] {
        var problems: [String] = []
        func require(_ condition: Bool, _ key: CodingKeys, _ demand: String) {
            if !condition { problems.append("\(path).\(key.rawValue) \(demand)") }
        }
        require(
            minimumDistance >= 0 && minimumDistance <= 5, .minimumDistance, "must be 0 to 5 Å, not \(minimumDistance)")
        require(
            minimumLength > 0 && minimumLength.isFinite, .minimumLength, "must be above 0 Å, not \(minimumLength)")
        require(
            maximumLength > minimumLength && maximumLength <= 1000, .maximumLength,
            "must be above minimum_length and at most 1000 Å, not \(maximumLength)")
        require(minimumAngle > 0 && minimumAngle < 90, .minimumAngle, "must be 0° to 90°, not \(minimumAngle)")
        require(maximumAngle > 120 && maximumAngle < 180, .maximumAngle, "must be 120° to 180°, not \(maximumAngle)")
        require(
            minimumVolumePerAtom > 0 && minimumVolumePerAtom.isFinite, .minimumVolumePerAtom,
            "must be above 0 Å³, not \(minimumVolumePerAtom)")
        require(
            maximumVolumePerAtom > minimumVolumePerAtom && maximumVolumePerAtom.isFinite, .maximumVolumePerAtom,
            "must be above minimum_volume_per_atom, not \(maximumVolumePerAtom)")
        require(
            (1...10_000).contains(maximumAtoms), .maximumAtoms, "must be 1 to 10000, not \(maximumAtoms)")
        return problems
    }
}
