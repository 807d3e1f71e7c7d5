package import Base
package import Foundation
package import Telemetry

/// What a run is doing at a moment: the one value that metrics, live page and `druse monitor` read.
///
/// The learner fills it about once a second (``StatusBoard``); of a run without a learner some of it is made from the
/// records that it has kept. Counts are since this process of the learner
/// started, where nothing else is said. As JSON (`json()`) its keys are snake_case, times ISO 8601, shares of 1,
/// lengths of time seconds; what is not known is left out.
package struct RunStatus: Codable, Sendable, Equatable {
    /// Where a run stands.
    package enum State: String, Codable, Sendable, Hashable, CaseIterable {
        /// The learner is there, and cannot go on: nobody samples, or nobody measures.
        case waiting
        case running
        /// Asked to stop, it finishes the version in hand.
        case stopping
        /// All versions are made.
        case finished
        /// Ended before the last version; `--resume` goes on.
        case stopped
        /// Ended by an error.
        case failed
        /// Of a directory: nobody holds it, and it does not say how the run ended.
        case unknown
    }

    /// How sampling and training take turns.
    package enum Mode: String, Codable, Sendable, Hashable, CaseIterable {
        case synchronous
        case asynchronous
    }

    /// The name of the run that all its processes agree on (`run_id` of `run.json`).
    package var run: String
    /// The run directory, as a path on the learner's machine.
    package var directory: String
    /// The learner's machine, process and build; nil where no learner runs.
    package var host: String?
    package var process: Int?
    package var build: String?
    /// Where peers connect to.
    package var endpoint: String?

    package var state: State
    /// Why it ended, or what it waits for, such as "32 crystals wait, no reward worker has joined"; nil if for nothing.
    package var reason: String?
    package var mode = Mode.synchronous
    /// How many versions older than its step a crystal may be.
    package var maximumStaleness = 0

    /// The newest policy version that was made; 0: the one at the start.
    package var version = 0
    /// The step in hand, which makes the next version.
    package var step = 0
    /// How many versions the run is asked to make.
    package var versionsAsked = 0
    package var crystalsPerBatch = 0

    /// When this was true.
    package var time: Date
    /// When this process of the learner started.
    package var startedAt: Date?
    /// When the last step was done; nil before the first.
    package var lastStepAt: Date?
    /// About when the last version will be there, as steps have gone so far; nil where nobody can say.
    package var expectedEnd: Date?

    /// What the learner does, and for how long.
    package var activity: LearnerActivity?
    package var activitySeconds: Double?
    /// The peers that are logged in, actors first; empty where no learner runs.
    package var fleet: [Peer] = []
    /// The peers by role: "actor", "reward-worker", "evaluation".
    package var peers: [String: Int] = [:]
    /// How many actors and reward workers the run could use; nil before its first step.
    package var wanted: Wanted?

    package var queues: [Queue] = []
    package var ledger: Ledger?
    package var totals: Totals?
    /// How long steps took, from one end to the next.
    package var stepSeconds: DurationHistogram?
    /// By role, what its peers reported.
    package var threadTime: [String: ThreadTime] = [:]
    package var shares: TimeShares?
    package var rates: Rates?
    /// Crystals that steps took, by how many versions older than the step's own the one is that sampled them.
    package var staleness: [String: Int] = [:]
    package var hub: HubHealth?
    package var audit: Audit?
    /// Crystals that got an outcome, by it: "scored", "invalid.REASON", "failed.REASON".
    package var outcomes: [String: Int] = [:]
    /// Work that was handed out once more: "units_regranted", "tasks_requeued", "tasks_speculated".
    package var repeats: [String: Int] = [:]
    /// Room on the disk of the run directory, bytes.
    package var diskFreeBytes: Int?
    /// What was turned away or left out, by kind, such as "duplicate_outcomes", "refused_peers", "message.malformed".
    package var drops: [String: Int] = [:]

    /// The record of the last step that was made.
    package var lastStep: StepRecord?
    /// What holds the run up, in words.
    package var verdict: Verdict?

    package init(run: String, directory: String, state: State, time: Date = Date()) {
        self.run = run
        self.directory = directory
        self.state = state
        self.time = time
    }

    enum CodingKeys: String, CodingKey {
        case run, directory, host, process, build, endpoint, state, reason, mode, version, step, time, activity, fleet
        case peers, wanted, queues, ledger, totals, shares, rates, staleness, hub, audit, outcomes, repeats, drops
        case verdict
        case maximumStaleness = "max_staleness"
        case versionsAsked = "versions_asked"
        case crystalsPerBatch = "crystals_per_batch"
        case startedAt = "started_at"
        case lastStepAt = "last_step_at"
        case expectedEnd = "expected_end"
        case activitySeconds = "activity_seconds"
        case stepSeconds = "step_seconds"
        case threadTime = "thread_time"
        case diskFreeBytes = "disk_free_bytes"
        case lastStep = "last_step"
    }

    /// The status as one line of JSON, without a line break.
    package func json() throws(TelemetryError) -> Data { try JSONLines.encode(self) }

    /// The status in what ``json()`` wrote; nil if it is none.
    package init?(json: Data) {
        guard let status = JSONLines.decode(Self.self, from: json) else { return nil }
        self = status
    }
}
