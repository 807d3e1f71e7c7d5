internal import Monitoring
internal import Telemetry

extension RunStatus {
    /// So many steps are looked at, the newest.
    private static let window = 10

    /// What the records of a run say of its work, where no learner says more.
    ///
    /// - Parameters:
    ///   - records: Of all steps, in order.
    ///   - busy: The share of the time that actors and reward workers work, 0...1, as their last lines say.
    ///   - present: How many of each there are, as their lines say; steps that say nothing of it leave it at that.
    ///   - wanted: How many the learner could use, as it said last.
    static func recorded(
        _ records: [StepRecord], mode: Mode, busy: (actors: Double?, rewardWorkers: Double?),
        present: (actors: Int, rewardWorkers: Int), wanted: Wanted?
    ) -> RunStatus {
        var status = RunStatus(run: "", directory: "", state: .unknown)
        (status.mode, status.wanted, status.version) = (mode, wanted, records.count)
        // The first step is made while models load.
        let recent = records.dropFirst(records.count > 3 ? 1 : 0).suffix(window)
        let total = recent.reduce(0) { $0 + $1.seconds.total }
        // A step of crystals that were there already has nobody.
        let last = recent.last { $0.workers.actors + $0.workers.rewardWorkers > 0 }?.workers
        status.peers = [
            "actor": last?.actors ?? present.actors, "reward-worker": last?.rewardWorkers ?? present.rewardWorkers,
        ]
        guard let last = recent.last, total > 0 else { return status }
        status.crystalsPerBatch = last.crystals
        var time = LearnerTime()
        time.waiting = min(1, recent.reduce(0) { $0 + $1.seconds.wait } / total)
        time.training = recent.reduce(0) { $0 + $1.seconds.train } / total
        time.saving = recent.reduce(0) { $0 + $1.seconds.checkpoint } / total
        var shares = TimeShares(seconds: total, learner: time)
        shares.actorsIdle = busy.actors.map { 1 - $0 }
        shares.rewardWorkersIdle = busy.rewardWorkers.map { 1 - $0 }
        status.shares = shares
        return status
    }
}
