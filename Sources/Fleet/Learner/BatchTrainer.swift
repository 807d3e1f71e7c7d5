package import Trajectories

/// Trains the policy on complete batches; what the learner runs, on the thread that called `LearnerRole.run`.
///
/// The order for each step is `train`, `checkpoint`, and only then are the new weights announced: a learner killed at
/// any time resumes from its last checkpoint with nothing given out that it does not remember.
package protocol BatchTrainer {
    /// Where to begin: fresh, or resumed from a checkpoint.
    func start() throws -> TrainingStart

    /// Makes the step of a batch.
    func train(_ batch: ScoredBatch) throws -> TrainedVersion

    /// Saves all state after a step, what the batch says of its gathering included, atomically.
    func checkpoint() throws
}

/// The state a run starts or resumes from.
package struct TrainingStart: Sendable {
    /// 0 for a fresh run, else what the last step made.
    package var version: PolicyVersion
    package var policy: Blob
    /// The frozen reference of the KL term.
    package var reference: Blob
    /// Outcomes of this version that need not be measured again.
    package var known: [CrystalID: KnownOutcome] = [:]
    /// Crystals with their outcomes that no step has taken yet, in the order in which they got them.
    package var restored: [ScoredCrystal] = []
    /// What the checkpoint holds for the next step; nil for a fresh run, and from checkpoints of builds that did not
    /// keep it.
    package var gathering: GatheringState?

    package init(version: PolicyVersion, policy: Blob, reference: Blob) {
        self.version = version
        self.policy = policy
        self.reference = reference
    }
}

/// The policy after a step.
package struct TrainedVersion: Sendable {
    /// What the batch's step makes (``Step/madeVersion``).
    package var version: PolicyVersion
    package var policy: Blob
    /// The crystals of the batch that the weights were trained on; none where they stayed as they were.
    package var trainedOn: [CrystalID] = []
    /// What each crystal of the batch is worth, in their order; empty where the trainer does not tell.
    package var verdicts: [Verdict] = []
    /// Whatever the trainer measured, by name, for the observer.
    package var statistics: [String: Double]
    /// The crystals that gave numbers that are not finite, so that the step left the weights as they were.
    package var notFinite: [CrystalID] = []
    /// The peers, by name, whose claimed log-probabilities are not the policy's: they sample from something else.
    package var distrusted: [String] = []
    /// Lines for the log.
    package var notes: [String] = []

    package init(version: PolicyVersion, policy: Blob, statistics: [String: Double]) {
        self.version = version
        self.policy = policy
        self.statistics = statistics
    }
}
