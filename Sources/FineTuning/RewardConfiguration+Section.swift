package import Configuration
package import Rewards

extension RewardConfiguration: ConfigurationSection {
    package static var fields: [String: (any ConfigurationSection.Type)?] {
        var fields = plain(CodingKeys.allCases.map(\.rawValue))
        fields["shape"] = .some(RewardShape.self)
        fields["limits"] = .some(ValidityLimits.self)
        return fields
    }

    package var problems: [String] { problems() }
}

extension RewardShape: ConfigurationSection {
    package static var fields: [String: (any ConfigurationSection.Type)?] { plain(CodingKeys.allCases.map(\.rawValue)) }

    package var problems: [String] { problems(path: "reward.shape") }
}

extension ValidityLimits: ConfigurationSection {
    package static var fields: [String: (any ConfigurationSection.Type)?] { plain(CodingKeys.allCases.map(\.rawValue)) }

    package var problems: [String] { problems(path: "reward.limits") }
}
