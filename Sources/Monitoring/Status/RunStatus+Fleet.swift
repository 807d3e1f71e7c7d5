package import Foundation

// Who takes part.
extension RunStatus {
    /// What the learner does.
    package enum LearnerActivity: String, Codable, Sendable, Hashable, CaseIterable {
        /// For the batch of the step in hand.
        case waiting
        /// Writes the batch into the archive.
        case storing
        case training
        /// Writes the records of the step, and its checkpoint.
        case saving
        /// The disk is full: it waits until what it stores or saves has room. The time is that of saving.
        case waitingForRoom = "waiting_for_room"
    }

    /// What a peer does.
    package enum PeerActivity: String, Codable, Sendable, Hashable, CaseIterable {
        /// It makes itself ready: an actor pulls weights, a reward worker its models.
        case loading
        /// It samples or measures: it holds work.
        case working
        /// It is ready and holds nothing.
        case idle
        /// It takes nothing more, since it leaves.
        case leaving
        /// It has not been heard of for several heartbeats.
        case silent
    }

    /// A process that is logged in.
    package struct Peer: Codable, Sendable, Hashable {
        /// "host:process".
        package var name: String
        /// "actor", "reward-worker" or "evaluation".
        package var role: String
        package var host: String
        package var process: Int
        package var build: String?
        package var threads: Int
        /// When it logged in last.
        package var since: Date
        package var activity: PeerActivity
        /// For how long it has done that, seconds.
        package var activitySeconds: Double
        /// What it waits for, in words; nil while it works.
        package var waitsFor: String?
        /// How long it has been silent, seconds.
        package var silentSeconds: Double
        /// Units or tasks that it holds, and how many it takes at a time.
        package var held = 0
        package var window = 0
        /// The crystals of those, and for how long it has held the oldest, seconds; nil if it holds none.
        package var heldCrystals = 0
        package var heldSeconds: Double?
        /// Crystals that were taken from it since it logged in.
        package var crystals = 0
        /// Crystals a second.
        package var rates = Rate()
        /// The share of its threads' time that was not spent on crystals, as it reported last, 0...1.
        package var idleShare: Double?
        /// The version of the weights that an actor holds; nil for others, and while it holds none.
        package var version: Int?
        /// How many versions older than the newest that is.
        package var staleness: Int?
        package var residentBytes: Int?
        /// The engine that a reward worker brought; nil: the program's own.
        package var engine: String?
        /// Logins since its process started: 1 if it was never cut off.
        package var logins: Int?
        /// Where it serves its own metrics, "HOST:PORT"; nil if nowhere.
        package var metrics: String?

        package init(
            name: String, role: String, host: String, process: Int, threads: Int, since: Date, activity: PeerActivity,
            activitySeconds: Double = 0, silentSeconds: Double = 0
        ) {
            self.name = name
            self.role = role
            self.host = host
            self.process = process
            self.threads = threads
            self.since = since
            self.activity = activity
            self.activitySeconds = activitySeconds
            self.silentSeconds = silentSeconds
        }

        enum CodingKeys: String, CodingKey {
            case name, role, host, process, build, threads, since, activity, held, window, crystals, rates, version
            case staleness, engine, logins, metrics
            case activitySeconds = "activity_seconds"
            case waitsFor = "waits_for"
            case silentSeconds = "silent_seconds"
            case heldCrystals = "held_crystals"
            case heldSeconds = "held_seconds"
            case idleShare = "idle_share"
            case residentBytes = "resident_bytes"
        }
    }

    /// How many peers a run could use.
    package struct Wanted: Codable, Sendable, Hashable {
        package var actors: Int
        package var rewardWorkers: Int

        package init(actors: Int, rewardWorkers: Int) {
            self.actors = actors
            self.rewardWorkers = rewardWorkers
        }

        enum CodingKeys: String, CodingKey {
            case actors
            case rewardWorkers = "reward_workers"
        }
    }

    /// The peers of a role that are logged in.
    package func count(of role: String) -> Int { peers[role] ?? 0 }
}
