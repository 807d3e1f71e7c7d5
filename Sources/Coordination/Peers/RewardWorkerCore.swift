package import Base
package import Protocol
package import Trajectories

/// The state of a reward worker: its login, its engine, its tasks.
///
/// It asks for work only once its engine is there and is the learner's: one with another potential or hull leaves at
/// its login, before it is given any crystal.
package struct RewardWorkerCore: PeerCore {
    package enum Job: Sendable {
        /// Make sure that there is an engine for these settings.
        case prepare(settings: String)
        case measure(RewardTask, settings: String)
    }

    package enum Output: Sendable {
        /// The problem tells why there is no engine; nil if there is.
        case prepared(settings: String, problem: RoleError?)
        case measured(RewardTask, [MeasuringResult], seconds: Double)
        /// There is no engine any more.
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
    /// The digest of the settings of the login.
    private var recipe: Digest?
    private var preparation = Preparation.none
    private var newestVersion = 0
    private var queue: [RewardTask] = []
    private var measuring: Set<UInt64> = []
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
        recipe = Digest(of: welcome.settings.utf8)
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
            guard task.epoch == epoch else { return }
            guard task.recipe == recipe else {
                leave(
                    .work(
                        "the learner asks to measure by the recipe \(task.recipe), and told another at login; start "
                            + "this worker again"))
                return
            }
            guard !queue.contains(where: { $0.id == task.id }), !measuring.contains(task.id),
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
            measuring.remove(task.id)
            link.send(.taskReturn(TaskReturn(epoch: task.epoch, task: task.id, reason: "\(problem)")))
            leave(problem)
        case .measured(let task, let results, let seconds):
            measuring.remove(task.id)
            pulse.worked(crystals: task.items.count, seconds: seconds)
            if task.epoch == epoch { outbox.add(Self.result(of: task, results), as: task.id) }
        }
        advance(now: now)
    }

    /// Tells the learner why there is no engine here, and leaves.
    private mutating func leave(_ problem: RoleError) {
        link.send(.goodbye("\(problem)"))
        link.leave(problem)
    }

    private static func result(of task: RewardTask, _ results: [MeasuringResult]) -> TaskResult {
        var results = results
        if results.count != task.items.count {
            let outcome = Outcome.failed(.engine("the engine returned another number of results"))
            results = task.items.map { _ in MeasuringResult(outcome: outcome, seconds: 0) }
        }
        return TaskResult(epoch: task.epoch, task: task.id, results: results.map(usable))
    }

    /// The result, or a failure where the learner would not take its numbers.
    private static func usable(_ result: MeasuringResult) -> MeasuringResult {
        guard let problem = Admission().problem(of: result.outcome) else { return result }
        return MeasuringResult(outcome: .failed(.engine(problem)), seconds: result.seconds)
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
                version: newestVersion, inFlight: queue.count + measuring.count, logins: link.logins,
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
        while measuring.count < configuration.threads, !queue.isEmpty {
            let task = queue.removeFirst()
            measuring.insert(task.id)
            jobs.append(.measure(task, settings: settings))
        }
    }

    private mutating func leaveIfDone(now: Moment) {
        guard let leavingBy else { return }
        let isDone = measuring.isEmpty && (outbox.isEmpty || link.welcome == nil)
        guard isDone || now >= leavingBy else { return }
        if !isDone { link.log("leaving with work in hand: the time to drain is over") }
        link.send(.goodbye("stopped"))
        link.leave(nil)
    }
}
