package import Base
package import Coordination
package import Fleet
package import Foundation
package import Monitoring
internal import Synchronization
package import Telemetry
package import Trajectories

/// Makes the status of a run from what its observers are told, about once a second.
package final class StatusKeeper: RunObserver {
    /// What became of the crystals of the steps that were made, together.
    private struct Made {
        var steps = 0
        var crystals = 0
        var trained = 0
        var dropped: [String: Int] = [:]
    }

    private struct State {
        /// What stays, and what steps change; the rest is filled in with each look.
        var status: RunStatus
        var clock: LearnerClock
        /// The crystals of the batch in hand, in the order of its verdicts.
        var outcomes: [(id: CrystalID, label: String)] = []
        /// After each of the last steps: the hub's counts may be as of an earlier one.
        var made = [Made()]
        var fleet = FleetRates()
        var trained = RateWindow()
        /// The ends of the last steps, seconds from the begin on.
        var ends: [Double] = []
        var freeSpaceSeen: Moment?
        var isOver = false
    }

    /// So many last steps say how long one takes.
    private static let stepsRemembered = 10
    private static let freeSpaceInterval = Duration.seconds(10)

    private let board: StatusBoard
    private let clock: @Sendable () -> (moment: Moment, date: Date)
    private let isStopping: @Sendable () -> Bool
    private let waitsForRoom: @Sendable () -> Bool
    private let seen: @Sendable (RunStatus) -> Void
    private let begin: Moment
    private let state: Mutex<State>

    /// - Parameters:
    ///   - status: what is known from the start: names, mode, versions.
    ///   - isStopping: whether the learner was asked to stop.
    ///   - waitsForRoom: whether it waits for room on a full disk.
    ///   - seen: told each status with a fleet, once it is up.
    package init(
        _ status: RunStatus, board: StatusBoard,
        clock: @escaping @Sendable () -> (moment: Moment, date: Date) = { (.now, Date()) },
        isStopping: @escaping @Sendable () -> Bool = { false },
        waitsForRoom: @escaping @Sendable () -> Bool = { false },
        seen: @escaping @Sendable (RunStatus) -> Void = { _ in }
    ) {
        self.board = board
        self.clock = clock
        self.isStopping = isStopping
        self.waitsForRoom = waitsForRoom
        self.seen = seen
        begin = clock().moment
        state = Mutex(State(status: status, clock: LearnerClock(now: begin)))
        board.put(status)
    }

    /// The record of a step that was made.
    package func note(_ record: StepRecord) { state.withLock { $0.status.lastStep = record } }

    /// Puts up the last status of the run; nothing that is heard later changes it.
    package func end(_ end: RunStatus.State, reason: String? = nil) {
        let (moment, date) = clock()
        let last: RunStatus? = state.withLock { state in
            guard !state.isOver else { return nil }
            state.isOver = true
            var status = board.status ?? state.status
            (status.version, status.step) = (state.status.version, state.status.step)
            (status.lastStepAt, status.lastStep) = (state.status.lastStepAt, state.status.lastStep)
            (status.stepSeconds, status.staleness) = (state.status.stepSeconds, state.status.staleness)
            status.shares = state.clock.shares(now: moment)
            (status.state, status.reason, status.time) = (end, reason, date)
            (status.activity, status.activitySeconds, status.expectedEnd) = (nil, nil, nil)
            (status.fleet, status.peers) = ([], [:])
            return status
        }
        if let last { board.put(last) }
    }

    // MARK: RunObserver

    /// What is heard before others hear it: when the learner begins to store.
    package var early: any RunObserver { Early(keeper: self) }

    private struct Early: RunObserver {
        let keeper: StatusKeeper

        func batchCompleted(_ batch: ScoredBatch) { keeper.enter(.storing) }
        func stepTrained(_ report: StepReport) { keeper.enter(.saving) }
    }

    private func enter(_ activity: RunStatus.LearnerActivity) {
        let now = clock().moment
        state.withLock { $0.clock.enter(activity, now: now) }
    }

    package func hubStarted(_ endpoint: Endpoint) { state.withLock { $0.status.endpoint = "\(endpoint)" } }

    package func batchCompleted(_ batch: ScoredBatch) {
        enter(.training)
        state.withLock { state in
            state.outcomes = batch.crystals.map { ($0.sampled.id, $0.outcome.label) }
            for crystal in batch.crystals {
                let age = batch.step.staleness(of: crystal.sampled.id.version)
                state.status.staleness["\(age)", default: 0] += 1
            }
        }
    }

    package func stepTrained(_ report: StepReport) {
        state.withLock { state in
            guard var made = state.made.last else { return }
            made.steps += 1
            made.crystals += state.outcomes.count
            let trained = Set(report.trainedOn)
            let verdicts = report.verdicts.count == state.outcomes.count ? report.verdicts : []
            for (place, outcome) in state.outcomes.enumerated() {
                if trained.contains(outcome.id) {
                    made.trained += 1
                } else {
                    let abstains = verdicts.isEmpty ? false : verdicts[place].reward == nil
                    made.dropped[Self.reason(outcome.label, abstains: abstains), default: 0] += 1
                }
            }
            state.outcomes = []
            state.made.append(made)
            if state.made.count > 4 { state.made.removeFirst() }
        }
    }

    /// Why a crystal of a batch was not trained on, in the words of the run's ledger.
    private static func reason(_ label: String, abstains: Bool) -> String {
        if label.hasPrefix("failed") { return "failed" }
        if label.hasPrefix("invalid"), abstains { return "invalid" }
        return abstains ? "abstained" : "left_out"
    }

    package func stepFinished(_ report: StepReport) {
        let (moment, date) = clock()
        state.withLock { state in
            state.clock.enter(.waiting, now: moment)
            state.status.version = report.step.madeVersion.number
            state.status.step = report.step.next.number
            state.status.lastStepAt = date
            let end = begin.duration(to: moment).seconds
            state.status.stepSeconds = state.status.stepSeconds ?? .step
            state.status.stepSeconds?.note(end - (state.ends.last ?? 0))
            state.ends.append(end)
            if state.ends.count > Self.stepsRemembered { state.ends.removeFirst() }
        }
    }

    package func fleetSeen(_ fleet: FleetState) {
        let (now, date) = clock()
        let status: RunStatus? = state.withLock { state in
            guard !state.isOver else { return nil }
            seeDisk(&state, now: now)
            return compose(&state, fleet, now: now, date: date)
        }
        guard let status else { return }
        board.put(status)
        seen(status)
    }

    // MARK: - Composing

    private func seeDisk(_ state: inout State, now: Moment) {
        if let seen = state.freeSpaceSeen, seen.duration(to: now) < Self.freeSpaceInterval { return }
        state.freeSpaceSeen = now
        state.status.diskFreeBytes = FreeSpace.bytes(at: URL(filePath: state.status.directory))
    }

    private func compose(_ state: inout State, _ fleet: FleetState, now: Moment, date: Date) -> RunStatus {
        let report = fleet.report
        state.clock.look(now: now)
        state.fleet.look(at: fleet)
        var status = state.status
        status.time = date
        status.activity = waitsForRoom() ? .waitingForRoom : state.clock.activity
        status.activitySeconds = state.clock.seconds(now: now)
        status.peers = ["actor": report.actors, "reward-worker": report.rewardWorkers]
        let evaluations = fleet.members.count { $0.description.role == .evaluation }
        if evaluations > 0 { status.peers["evaluation"] = evaluations }
        status.wanted = report.wanted.map { .init(actors: $0.actors, rewardWorkers: $0.rewardWorkers) }
        let canGoOn = report.actors > 0 && report.rewardWorkers > 0 || report.canBeFinished
        status.state = isStopping() ? .stopping : canGoOn || status.activity != .waiting ? .running : .waiting
        status.reason = status.state == .waiting ? report.waitingText : nil
        status.fleet = fleet.members.map { state.fleet.row(of: $0, date: date, newest: report.version) }
        status.queues = fleet.queues
        status.shares = state.clock.shares(now: now)
        status.shares?.actorsIdle = state.fleet.idleShare(of: .actor)
        status.shares?.rewardWorkersIdle = state.fleet.idleShare(of: .rewardWorker)
        let made = made(by: fleet.batches, of: state)
        status.ledger = ledger(fleet, made)
        status.totals = fleet.totals(steps: state.made.last?.steps ?? 0)
        status.threadTime = fleet.threadTime
        state.trained.note(Double(made.crystals), at: begin.duration(to: now).seconds)
        status.rates = state.fleet.rates
        status.rates?.trained = state.trained.rate
        status.hub = fleet.health
        status.audit = .init(audited: report.counters.audited, disputed: report.counters.disputed)
        status.outcomes = report.counters.outcomes
        status.drops = report.counters.drops
        status.repeats = report.counters.repeats
        status.expectedEnd = expectedEnd(state, date)
        return status
    }

    /// What had become of crystals when so many batches were complete: no more steps than those were made by then.
    private func made(by batches: Int, of state: State) -> Made {
        state.made.last { $0.steps <= batches } ?? state.made.first ?? Made()
    }

    private func ledger(_ fleet: FleetState, _ made: Made) -> RunStatus.Ledger {
        let counters = fleet.report.counters
        var ledger = RunStatus.Ledger()
        (ledger.granted, ledger.restored) = (counters.crystalsGranted, counters.restoredCrystals)
        ledger.trained = made.trained
        ledger.dropped = made.dropped
        ledger.dropped["stale"] = counters.staleCrystals
        ledger.dropped["abandoned"] = counters.abandonedCrystals
        ledger.inFlight = [
            "sampling": fleet.inFlight.sampling, "measuring": fleet.inFlight.measuring,
            "scored": fleet.inFlight.scored, "training": counters.crystalsTaken - made.crystals,
        ]
        ledger.missing = fleet.report.missingCrystals
        return ledger
    }

    private func expectedEnd(_ state: State, _ date: Date) -> Date? {
        guard let first = state.ends.first, let last = state.ends.last, state.ends.count > 1 else { return nil }
        let step = (last - first) / Double(state.ends.count - 1)
        let left = Double(state.status.versionsAsked - state.status.version) * step
        let since = state.status.lastStepAt.map { date.timeIntervalSince($0) } ?? 0
        return date.addingTimeInterval(max(0, left - since))
    }
}
