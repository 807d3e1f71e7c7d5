package import Trajectories

/// What the hub counted since it started; every crystal and every refused message is in one of these.
package struct HubCounters: Sendable, Hashable {
    /// Units handed to actors, the re-granted ones included.
    package var unitsGranted = 0
    /// Units handed out again after their actor was lost, left, or took too long.
    package var unitsRegranted = 0
    /// Units that came in a second time.
    package var duplicateUnits = 0
    /// Units of another version, run or policy than the current, or that their sender never held.
    package var foreignUnits = 0
    /// Units that no honest actor can have sampled.
    package var unusableUnits = 0
    package var tasksLeased = 0
    /// Tasks queued again after their worker was lost, left, or took too long.
    package var tasksRequeued = 0
    /// Tasks that were given to an idle worker as well, because another had had them for far longer than usual.
    package var tasksSpeculated = 0
    /// Outcomes of crystals that had one, or that nobody asked for.
    package var duplicateOutcomes = 0
    /// Outcomes of crystals that their sender never held.
    package var foreignOutcomes = 0
    /// Outcomes that no honest worker can have found.
    package var unusableOutcomes = 0
    /// Crystals that a second worker measured, and those of them about which the two disagree.
    package var audited = 0
    package var disputed = 0
    /// Processes that were turned away.
    package var refusedPeers = 0
    /// Messages that did not fit into the queue towards a slow peer; sent, or their work offered, again.
    package var congestedMessages = 0
    /// Bytes of weights and files that peers and relays pulled.
    package var blobBytes = 0
    /// Crystals of all units that were granted for the first time.
    package var crystalsGranted = 0
    /// Crystals that batches took.
    package var crystalsTaken = 0
    /// Crystals that no step takes, since they are too old.
    package var staleCrystals = 0
    /// Crystals of units that nobody sampled while their version was the newest, and that are sampled no more.
    package var abandonedCrystals = 0
    /// Crystals that an earlier life of the learner left with their outcomes.
    package var restoredCrystals = 0
    /// Crystals taken in.
    package var crystalsSampled = 0
    package var crystalsScored = 0
    /// Crystals by why they are invalid.
    package var invalid: [String: Int] = [:]
    /// Crystals by why they could not be evaluated.
    package var failed: [String: Int] = [:]
    /// What judges made of crystals, by judge and outcome, such as "judge.failed.engine_timed_out".
    package var judged: [String: Int] = [:]
    /// Messages dropped, by kind: "malformed", "unknown-session", ...
    package var rejectedMessages: [String: Int] = [:]
    /// Reports that the observer was too slow for.
    package var droppedReports = 0

    package init() {}

    /// Counts a crystal's outcome.
    package mutating func count(_ outcome: Outcome) {
        switch outcome {
        case .measured: crystalsScored += 1
        case .invalid(let reason): invalid[reason.rawValue, default: 0] += 1
        case .failed(let failure): failed[failure.reason, default: 0] += 1
        }
    }

    /// Counts what a judge made of a crystal; returns how often that came of it.
    mutating func countJudged(_ outcome: Outcome, by judge: String) -> Int {
        judged["\(judge).\(outcome.label)", default: 0] += 1
        return judged["\(judge).\(outcome.label)"] ?? 0
    }

    /// Crystals that have an outcome.
    package var crystalsFinished: Int {
        crystalsScored + invalid.values.reduce(0, +) + failed.values.reduce(0, +)
    }
}
