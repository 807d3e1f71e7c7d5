package import Crystals

/// An outcome that a learner remembers from its life before: the crystal is not measured again.
package struct KnownOutcome: Sendable, Hashable {
    /// What was measured: the outcome holds for this very crystal.
    package var crystal: Crystal
    package var result: MeasuringResult
    /// Who scored it, as "host:process".
    package var scoredBy: String

    package init(crystal: Crystal, result: MeasuringResult, scoredBy: String) {
        self.crystal = crystal
        self.result = result
        self.scoredBy = scoredBy
    }
}
