/// All crystals of a version with their outcomes, in the order of their ids: the same whatever order they arrived in.
package struct ScoredBatch: Sendable {
    package var version: Int
    package var crystals: [ScoredCrystal]
    /// From the first grant to the last outcome.
    package var seconds: Double
    /// What it took.
    package var report: BatchReport

    package init(
        version: Int, crystals: [ScoredCrystal], seconds: Double, report: BatchReport = BatchReport()
    ) {
        self.version = version
        self.crystals = crystals
        self.seconds = seconds
        self.report = report
    }
}

/// A sampled crystal and what came of scoring it.
package struct ScoredCrystal: Sendable, Hashable {
    package var sampled: SampledCrystal
    package var outcome: Outcome
    /// How long scoring took; says nothing about the result.
    package var scoringSeconds: Double
    /// Who sampled and who scored it, as "host:process", for the archive; training must not look at it.
    package var sampledBy: String
    package var scoredBy: String

    package init(
        sampled: SampledCrystal, outcome: Outcome, scoringSeconds: Double, sampledBy: String, scoredBy: String
    ) {
        self.sampled = sampled
        self.outcome = outcome
        self.scoringSeconds = scoringSeconds
        self.sampledBy = sampledBy
        self.scoredBy = scoredBy
    }
}
