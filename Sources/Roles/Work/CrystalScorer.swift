package import Rewards

/// Scores crystals; what a reward worker runs. One for each thread, used on that thread alone.
package protocol CrystalScorer {
    /// One result a crystal, in order. Whatever goes wrong is an outcome.
    func score(_ crystals: [SampledCrystal]) -> [ScoringResult]
}

/// What came of scoring one crystal, and how long it took.
package struct ScoringResult: Sendable, Hashable {
    package var outcome: RewardOutcome
    package var seconds: Double

    package init(outcome: RewardOutcome, seconds: Double) {
        self.outcome = outcome
        self.seconds = seconds
    }
}
