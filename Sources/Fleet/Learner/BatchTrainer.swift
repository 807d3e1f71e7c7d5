package import Trajectories

/// Trains the policy on complete batches; what the learner runs, on the thread that called `LearnerRole.run`.
///
/// The order for each version is `train`, `checkpoint`, and only then are the new weights announced: a learner killed
/// at any time resumes from its last checkpoint with nothing given out that it does not remember.
package protocol BatchTrainer {
    /// Where to begin: fresh, or resumed from a checkpoint.
    func start() throws -> TrainingStart

    /// One step of training on the batch of the current version.
    func train(_ batch: ScoredBatch) throws -> TrainedVersion

    /// Saves all state after a step, atomically.
    func checkpoint() throws
}

/// The state a run starts or resumes from.
package struct TrainingStart: Sendable {
    /// 0 for a fresh run, else the number of steps done.
    package var version: Int
    package var policy: Blob
    /// The frozen reference of the KL term.
    package var reference: Blob
    /// Outcomes of this version that need not be measured again.
    package var known: [CrystalID: KnownOutcome] = [:]

    package init(version: Int, policy: Blob, reference: Blob) {
        self.version = version
        self.policy = policy
        self.reference = reference
    }
}

/// The policy after a step.
package struct TrainedVersion: Sendable {
    /// One more than the batch's version.
    package var version: Int
    package var policy: Blob
    /// Whatever the trainer measured, by name, for the observer.
    package var statistics: [String: Double]
    /// The crystals that gave numbers that are not finite, so that no step was made.
    package var notFinite: [CrystalID] = []
    /// The peers, by name, whose claimed log-probabilities are not the policy's: they sample from something else.
    package var distrusted: [String] = []
    /// Lines for the log.
    package var notes: [String] = []

    package init(version: Int, policy: Blob, statistics: [String: Double]) {
        self.version = version
        self.policy = policy
        self.statistics = statistics
    }
}
