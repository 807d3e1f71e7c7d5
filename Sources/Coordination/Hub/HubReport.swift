package import Trajectories

/// The state of the hub at a moment.
package struct HubReport: Sendable, Hashable {
    /// Whether the peers that are there can finish the version: somebody scores, and somebody samples what is not
    /// sampled.
    package var canBeFinished: Bool { rewardWorkers > 0 && (actors > 0 || unitsWaiting + unitsLeased == 0) }

    /// The newest version, which is sampled.
    package var version: PolicyVersion
    package var actors: Int
    package var rewardWorkers: Int
    /// Units of the version by state.
    package var unitsWaiting = 0
    package var unitsLeased = 0
    package var unitsDone = 0
    /// Reward tasks by state.
    package var tasksWaiting: Int
    package var tasksLeased: Int
    /// Crystals of the version that have an outcome, of all.
    package var crystalsDone = 0
    package var crystalsPerBatch: Int
    /// The longest turn of the hub's loop since the last report: its lag.
    var longestTurnSeconds: Double
    package var counters: HubCounters
    /// Actors that hold the weights of the version.
    var readyActors = 0
    /// Crystals sampled that are with no reward worker.
    package var crystalsWaiting = 0
    /// The engine that reward workers must bring; nil: every one has it.
    package var broughtEngine: String?
    /// What the actor holds that has held a unit longest; nil if none holds one.
    var oldestUnit: HeldWork?
    /// What the reward worker holds that has held a task longest.
    package var oldestTask: HeldWork?
}
