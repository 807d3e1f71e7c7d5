package import Trajectories

/// How a step gets its batch: which crystals it takes of those that have their outcomes.
///
/// A value that knows crystals by their names alone. It is told when a step begins and which crystals get their
/// outcomes, each once; as soon as the batch is complete it is taken. Every crystal goes to one step, is held for a
/// later one, or is given up because it is too old, and which of these never depends on anything else.
package protocol BatchGathering: Sendable {
    /// Its name in checkpoints, such as `exact_version`.
    static var kind: String { get }

    /// The crystals of a batch.
    var crystals: Int { get }

    /// How many versions older than the one that a step begins with its crystals may be.
    var maximumStaleness: Int { get }

    /// The crystals that have their outcomes and wait for a batch.
    var waitingCount: Int { get }

    /// What is held between two steps; it goes into the checkpoint of the step made last.
    var state: GatheringState { get }

    /// The step in hand, or the one whose batch was taken last.
    var step: Step { get }

    /// Whether the batch of the step in hand was taken.
    var isTaken: Bool { get }

    /// Goes on from what a checkpoint kept, before the step that it names begins.
    mutating func resume(_ state: GatheringState)

    /// Begins a step; returns how many of the crystals held are given up, since they are too old for it and so for all
    /// later ones.
    @discardableResult mutating func begin(_ step: Step) -> Int

    /// Notes that a crystal has its outcome; false if no step will take it.
    mutating func finish(_ crystal: CrystalID) -> Bool

    /// The batch of the step in hand in the order of ids, once it is complete; nil before, and when it was taken.
    mutating func takeBatch() -> [CrystalID]?

    /// Checks in debug builds that nothing is held twice, or too long.
    func checkInvariants()
}

extension BatchGathering {
    /// The oldest version whose crystals the step in hand, or any later one, takes.
    package var oldestVersion: PolicyVersion { PolicyVersion(max(0, step.number - maximumStaleness)) }

    /// How many more crystals may get under way now, sampled by a version.
    ///
    /// Staleness is bounded here, not by throwing crystals away: what is under way is always little enough for a step
    /// to take it before it is too old, if batches take the oldest first. Batches are of one size, so that what they
    /// took is known from the step alone.
    ///
    /// - Parameters:
    ///   - version: The newest.
    ///   - open: The crystals that are under way, or wait for a batch.
    ///   - lastStep: No later step needs any.
    func room(sampling version: PolicyVersion, open: Int, lastStep: Step) -> Int {
        let taken = step.number + (isTaken ? 1 : 0)
        let last = min(version.number + maximumStaleness, lastStep.number)
        return max(0, (last + 1 - taken) * crystals - open)
    }

    /// Why a run cannot go on at a step from what a checkpoint kept; nil if it can.
    package func obstacle(toResuming state: GatheringState, at step: Step) -> String? {
        if state.kind != Self.kind {
            return "the checkpoint is of a run whose batches are gathered by \(state.kind), this one gathers them by "
                + "\(Self.kind): resume with the build and the configuration that made it"
        }
        if state.nextStep != step {
            return "the checkpoint gathers the batch of step \(state.nextStep), but its policy begins step \(step): "
                + "it is damaged; remove it to go on from the one before"
        }
        var resumed = self
        resumed.resume(state)
        if resumed.state != state {
            return "the checkpoint holds \(state.held.count) crystals for later steps, of which \(Self.kind) can use "
                + "\(resumed.state.held.count): it is damaged; remove it to go on from the one before"
        }
        return nil
    }
}
