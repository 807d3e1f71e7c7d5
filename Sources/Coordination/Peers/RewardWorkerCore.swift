package import Base
package import Protocol
package import Trajectories

/// The state of a reward worker: its login, its engine, its tasks.
///
/// It asks for work only once its engine is there and is the learner's: one with another potential or hull leaves at
/// its login, before it is given any crystal.
package struct RewardWorkerCore: PeerCore {
    package enum Job: Sendable {
        /// Make sure that there is a scorer for these settings.
        case prepare(settings: String)
        case score(RewardTask, settings: String)
    }

    package enum Output: Sendable {
        /// The problem tells why there is no scorer; nil if there is.
        case prepared(settings: String, problem: RoleError?)
        case scored(RewardTask, [ScoringResult], seconds: Double)
        /// There is no scorer any more.
        case failed(RewardTask, RoleError)
    }

    private enum Preparation: Sendable, Hashable {
        case none
        case working
        case done(settings: String)
    }

    private let configuration: PeerConfiguration
    private var link: HubLink
    private var pulse: PeerPulse
    private var epoch: UInt64?
    private var preparation = Preparation.none
    private var newestVersion = 0
    private var queue: [RewardTask] = []
    private var scoring: Set<UInt64> = []
    private var outbox = Outbox<UInt64, TaskResult>()
    private var leavingBy: Moment?
    private var jobs: [Job] = []
    private let engineBytes: @Sendable () -> Int

    /// - Parameter engineBytes: Tells the resident memory of the engine's process, for reports.
    package init(
        configuration: PeerConfiguration, generator: any RandomNumberGenerator & Sendable,
        engineBytes: @escaping @Sendable () -> Int = { 0 }
    ) {
        self.configuration = configuration
        self.engineBytes = engineBytes
        link = HubLink(configuration: configuration, role: .rewardWorker, generator: generator)
        pulse = PeerPulse(reportInterval: configuration.report)
    }

    package mutating func takeEffects() -> [PeerEffect] { link.takeEffects() }

    package mutating func takeJobs() -> [Job] {
        defer { jobs.removeAll() }
        return jobs
    }

    package mutating func start(now: Moment) { link.start(now: now) }

    package mutating func tick(now: Moment) {
        link.tick(now: now)
        advance(now: now)
    }

    package mutating func stop(now: Moment) {
        guard leavingBy == nil else { return }
        leavingBy = now.advanced(by: configuration.drain)
        for task in queue { giveBack(task) }
        queue.removeAll()
        advance(now: now)
    }

    package mutating func receive(_ message: HubMessage, now: Moment) {
        switch link.receive(message, now: now) {
        case .handled: break
        case .joined(let welcome): joined(welcome)
        case .shutdown(let reason):
            link.log("the learner ends the run: \(reason)")
            link.send(.goodbye("shutdown"))
            link.leave(nil)
        case .message(let message): handle(message)
        }
        advance(now: now)
    }

    private mutating func joined(_ welcome: Welcome) {
        // Another life of the learner samples, and hands out, its crystals anew.
        if epoch != welcome.epoch { outbox.removeAll() }
        epoch = welcome.epoch
        queue.removeAll()
        outbox.resendAll()
        pulse.reset()
    }

    private mutating func handle(_ message: HubMessage) {
        switch message {
        case .heartbeatReply(let weights): newestVersion = weights?.version ?? newestVersion
        case .task(let task):
            guard leavingBy == nil else {
                giveBack(task)
                return
            }
            guard task.epoch == epoch, !queue.contains(where: { $0.id == task.id }), !scoring.contains(task.id),
                queue.count <= configuration.threads + 1
            else { return }
            queue.append(task)
        case .taskAcknowledgement(let task): outbox.acknowledge(task)
        default: break
        }
    }

    private mutating func giveBack(_ task: RewardTask) {
        link.send(.taskReturn(TaskReturn(epoch: task.epoch, task: task.id, reason: "the worker leaves")))
    }

    package mutating func finished(_ output: Output, now: Moment) {
        switch output {
        case .prepared(let settings, nil): preparation = .done(settings: settings)
        case .prepared(_, let problem?): leave(problem)
        case .failed(let task, let problem):
            scoring.remove(task.id)
            link.send(.taskReturn(TaskReturn(epoch: task.epoch, task: task.id, reason: "\(problem)")))
            leave(problem)
        case .scored(let task, let results, let seconds):
            scoring.remove(task.id)
            pulse.worked(crystals: task.crystals.count, seconds: seconds)
            if task.epoch == epoch { outbox.add(Self.result(of: task, results), as: task.id) }
        }
        advance(now: now)
    }

    /// Tells the learner why there is no engine here, and leaves.
    private mutating func leave(_ problem: RoleError) {
        link.send(.goodbye("\(problem)"))
        link.leave(problem)
    }

    private static func result(of task: RewardTask, _ results: [ScoringResult]) -> TaskResult {
        var results = results
        if results.count != task.crystals.count {
            let outcome = RewardOutcome.failed(.engine("the scorer returned another number of results"))
            results = task.crystals.map { _ in ScoringResult(outcome: outcome, seconds: 0) }
        }
        return TaskResult(
            epoch: task.epoch, task: task.id,
            results: zip(task.crystals, results).map { CrystalResult(id: $0.id, result: usable($1)) })
    }

    /// The result, or a failure where the learner would not take its numbers.
    private static func usable(_ result: ScoringResult) -> ScoringResult {
        guard let problem = Admission().problem(of: result.outcome) else { return result }
        return ScoringResult(outcome: .failed(.engine(problem)), seconds: result.seconds)
    }

    /// Starts whatever can start, and says whatever is due.
    private mutating func advance(now: Moment) {
        if let welcome = link.welcome {
            let isPrepared = preparation == .done(settings: welcome.settings)
            if leavingBy == nil { startJobs(settings: welcome.settings, isPrepared: isPrepared) }
            for result in outbox.due(now: now) { link.send(.taskResult(result)) }
            let readiness = Readiness(window: leavingBy == nil && isPrepared ? configuration.threads + 1 : 0)
            if pulse.beats(readiness, every: welcome.heartbeat, now: now) { link.send(.heartbeat(readiness)) }
            let report = pulse.report(
                version: newestVersion, inFlight: queue.count + scoring.count, logins: link.logins,
                resent: outbox.resentCount, now: now, childBytes: engineBytes)
            if let report { link.send(.report(report)) }
        }
        leaveIfDone(now: now)
    }

    private mutating func startJobs(settings: String, isPrepared: Bool) {
        guard isPrepared else {
            guard preparation != .working else { return }
            preparation = .working
            jobs.append(.prepare(settings: settings))
            return
        }
        while scoring.count < configuration.threads, !queue.isEmpty {
            let task = queue.removeFirst()
            scoring.insert(task.id)
            jobs.append(.score(task, settings: settings))
        }
    }

    private mutating func leaveIfDone(now: Moment) {
        guard let leavingBy else { return }
        let isDone = scoring.isEmpty && (outbox.isEmpty || link.welcome == nil)
        guard isDone || now >= leavingBy else { return }
        if !isDone { link.log("leaving with work in hand: the time to drain is over") }
        link.send(.goodbye("stopped"))
        link.leave(nil)
    }
}
