package import Base
package import Trajectories

/// Who takes part in a run at a moment and what everybody does, with the hub's own state: for metrics and pages.
package struct FleetState: Sendable, Hashable {
    /// What a peer does.
    package enum Activity: Sendable, Hashable {
        /// It pulls weights, or makes its models ready.
        case loading
        /// It holds work.
        case working
        case idle
        /// It takes nothing more.
        case leaving
        /// It has missed its heartbeats.
        case silent
    }

    /// A peer that is logged in.
    package struct Member: Sendable, Hashable {
        package var session: SessionID
        package var description: PeerDescription
        package var activity = Activity.idle
        package var activitySeconds = 0.0
        /// What it waits for, in words; nil while it works.
        package var waitsFor: String?
        package var loginSeconds = 0.0
        package var silentSeconds = 0.0
        /// Units or tasks that it holds, and how many it takes.
        package var held = 0
        package var window = 0
        /// The crystals of what it holds, and for how long it has held the oldest; nil if nothing.
        package var heldCrystals = 0
        package var heldSeconds: Double?
        /// Crystals that were taken from it since its login.
        package var delivered = 0
        /// The version of the weights that an actor holds; nil for others, and while it is not known.
        package var version: PolicyVersion?
        package var report: RoleReport?

        package init(session: SessionID, description: PeerDescription) {
            self.session = session
            self.description = description
        }
    }

    /// Crystals by where they are; what steps took is no longer here.
    package struct InFlight: Sendable, Hashable {
        /// With an actor, or given back by one.
        package var sampling = 0
        /// Sampled, without an outcome.
        package var measuring = 0
        /// With an outcome, not in a batch.
        package var scored = 0

        package init(sampling: Int = 0, measuring: Int = 0, scored: Int = 0) {
            self.sampling = sampling
            self.measuring = measuring
            self.scored = scored
        }
    }

    /// When this was true.
    package var moment: Moment
    package var members: [Member] = []
    package var report: HubReport
    package var inFlight = InFlight()
    /// Batches that were complete, with ``HubCounters/crystalsTaken``.
    package var batches = 0
    /// For how long the oldest unit has waited, and the oldest task of each recipe; nil if none waits.
    package var unitWaitSeconds: Double?
    package var taskWaitSeconds: [Double?] = []
    /// Waiting tasks of each recipe.
    package var tasksWaiting: [Int] = []
    package var roleTimes: [PeerRole: RoleTime] = [:]
    /// How long the turns of the hub's loop took.
    package var lag = LoopLag()

    package init(moment: Moment, report: HubReport) {
        self.moment = moment
        self.report = report
    }
}
