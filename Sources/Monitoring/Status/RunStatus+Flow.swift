package import Base

// How crystals and time flow.
extension RunStatus {
    /// A number a second over the last 10, 60 and 300 seconds, or as far back as there is anything.
    package struct Rate: Codable, Sendable, Hashable {
        package var last10 = 0.0
        package var last60 = 0.0
        package var last300 = 0.0

        package init(last10: Double = 0, last60: Double = 0, last300: Double = 0) {
            self.last10 = last10
            self.last60 = last60
            self.last300 = last300
        }

        enum CodingKeys: String, CodingKey {
            case last10 = "10s"
            case last60 = "60s"
            case last300 = "300s"
        }
    }

    /// Crystals a second, by what is done with them.
    package struct Rates: Codable, Sendable, Hashable {
        package var sampled = Rate()
        package var measured = Rate()
        /// Taken by steps that were made.
        package var trained = Rate()

        package init() {}
    }

    /// What waits, or is with somebody.
    package struct Queue: Codable, Sendable, Hashable {
        /// "units_waiting", "units_leased", "tasks_waiting", "tasks_leased", "crystals_scored", "tasks_waiting.JUDGE".
        package var name: String
        package var length: Int
        /// For how long the oldest has been there, seconds; nil in an empty one, and where nobody notes it.
        package var oldestSeconds: Double?

        package init(name: String, length: Int, oldestSeconds: Double? = nil) {
            self.name = name
            self.length = length
            self.oldestSeconds = oldestSeconds
        }

        enum CodingKeys: String, CodingKey {
            case name, length
            case oldestSeconds = "oldest_seconds"
        }
    }

    /// The queue of a name; nil if there is none.
    package func queue(_ name: String) -> Queue? { queues.first { $0.name == name } }

    /// The books of crystals: `granted + restored = trained + dropped + in flight + missing`.
    package struct Ledger: Codable, Sendable, Hashable {
        /// Crystals of units that actors were granted, each once.
        package var granted = 0
        /// Crystals that an earlier life of the learner left with their outcomes.
        package var restored = 0
        /// Crystals that made steps learn.
        package var trained = 0
        /// Crystals that no step will learn from, by why: "stale", "abandoned", "failed", "left_out", ...
        package var dropped: [String: Int] = [:]
        /// Crystals by where they are: "sampling", "measuring", "scored" (they wait for a batch), "training".
        package var inFlight: [String: Int] = [:]
        /// Crystals that are nowhere: 0, unless something is wrong with the program.
        package var missing = 0

        package init() {}

        enum CodingKeys: String, CodingKey {
            case granted, restored, trained, dropped, missing
            case inFlight = "in_flight"
        }
    }

    /// What was done in all.
    package struct Totals: Codable, Sendable, Hashable {
        package var steps = 0
        package var unitsGranted = 0
        package var tasksLeased = 0
        /// Crystals that were taken from actors, that got an outcome, and that steps took.
        package var sampled = 0
        package var measured = 0
        package var taken = 0

        package init() {}

        enum CodingKeys: String, CodingKey {
            case steps, sampled, measured, taken
            case unitsGranted = "units_granted"
            case tasksLeased = "tasks_leased"
        }
    }

    /// The time of all threads of a role, summed.
    package struct ThreadTime: Codable, Sendable, Hashable {
        package var seconds: Double
        /// Of these, what was spent on crystals.
        package var busySeconds: Double

        package init(seconds: Double, busySeconds: Double) {
            self.seconds = seconds
            self.busySeconds = busySeconds
        }

        enum CodingKeys: String, CodingKey {
            case seconds
            case busySeconds = "busy_seconds"
        }
    }

    /// Where the time of the learner goes.
    package struct LearnerTime: Codable, Sendable, Hashable {
        package var waiting = 0.0
        package var storing = 0.0
        package var training = 0.0
        package var saving = 0.0

        package init(waiting: Double = 0, storing: Double = 0, training: Double = 0, saving: Double = 0) {
            self.waiting = waiting
            self.storing = storing
            self.training = training
            self.saving = saving
        }
    }

    /// Where time goes, over the last minutes.
    package struct TimeShares: Codable, Sendable, Hashable {
        /// The shares are of this much time, seconds.
        package var seconds: Double
        /// Shares of the learner's time; they add up to 1.
        package var learner: LearnerTime
        /// The shares of the threads' time of all actors, and reward workers, that were not spent on crystals; nil
        /// where none has reported.
        package var actorsIdle: Double?
        package var rewardWorkersIdle: Double?
        /// The learner's time since it started, seconds.
        package var learnerSeconds: LearnerTime

        package init(seconds: Double, learner: LearnerTime, learnerSeconds: LearnerTime = LearnerTime()) {
            self.seconds = seconds
            self.learner = learner
            self.learnerSeconds = learnerSeconds
        }

        enum CodingKeys: String, CodingKey {
            case seconds, learner
            case actorsIdle = "actors_idle"
            case rewardWorkersIdle = "reward_workers_idle"
            case learnerSeconds = "learner_seconds"
        }
    }

    /// How the hub's thread does.
    package struct HubHealth: Codable, Sendable, Hashable {
        /// The longest turn of its loop in the last seconds: for so long it heard nobody.
        package var lagSeconds: Double
        /// Reports that the observer was too slow for.
        package var droppedReports = 0
        /// Messages that did not fit into the queue towards a slow peer.
        package var congestedMessages = 0
        /// How long its turns took.
        package var turnSeconds: DurationHistogram?

        package init(lagSeconds: Double) { self.lagSeconds = lagSeconds }

        enum CodingKeys: String, CodingKey {
            case lagSeconds = "lag_seconds"
            case turnSeconds = "turn_seconds"
            case droppedReports = "dropped_reports"
            case congestedMessages = "congested_messages"
        }
    }

    /// Crystals that a second worker measured.
    package struct Audit: Codable, Sendable, Hashable {
        package var audited: Int
        /// Those of them about which the two disagree.
        package var disputed: Int

        package init(audited: Int, disputed: Int) {
            self.audited = audited
            self.disputed = disputed
        }
    }
}
