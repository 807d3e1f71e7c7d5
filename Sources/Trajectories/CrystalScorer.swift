/// Scores crystals; what a reward worker runs. One for each thread, used on that thread alone.
package protocol CrystalScorer {
    /// One result for each crystal, in order. Whatever goes wrong with a crystal is an outcome.
    ///
    /// Without crystals it makes sure that scoring is possible.
    ///
    /// - Throws: if this process cannot score at all; no crystal is at fault.
    func score(_ crystals: [SampledCrystal]) throws -> [ScoringResult]
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
