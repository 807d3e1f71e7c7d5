package import Configuration
package import Trajectories

/// How crystals are judged.
package struct RewardConfiguration: ConfigurationSection, Hashable, Codable {
    package var shape = RewardShape.default
    /// What invalid crystals get; nil for the shape's floor.
    package var invalidReward: Double?
    package var limits = ValidityLimits()
    package var relax = RelaxationRule()
    /// The share of the crystals whose uncertainty is measured, for the log; with a bound on it, all are.
    package var uncertaintyShare = 0.1

    package init() {}

    package static let keys: [ConfigurationKey<RewardConfiguration>] = [
        .init(section: "shape", \.shape),
        .init(
            "invalid_reward", optional: \.invalidReward,
            absent: "the least that the shape gives: 0 of `exponential`, the lower bound of `linear`",
            "what invalid crystals get"),
        .init(section: "limits", \.limits),
        .init(section: "relax", \.relax),
        .init(
            "uncertainty_share", \.uncertaintyShare, takes: .range(0...1),
            "the share of the crystals on which the spread of CHGNet's three versions is measured, for the log; all "
                + "with limits.maximum_uncertainty"),
    ]

    package var conflicts: [(key: String, problem: String)] {
        guard let invalidReward, invalidReward.isFinite, invalidReward > shape.floor else { return [] }
        return [
            (
                "invalid_reward",
                "is \(invalidReward.shown); it must be at most \(shape.floor.shown), the least that the shape gives"
            )
        ]
    }

    /// Keys that are not there take their default.
    package init(from decoder: any Decoder) throws { try self.init(keysOf: decoder) }
    package func encode(to encoder: any Encoder) throws { try encodeKeys(to: encoder) }

    /// The share of the crystals whose uncertainty has to be measured.
    package var measuredUncertaintyShare: Double { limits.maximumUncertainty == nil ? uncertaintyShare : 1 }

    /// The reward of an invalid crystal.
    package var floor: Double { invalidReward ?? shape.floor }

    /// Whether potentials are farther apart on a crystal than allowed: its energy is not to be believed.
    package func isTooUncertain(_ measurement: Measurement) -> Bool {
        guard let limit = limits.maximumUncertainty, let uncertainty = measurement[.uncertainty] else { return false }
        return uncertainty > limit
    }

    /// The reward that training sees: the shape's for a measured crystal, the floor for an invalid or too uncertain
    /// one, nil for one that could not be evaluated.
    package func reward(of outcome: Outcome) -> Double? {
        switch outcome {
        case .measured(let measurement):
            isTooUncertain(measurement)
                ? floor : measurement[.energyAboveHull].map { shape.reward(energyAboveHull: $0) }
        case .invalid: floor
        case .failed: nil
        }
    }
}
