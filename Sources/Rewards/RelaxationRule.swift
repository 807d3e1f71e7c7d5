package import Configuration
internal import Potentials

/// Whether crystals are relaxed before they are judged, and how far. Their space groups are kept.
package struct RelaxationRule: Sendable, Hashable {
    package enum Until: String, CaseIterable, ConfigurationValue {
        /// They are judged as sampled, as in arXiv 2504.02367.
        case none
        /// They are judged after so many steps, converged or not.
        case steps
        /// They are judged once force and stress are small; where that takes too many steps, as far as they came.
        case converged
    }

    package var until = Until.none
    package var maximumSteps = 300
    /// The largest force on an atom that counts as none, eV/Å.
    package var force = 0.05
    /// The largest component of the stress that counts as none, GPa.
    package var stress = 0.1

    package init() {}

    /// What a relaxer is told; nil: crystals are not relaxed.
    var settings: RelaxationSettings? {
        guard until != .none else { return nil }
        var settings = RelaxationSettings()
        settings.criterion = .forceAndStress(force: force, stress: stress)
        settings.maximumSteps = maximumSteps
        return settings
    }
}

extension RelaxationRule {
    /// Why no crystal can be relaxed by it; nil if they can, or are not to be.
    package var problem: String? { settings?.problem }
}

extension RelaxationRule: ConfigurationSection {
    package static let shorthand: String? = "until"

    private static let isOn = KeyCondition<RelaxationRule>("reward.relax.until is not none") { $0.until != .none }

    /// A number of steps alone asks for so many.
    package static func shorthand(impliedBy keys: [String]) -> String? {
        keys.contains("steps") ? Until.steps.rawValue : nil
    }

    package static let keys: [ConfigurationKey<RelaxationRule>] = [
        .init(
            "until", \.until,
            "how far crystals are relaxed before they are judged: `none`, `steps` (so many) or `converged`; "
                + "`relax: converged` and `relax: {steps: 20}` are short for it"),
        .init("steps", \.maximumSteps, takes: .range(1...100_000), unit: "steps", "the most steps", where: isOn),
        .init(
            "force", \.force, takes: .above(0), unit: "eV/Å", "the largest force that counts as none", where: isOn),
        .init(
            "stress", \.stress, takes: .above(0), unit: "GPa", "the largest stress that counts as none", where: isOn),
    ]
}

extension RelaxationRule: Codable {
    package init(from decoder: any Decoder) throws { try self.init(keysOf: decoder) }
    package func encode(to encoder: any Encoder) throws { try encodeKeys(to: encoder) }
}
