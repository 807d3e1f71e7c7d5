package import Trajectories

/// What came of judging a batch.
package struct Judgement: Sendable {
    /// As many as crystals, in their order.
    package var verdicts: [Verdict]
    /// How many crystals abstain, by reason.
    package var abstained: [String: Int] = [:]
    /// How many measured crystals a guard gave the floor, by reason.
    package var floored: [String: Int] = [:]
    /// The mean value of each term over the crystals that have it, where there are several terms.
    package var termMeans: [String: Double] = [:]
    /// Of the run's front; nil without one.
    package var hypervolume: Double?
    /// Lines for the log.
    package var notes: [String] = []

    init(_ verdicts: [Verdict]) { self.verdicts = verdicts }
}
