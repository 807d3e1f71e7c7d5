package import Trajectories

/// What came of judging a batch.
package struct Judgement: Sendable {
    /// As many as crystals, in their order.
    package var verdicts: [Verdict]
    /// What they come to.
    package var tally = VerdictTally([])
    /// Of the run's front; nil without one.
    package var hypervolume: Double?
    /// Lines for the log.
    package var notes: [String] = []

    init(_ verdicts: [Verdict]) { self.verdicts = verdicts }
}
