package import Base

/// The crystals that a step trains on with their outcomes, in the order of their ids: the same whatever order they
/// arrived in.
package struct ScoredBatch: Sendable {
    package var step: Step
    package var crystals: [ScoredCrystal]
    /// From the first grant to the last outcome.
    package var seconds: Double
    /// What it took.
    package var report: BatchReport
    /// The digest of the weights that the step begins with; nil where nobody says.
    package var policy: Digest?
    /// What is held for later steps, for the checkpoint of this one.
    package var gathering: GatheringState?

    package init(
        step: Step, crystals: [ScoredCrystal], seconds: Double, report: BatchReport = BatchReport(),
        gathering: GatheringState? = nil
    ) {
        self.step = step
        self.crystals = crystals
        self.seconds = seconds
        self.report = report
        self.gathering = gathering
    }
}

/// A sampled crystal and what came of scoring it.
package struct ScoredCrystal: Sendable, Hashable {
    /// Its id names the version that sampled it.
    package var sampled: SampledCrystal
    /// The digest of that version's weights, as the unit was granted with.
    package var policy: Digest
    package var outcome: Outcome
    /// How long scoring took; says nothing about the result.
    package var scoringSeconds: Double
    /// Who sampled and who scored it, as "host:process", for the archive; training must not look at it.
    package var sampledBy: String
    package var scoredBy: String

    package init(
        sampled: SampledCrystal, policy: Digest, outcome: Outcome, scoringSeconds: Double, sampledBy: String,
        scoredBy: String
    ) {
        self.sampled = sampled
        self.policy = policy
        self.outcome = outcome
        self.scoringSeconds = scoringSeconds
        self.sampledBy = sampledBy
        self.scoredBy = scoredBy
    }
}
