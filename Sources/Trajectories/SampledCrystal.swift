package import Crystals

/// A crystal as an actor sampled it, with its probabilities.
///
/// Coordinates and lattice are carried as doubles, unrounded, so that the learner's re-evaluation is exact.
package struct SampledCrystal: Sendable, Hashable {
    package var id: CrystalID
    package var crystal: Crystal
    /// Whether the policy ended the crystal itself, rather than running out of sites.
    package var isTerminated: Bool
    /// Under the policy that sampled it.
    package var logProbability: LogProbabilities
    /// Under the frozen reference policy.
    package var referenceLogProbability: LogProbabilities

    package init(
        id: CrystalID, crystal: Crystal, isTerminated: Bool, logProbability: LogProbabilities,
        referenceLogProbability: LogProbabilities
    ) {
        self.id = id
        self.crystal = crystal
        self.isTerminated = isTerminated
        self.logProbability = logProbability
        self.referenceLogProbability = referenceLogProbability
    }
}
