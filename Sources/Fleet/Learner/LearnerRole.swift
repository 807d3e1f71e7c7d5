package import Base
package import Coordination
package import Trajectories
internal import Transport

/// The learner: the hub on a thread of its own, training on the calling thread, and a thread that has outcomes kept as
/// they come.
///
/// For each step: its batch is sampled and scored, the observer stores it, the trainer trains and saves its state, and
/// only then is the version that it made offered.
package struct LearnerRole {
    /// Asked to stop, a learner that lacks a peer to finish the version waits this long for one.
    private static let peerWait = Duration.seconds(2)

    private let configuration: LearnerConfiguration
    private let observer: any RunObserver

    /// - Throws: ``RoleError/configuration(_:)`` with everything that is wrong.
    package init(configuration: LearnerConfiguration, observer: any RunObserver) throws(RoleError) {
        guard configuration.problems.isEmpty else { throw .configuration(configuration.problems) }
        self.configuration = configuration
        self.observer = observer
    }

    /// Trains until `configuration.versions` steps are made or `stop` asks to finish; blocks the calling thread.
    ///
    /// Asked to finish, it waits for the version in hand as long as `configuration.timing.grace` allows and somebody
    /// works on it. When it returns, all state is checkpointed and the peers have been told to leave. When it throws,
    /// they have not (they look for the learner's next life), unless no restart would help: that ends the run
    /// everywhere.
    ///
    /// - Throws: `RoleError`, or what the trainer or the observer throws.
    package func run(trainer: any BatchTrainer, stop: StopToken) throws -> LearnerSummary {
        let context = try ZMQContext()
        let hub = try Hub(configuration: configuration, context: context)
        let dispatcher = dispatchEvents(of: hub)
        let outcomes = OutcomeKeeper(of: hub, observer: observer)
        defer {
            hub.post(.stop)
            hub.join(timeout: .seconds(10))
            dispatcher.join(timeout: .seconds(10))
            try? outcomes.finish()
            context.shutDown()
        }
        observer.hubStarted(try startedEndpoint(of: hub))
        let start = try trainer.start()
        var run = Run(
            hub: hub, outcomes: outcomes, trainer: trainer, stop: stop, version: start.version,
            reference: start.reference)
        let last = PolicyVersion(configuration.versions)
        do {
            try check(start)
            hub.post(
                .begin(
                    version: start.version, policy: start.policy, reference: start.reference, known: start.known,
                    resuming: start.gathering, restored: start.restored))
            while run.version < last, try step(&run, last: last) {}
        } catch let reason as StepGivenUp {
            observer.problem("\(reason)")
        } catch let error as RoleError where error.isLasting {
            hub.post(.finish("\(error)"))
            _ = try? awaitEnd(of: hub)
            throw error
        }
        let isComplete = run.version >= last
        hub.post(.finish(isComplete ? "the run is complete" : stop.reason ?? "the learner stops"))
        let counters = try awaitEnd(of: hub)
        try outcomes.finish()
        return LearnerSummary(version: run.version, isComplete: isComplete, counters: counters)
    }

    /// What a run carries from step to step.
    private struct Run {
        let hub: Hub
        let outcomes: OutcomeKeeper
        let trainer: any BatchTrainer
        let stop: StopToken
        /// The newest, which the next step begins with.
        var version: PolicyVersion
        let reference: Blob
        /// Steps in a row that had nothing to learn from.
        var stepsWithoutScores = 0
        var stall = WaitingWatch()
        var stopSeen: Moment?
        var lastPeerSeen = Moment.now
    }

    /// Holds what a checkpoint says of the gathering of batches against how this run gathers them.
    private func check(_ start: TrainingStart) throws {
        guard let state = start.gathering,
            let obstacle = configuration.gathering.obstacle(toResuming: state, at: start.version.nextStep)
        else { return }
        throw RoleError.cannotGoOn(obstacle)
    }

    /// Waits for a batch and trains on it; false if asked to stop while waiting.
    private func step(_ run: inout Run, last: PolicyVersion) throws -> Bool {
        let begin = Moment.now
        guard let batch = try nextBatch(&run) else { return false }
        let received = Moment.now
        let failures = ScoringFailures(batch)
        if let warning = failures.warning { observer.problem(warning) }
        try observer.batchCompleted(batch)
        run.stepsWithoutScores = failures.nothingToLearn ? run.stepsWithoutScores + 1 : 0
        guard run.stepsWithoutScores < min(ScoringFailures.stepsBeforeEnd, configuration.versions) else {
            let number = run.stepsWithoutScores
            let count = number == 1 ? "the only batch" : "\(number) batches in a row"
            throw RoleError.cannotGoOn(
                "nothing could be learnt from \(count), because no crystal could be scored: " + failures.reasonText)
        }
        let stored = Moment.now
        let trained = try run.trainer.train(batch)
        guard trained.version == batch.step.madeVersion else {
            throw RoleError.trainer("it made version \(trained.version) by step \(batch.step)")
        }
        let finished = Moment.now
        var report = StepReport(
            step: batch.step, trainedOn: trained.trainedOn, statistics: trained.statistics,
            waitSeconds: begin.duration(to: received).seconds, batchSeconds: batch.seconds,
            trainSeconds: stored.duration(to: finished).seconds, checkpointSeconds: 0, notFinite: trained.notFinite,
            notes: trained.notes)
        report.verdicts = trained.verdicts
        try observer.stepTrained(report)
        let noted = Moment.now
        try run.trainer.checkpoint()
        report.checkpointSeconds = noted.duration(to: .now).seconds
        run.version = trained.version
        for name in trained.distrusted {
            let reason = "its log-probabilities are not those of the policy it was given; install this build there"
            run.hub.post(.refuse(peer: name, reason: reason))
        }
        if run.version < last, !run.stop.isStopped {
            run.hub.post(.begin(version: trained.version, policy: trained.policy, reference: run.reference))
        }
        observer.stepFinished(report)
        if run.stop.takeSaveRequest() { observer.versionSaved(run.version) }
        return !run.stop.isStopped
    }

    /// The batch of the next step; nil if asked to stop and it cannot be waited for.
    private func nextBatch(_ run: inout Run) throws -> ScoredBatch? {
        while true {
            try run.outcomes.check()
            if try isOver(&run) { return nil }
            switch run.hub.outputs.receive(timeout: .milliseconds(100)) {
            case .batch(let batch) where batch.step == run.version.nextStep: return batch
            case .batch, .measured, .started, nil: continue
            case .failed(let reason): throw RoleError.io(reason)
            case .aborted(let error): throw error
            case .ended: throw RoleError.io("the hub ended by itself")
            }
        }
    }

    /// Looks at the hub while a batch is waited for: tells what it waits for, and whether to wait no more.
    private func isOver(_ run: inout Run) throws -> Bool {
        let now = Moment.now
        // What was seen last of another version says nothing about this one.
        let state = run.hub.state.flatMap { $0.version == run.version ? $0 : nil }
        if let state, let text = run.stall.check(state, now: now) { observer.problem(text) }
        guard let reason = run.stop.reason else { return false }
        if run.stop.isUrgent { return true }
        if let state, state.unitsDone + state.unitsLeased == 0 { return true }
        if state?.canBeFinished ?? true { run.lastPeerSeen = now }
        if let since = run.stopSeen {
            guard since.duration(to: now) < configuration.timing.grace else {
                observer.problem(
                    "version \(run.version) could not be finished in time: \(state?.waitingText ?? "it began just now")"
                )
                return true
            }
        } else {
            run.stopSeen = now
            run.lastPeerSeen = now
            observer.problem(
                "stopping (\(reason)): version \(run.version) is finished first, which may take "
                    + "\(configuration.timing.grace.milliseconds / 1000) s; a second signal ends at once")
        }
        // Nobody can finish it.
        return run.lastPeerSeen.duration(to: now) > Self.peerWait
    }

    private func startedEndpoint(of hub: Hub) throws -> Endpoint {
        switch hub.outputs.receive(timeout: .seconds(30)) {
        case .started(let endpoint): return endpoint
        case .failed(let reason): throw RoleError.io(reason)
        default: throw RoleError.io("the hub did not start within 30 s")
        }
    }

    private func awaitEnd(of hub: Hub) throws -> HubCounters {
        let deadline = Moment.now.advanced(by: configuration.timing.drain + .seconds(5))
        while Moment.now < deadline {
            switch hub.outputs.receive(timeout: .milliseconds(100)) {
            case .ended(let report): return report.counters
            case .failed(let reason): throw RoleError.io(reason)
            default: continue
            }
        }
        throw RoleError.io("the hub did not end in time")
    }

    /// Hands the hub's events to the observer, on a thread of their own.
    private func dispatchEvents(of hub: Hub) -> RoleThread {
        let (events, observer) = (hub.events, observer)
        return RoleThread(name: "observer") {
            while !events.isExhausted {
                switch events.receive(timeout: .seconds(1)) {
                case .peerJoined(let peer): observer.peerJoined(peer)
                case .peerLeft(let peer, let reason): observer.peerLeft(peer, reason: reason)
                case .roleReport(let report, let peer): observer.roleReported(report, from: peer)
                case .hubReport(let report): observer.hubReported(report)
                case .engineBound(let engine): observer.engineBound(engine)
                case .fleet(let state): observer.fleetSeen(state)
                case .problem(let text): observer.problem(text)
                case nil: continue
                }
            }
        }
    }
}

/// How a run ended.
package struct LearnerSummary: Sendable {
    /// The last version made.
    package var version: PolicyVersion
    /// False if it was interrupted; it can be resumed.
    package var isComplete: Bool
    /// Of the hub, since this process started.
    package var counters: HubCounters

    package init(version: PolicyVersion, isComplete: Bool, counters: HubCounters) {
        self.version = version
        self.isComplete = isComplete
        self.counters = counters
    }
}
