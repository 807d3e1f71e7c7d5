package import Trajectories

/// How crystals are judged.
package struct RewardConfiguration: Sendable, Hashable, Codable {
    package var shape = RewardShape.default
    /// What invalid crystals get; nil for the shape's floor.
    package var invalidReward: Double?
    package var limits = ValidityLimits()

    package init() {}

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case shape
        case invalidReward = "invalid_reward"
        case limits
    }

    /// Keys that are not there take their default.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        shape = try container.decodeIfPresent(RewardShape.self, forKey: .shape) ?? shape
        invalidReward = try container.decodeIfPresent(Double.self, forKey: .invalidReward)
        limits = try container.decodeIfPresent(ValidityLimits.self, forKey: .limits) ?? limits
    }

    /// The reward of an invalid crystal.
    package var floor: Double { invalidReward ?? shape.floor }

    /// The reward that training sees: the shape's for a measured crystal, the floor for an invalid one, nil for one that
    /// could not be evaluated.
    package func reward(of outcome: Outcome) -> Double? {
        switch outcome {
        case .measured(let measurement):
            measurement[.energyAboveHull].map { shape.reward(energyAboveHull: $0) }
        case .invalid: floor
        case .failed: nil
        }
    }

    /// What is wrong with the configuration, one sentence each, all of it; empty if nothing.
    ///
    /// - Parameter path: where it stands in the file, for the messages.
    package func problems(path: String = "reward") -> [String] {
        var problems = shape.problems(path: "\(path).shape")
        if let invalidReward, !(invalidReward.isFinite && invalidReward <= shape.floor) {
            problems.append(
                "\(path).invalid_reward must be a number of at most \(shape.floor), the least that the shape gives, "
                    + "not \(invalidReward)")
        }
        return problems + limits.problems(path: "\(path).limits")
    }
}
