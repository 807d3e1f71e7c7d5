package import Trajectories

/// The state of the hub at a moment.
package struct HubReport: Sendable, Hashable {
    /// Whether the peers that are there can finish the version: somebody measures by every recipe, and somebody samples
    /// what is not sampled.
    package var canBeFinished: Bool {
        rewardWorkers > 0 && recipes.dropFirst().allSatisfy { $0.workers > 0 }
            && (actors > 0 || unitsWaiting + unitsLeased == 0)
    }

    /// How a recipe stands.
    package struct RecipeState: Sendable, Hashable {
        /// The judge's; empty for the recipe that decides.
        package var name = ""
        /// The engine that reward workers must bring; nil: every one has it.
        package var broughtEngine: String?
        /// Crystals to measure that are with no reward worker.
        package var crystalsWaiting = 0
        /// Reward workers that measure by it.
        package var workers = 0

        package init(name: String = "", broughtEngine: String? = nil, crystalsWaiting: Int = 0, workers: Int = 0) {
            self.name = name
            self.broughtEngine = broughtEngine
            self.crystalsWaiting = crystalsWaiting
            self.workers = workers
        }
    }

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
    /// Crystals that have an outcome and wait for the batch.
    package var crystalsDone = 0
    /// Versions whose crystals can still get into a batch.
    package var versionsInFlight = 0
    /// Crystals that are sampled, measured, or waited for.
    package var crystalsUnderWay = 0
    /// Those of them that no actor was granted yet.
    package var crystalsUngranted = 0
    /// Crystals that were granted and are nowhere: 0, unless something is wrong with this program.
    package var missingCrystals = 0
    package var crystalsPerBatch: Int
    package var counters: HubCounters
    /// How many peers the run could use; nil before a step was made.
    package var wanted: FleetSizing.Wanted?
    /// Actors that hold the weights of the version.
    var readyActors = 0
    /// How crystals are measured: first by the recipe that decides, then by judges.
    package var recipes: [RecipeState] = []
    /// What the actor holds that has held a unit longest; nil if none holds one.
    package var oldestUnit: HeldWork?
    /// What the reward worker holds that has held a task longest.
    package var oldestTask: HeldWork?
}
