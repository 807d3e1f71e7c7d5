/// Who a peer is.
package struct PeerDescription: Sendable, Hashable, CustomStringConvertible {
    package var role: PeerRole
    package var host: String
    package var process: Int
    package var build: String
    package var threads: Int

    package init(role: PeerRole, host: String, process: Int, build: String, threads: Int) {
        self.role = role
        self.host = host
        self.process = process
        self.build = build
        self.threads = threads
    }

    /// "host:process".
    package var name: String { "\(host):\(process)" }

    package var description: String { "\(role.rawValue) \(name)" }

    /// What to say of a peer of another build than the learner's; nil if it is the same.
    package func difference(fromBuild own: String) -> String? {
        guard build != own else { return nil }
        return "\(self) is of build \(build), the learner of \(own): its results may be other ones; "
            + "install one build everywhere"
    }
}

/// What a peer is there for.
package enum PeerRole: String, Sendable, Hashable, CaseIterable {
    case actor
    case rewardWorker = "reward-worker"
}

/// Why a peer is gone.
package enum PeerDeparture: Sendable, Hashable {
    /// It said goodbye.
    case goodbye(String)
    /// It was silent for too long, or its connection is gone.
    case lost
    /// The same process logged in again.
    case replaced
    /// It was turned away, for this reason.
    case refused(String)
}

/// What a role did since its last report.
package struct RoleReport: Sendable, Hashable {
    /// The time covered.
    package var intervalSeconds: Double
    /// Crystals sampled or scored in it.
    package var crystals: Int
    /// The sum over its threads of the time spent at work.
    package var busySeconds: Double
    /// The process's resident memory.
    package var residentBytes: Int
    /// The newest policy version in use (actors) or seen (workers).
    package var version: Int
    /// Units or tasks held.
    package var inFlight: Int
    /// Logins since the process started: 1 if it was never cut off.
    package var logins: Int
    /// Results sent again since the process started.
    package var resent: Int

    package init(
        intervalSeconds: Double, crystals: Int, busySeconds: Double, residentBytes: Int, version: Int, inFlight: Int,
        logins: Int, resent: Int
    ) {
        self.intervalSeconds = intervalSeconds
        self.crystals = crystals
        self.busySeconds = busySeconds
        self.residentBytes = residentBytes
        self.version = version
        self.inFlight = inFlight
        self.logins = logins
        self.resent = resent
    }
}

/// The state of the hub at a moment.
package struct HubReport: Sendable, Hashable {
    /// Whether the peers that are there can finish the version: somebody scores, and somebody samples what is not
    /// sampled.
    package var canBeFinished: Bool { rewardWorkers > 0 && (actors > 0 || unitsWaiting + unitsLeased == 0) }

    package var version: Int
    package var actors: Int
    package var rewardWorkers: Int
    /// Units of the version by state.
    package var unitsWaiting: Int
    package var unitsLeased: Int
    package var unitsDone: Int
    /// Reward tasks by state.
    package var tasksWaiting: Int
    package var tasksLeased: Int
    /// Crystals of the version that have an outcome, of all.
    package var crystalsDone: Int
    package var crystalsPerBatch: Int
    /// The longest turn of the hub's loop since the last report: its lag.
    package var longestTurnSeconds: Double
    package var counters: HubCounters
    /// Actors that hold the weights of the version.
    package var readyActors = 0
    /// Crystals sampled that are with no reward worker.
    package var crystalsWaiting = 0
    /// What the actor holds that has held a unit longest; nil if none holds one.
    package var oldestUnit: HeldWork?
    /// What the reward worker holds that has held a task longest.
    package var oldestTask: HeldWork?
}
