package import Configuration
package import Trajectories

/// How crystals are judged.
package struct RewardConfiguration: ConfigurationSection, Hashable, Codable {
    package var shape = RewardShape.default
    /// What invalid crystals get; nil for the shape's floor.
    package var invalidReward: Double?
    package var limits = ValidityLimits()

    package init() {}

    package static let keys: [ConfigurationKey<RewardConfiguration>] = [
        .init(section: "shape", \.shape),
        .init(
            "invalid_reward", optional: \.invalidReward,
            absent: "the least that the shape gives: 0 of `exponential`, the lower bound of `linear`",
            "what invalid crystals get"),
        .init(section: "limits", \.limits),
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

    /// The reward of an invalid crystal.
    package var floor: Double { invalidReward ?? shape.floor }

    /// The reward that training sees: the shape's for a measured crystal, the floor for an invalid one, nil for one
    /// that could not be evaluated.
    package func reward(of outcome: Outcome) -> Double? {
        switch outcome {
        case .measured(let measurement):
            measurement[.energyAboveHull].map { shape.reward(energyAboveHull: $0) }
        case .invalid: floor
        case .failed: nil
        }
    }
}
