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
    ///   - wanted: How many the learner could use, as it said last.
    static func recorded(
        _ records: [StepRecord], mode: Mode, busy: (actors: Double?, rewardWorkers: Double?), wanted: Wanted?
    ) -> RunStatus {
        var status = RunStatus(run: "", directory: "", state: .unknown)
        (status.mode, status.wanted) = (mode, wanted)
        // The first step is made while models load.
        let recent = records.dropFirst(records.count > 3 ? 1 : 0).suffix(window)
        let total = recent.reduce(0) { $0 + $1.seconds.total }
        guard let last = recent.last, total > 0 else { return status }
        status.crystalsPerBatch = last.crystals
        status.peers = ["actor": last.workers.actors, "reward-worker": last.workers.rewardWorkers]
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
