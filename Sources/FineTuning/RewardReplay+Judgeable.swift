internal import Archive
internal import Configuration
internal import Engines
internal import Rewards

extension RewardReplay {
    /// What a run's archive cannot be judged by: keys that say what is measured, given otherwise than the run has them.
    ///
    /// - Parameters:
    ///   - given: the configuration to judge by.
    ///   - isGiven: whether somebody wrote a key, rather than took its default.
    /// - Returns: one line; nil if nothing stands against it.
    package static func problem(
        of given: RunConfiguration, for inputs: RunInputs, isGiven: (String) -> Bool
    ) throws -> String? {
        let stored = inputs.configuration
        var given = given
        if PotentialName(given.potential) != PotentialName(stored.potential), isGiven("potential"),
            let digest = inputs.directory.manifest.potentialDigest,
            try MeasuringStandard.digest(ofPotential: given.potential) == digest
        {
            given.potential = stored.potential
        }
        let advice = "leave it out, or judge structures by it (druse reward --config FILE STRUCTURES)"
        let uncertainty = "reward.limits.maximum_uncertainty"
        for difference in ConfigurationDifference.between(given: given, stored: stored) where isGiven(difference.key) {
            let key = difference.key
            if key == uncertainty {
                // Judged anew, where it was measured.
                guard let limit = given.reward.limits.maximumUncertainty,
                    stored.reward.measuredUncertaintyShare < 1
                else { continue }
                return "\(key) is \(limit): the run measured the uncertainty of the share "
                    + "\(stored.reward.measuredUncertaintyShare) of its crystals, and the others cannot be judged by "
                    + "it; \(advice)"
            }
            let isMeasured =
                ["potential", "hull", "reward.uncertainty_share"].contains(key)
                || ["reward.limits.", "reward.relax."].contains(where: key.hasPrefix)
            guard isMeasured else { continue }
            return "\(difference): it says what is measured, and nothing is measured again; \(advice)"
        }
        return nil
    }
}
