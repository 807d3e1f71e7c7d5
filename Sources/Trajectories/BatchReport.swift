/// What it took to make a batch, exactly: from the hub's own state when the last outcome came.
package struct BatchReport: Sendable, Hashable {
    /// The work of one peer for the batch.
    package struct Share: Sendable, Hashable {
        package var crystals = 0
        /// Time at work, as the peer says, summed over its threads.
        package var seconds = 0.0

        package init() {}
    }

    /// Units granted to actors, the granted again included.
    package var unitsGranted = 0
    /// Units granted again because they were not delivered: their actor was lost, left, failed, or took too long.
    package var unitsRegranted = 0
    /// Tasks queued again because their worker was lost, left, or took too long, or left crystals out.
    package var tasksRequeued = 0
    /// Tasks that were given to a second worker because the first had them for far longer than usual.
    package var tasksSpeculated = 0
    /// Units and outcomes that came a second time.
    package var duplicates = 0
    /// Crystals given up because they were too old.
    package var stale = 0
    /// Crystals that no actor had begun to sample when a newer version came, which is sampled in their place.
    package var abandoned = 0
    /// Crystals that a second worker measured, and those of them about which the two disagree.
    package var audited = 0
    package var disputed = 0
    /// Peers logged in at the end.
    package var actors = 0
    package var rewardWorkers = 0
    /// By "host:process".
    package var sampled: [String: Share] = [:]
    /// By "host:process".
    package var scored: [String: Share] = [:]

    package init() {}

    /// Seconds spent sampling, summed over all threads of all actors.
    package var samplingSeconds: Double { sampled.values.map(\.seconds).sorted().reduce(0, +) }

    /// Seconds spent measuring, summed over all threads of all reward workers.
    package var scoringSeconds: Double { scored.values.map(\.seconds).sorted().reduce(0, +) }

    /// Notes work of an actor.
    package mutating func addSampled(_ crystals: Int, seconds: Double, by name: String) {
        sampled[name, default: Share()].crystals += crystals
        sampled[name, default: Share()].seconds += seconds
    }

    /// Notes work of a reward worker.
    package mutating func addScored(seconds: Double, by name: String) {
        scored[name, default: Share()].crystals += 1
        scored[name, default: Share()].seconds += seconds
    }
}
