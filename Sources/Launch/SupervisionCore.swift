package import Base

/// What to do with the children of a supervisor; a pure state machine.
///
/// A child that ends while the run is on is started again after a wait that doubles, whatever its status, unless it can
/// never live. A peer that the primary sent away is started again with the primary only. Failures are budgeted by the
/// hour. When asked to stop, the primary is asked first, and the others keep serving it. When the primary is done the
/// others get time to leave, are asked to, and are killed, in this order.
package struct SupervisionCore: Sendable {
    package enum Action: Sendable, Hashable {
        case start(Int, isRestart: Bool)
        case terminate(Int)
        case kill(Int)
        /// Ask it to save what is done, and to go on.
        case save(Int)
        case log(String)
        /// All children are gone; the exit status of the whole.
        case finish(Int32)
    }

    package struct Timing: Sendable {
        package var firstWait = Duration.milliseconds(500)
        package var longestWait = Duration.seconds(10)
        /// The longest wait after an end that came from outside.
        var longestInterruption = Duration.seconds(2)
        /// A child that lived this long starts with the first wait again.
        var healthyAfter = Duration.seconds(60)
        /// How long the primary may take to stop.
        package var stop = Duration.seconds(90)
        /// From the primary's end to asking the others to leave: it has said goodbye to those that it knew, so others
        /// have only begun.
        package var settle = Duration.seconds(3)
        /// From asking to killing.
        package var grace = Duration.seconds(30)
        /// A longer time between two ticks is one in which this process stood still: deadlines move by it.
        var standstill = Duration.seconds(2)

        package init() {}
    }

    private enum ChildState: Sendable {
        case running(since: Moment)
        case waiting(until: Moment)
        /// Until the primary is started again, which sent it away.
        case dismissed
        case gone
    }

    private enum Phase: Sendable {
        case running
        /// The primary has been asked to stop, and has until then.
        case stopping(until: Moment)
        /// The primary has ended: the others leave by themselves until then.
        case settling(until: Moment)
        case terminating(until: Moment)
        case killing
        case over
    }

    private let children: [ChildSpecification]
    private let timing: Timing
    private var states: [ChildState] = []
    /// Ends in a row without health between, for the wait.
    private var endsInARow: [Int]
    private var failures: [RestartBudget]
    private var interruptions: [RestartBudget]
    private var phase = Phase.running
    private var status = ExitStatus.complete.rawValue
    private var lastTick: Moment?
    /// How often each child was started again.
    package private(set) var restarts: [Int]

    package init(children: [ChildSpecification], timing: Timing = Timing()) {
        self.children = children
        self.timing = timing
        endsInARow = Array(repeating: 0, count: children.count)
        restarts = endsInARow
        failures = children.map { RestartBudget(limit: $0.failuresPerHour) }
        interruptions = children.map { RestartBudget(limit: $0.interruptionsPerHour) }
    }

    package mutating func start(now: Moment) -> [Action] {
        states = children.map { _ in .running(since: now) }
        return children.indices.map { .start($0, isRestart: false) }
    }

    /// A child ended.
    ///
    /// - Parameter status: 0 for success; 128 + the signal that killed it.
    package mutating func exited(_ child: Int, status: Int32, now: Moment) -> [Action] {
        guard states.indices.contains(child), case .running(let since) = states[child] else { return [] }
        states[child] = .gone
        let isPrimary = children[child].isPrimary
        switch phase {
        case .running:
            let end = ChildEnd(status: status, isPrimary: isPrimary)
            if end == .complete { return settle(now: now) }
            return replace(child, end, status: status, lived: since.duration(to: now), now: now)
        case .stopping:
            let end = ChildEnd(status: status, isPrimary: isPrimary)
            guard isPrimary else {
                return replace(child, end, status: status, lived: since.duration(to: now), now: now)
            }
            switch end {
            case .complete: self.status = ExitStatus.complete.rawValue
            case .interrupted: self.status = ExitStatus.stopped.rawValue
            case .failed, .dismissed, .cannotHeal: self.status = status
            }
            return settle(now: now)
        case .settling, .terminating, .killing, .over: return finishIfEmpty()
        }
    }

    /// Somebody asked to stop.
    package mutating func stop(now: Moment) -> [Action] {
        switch phase {
        case .running:
            let primaries = runningChildren.filter { children[$0].isPrimary }
            guard !primaries.isEmpty else {
                status = ExitStatus.stopped.rawValue
                return terminate(now: now)
            }
            phase = .stopping(until: now.advanced(by: timing.stop))
            return primaries.map { .terminate($0) }
        case .settling: return terminate(now: now)
        case .stopping, .terminating, .killing, .over: return []
        }
    }

    /// Somebody asked to end at once, with this status.
    package mutating func abort(status: Int32) -> [Action] {
        switch phase {
        case .over: return []
        case .running, .stopping, .settling, .terminating, .killing:
            self.status = status
            return kill()
        }
    }

    /// Somebody asked to save.
    package func save() -> [Action] {
        runningChildren.filter { children[$0].isPrimary }.map { .save($0) }
    }

    /// Does what is due.
    package mutating func tick(now: Moment) -> [Action] {
        let pause = (lastTick ?? now).duration(to: now)
        lastTick = now
        if pause > timing.standstill { postpone(by: pause) }
        switch phase {
        case .running: return startDue(now: now)
        case .stopping(let until):
            guard until <= now else { return startDue(now: now) }
            status = ExitStatus.stopped.rawValue
            return [.log("the run did not stop in time")] + terminate(now: now)
        case .settling(let until): return until <= now ? terminate(now: now) : []
        case .terminating(let until): return until <= now ? kill() : []
        case .killing, .over: return []
        }
    }

    /// Gives the children the time in which this process could not see whether they had done what they were asked.
    private mutating func postpone(by pause: Duration) {
        switch phase {
        case .running, .killing, .over: break
        case .stopping(let until): phase = .stopping(until: until.advanced(by: pause))
        case .settling(let until): phase = .settling(until: until.advanced(by: pause))
        case .terminating(let until): phase = .terminating(until: until.advanced(by: pause))
        }
    }

    // MARK: - Starting again

    private mutating func startDue(now: Moment) -> [Action] {
        var actions: [Action] = []
        for (child, state) in states.enumerated() {
            guard case .waiting(let until) = state, until <= now else { continue }
            actions.append(startAgain(child, now: now))
            guard children[child].isPrimary else { continue }
            for (peer, state) in states.enumerated() {
                if case .dismissed = state { actions.append(startAgain(peer, now: now)) }
            }
        }
        return actions
    }

    private mutating func startAgain(_ child: Int, now: Moment) -> Action {
        states[child] = .running(since: now)
        restarts[child] += 1
        return .start(child, isRestart: true)
    }

    /// Has a child that ended started again, or does without it.
    private mutating func replace(
        _ child: Int, _ end: ChildEnd, status: Int32, lived: Duration, now: Moment
    ) -> [Action] {
        let name = children[child].name
        if lived > timing.healthyAfter { endsInARow[child] = 0 }
        switch end {
        case .cannotHeal:
            let text = "\(name) ended with status \(status): starting it again would not help"
            return doWithout(child, status: ExitStatus.cannotHeal.rawValue, text, now: now)
        case .failed where !failures[child].spend(now: now):
            let text =
                "\(name) ended with status \(status), \(failures[child].count + 1) times in an hour: giving it up"
            return doWithout(child, status: ExitStatus.failure.rawValue, text, now: now)
        case .interrupted where !interruptions[child].spend(now: now):
            let text = "\(name) was ended \(interruptions[child].count + 1) times in an hour: giving it up"
            return doWithout(child, status: ExitStatus.failure.rawValue, text, now: now)
        case .dismissed where !isPrimaryYounger(than: lived, now: now):
            // The learner may take its time to end itself.
            states[child] = .dismissed
            return []
        case .complete, .failed, .dismissed, .interrupted: break
        }
        let longest = end == .failed ? timing.longestWait : timing.longestInterruption
        let wait = min(longest, timing.firstWait * (1 << min(endsInARow[child], 10)))
        endsInARow[child] += 1
        states[child] = .waiting(until: now.advanced(by: wait))
        // A matter of course: the primary that sent it away has been started again.
        guard end != .dismissed else { return [] }
        let hasLeft = status == ExitStatus.complete.rawValue
        let how = hasLeft ? "left before the end of the run" : "ended with status \(status)"
        return [.log("\(name) \(how); starting it again in \(wait.milliseconds) ms")]
    }

    /// Whether the primary that runs was started after a child that lived so long: another one before it may have sent
    /// the child away.
    private func isPrimaryYounger(than lived: Duration, now: Moment) -> Bool {
        runningChildren.contains { child in
            guard children[child].isPrimary, case .running(let since) = states[child] else { return false }
            return since.duration(to: now) < lived
        }
    }

    /// Goes on without a child, or ends the run if nobody can take its place.
    private mutating func doWithout(_ child: Int, status: Int32, _ text: String, now: Moment) -> [Action] {
        let specification = children[child]
        let others = children.indices.filter { other in
            guard other != child, let kind = specification.kind, children[other].kind == kind else { return false }
            if case .gone = states[other] { return false }
            return true
        }
        if !specification.isPrimary, !others.isEmpty {
            return [.log("\(text); the run goes on without it, with \(others.count) \(specification.kind ?? "others")")]
        }
        self.status = status
        let reason =
            specification.isPrimary
            ? "the run ends" : "no \(specification.kind ?? specification.name) is left, the run ends"
        return [.log("\(text); \(reason)")] + terminate(now: now)
    }

    // MARK: - Ending

    private var runningChildren: [Int] {
        states.indices.filter { index in
            guard case .running = states[index] else { return false }
            return true
        }
    }

    private mutating func cancelRestarts() {
        for (child, state) in states.enumerated() {
            switch state {
            case .waiting, .dismissed: states[child] = .gone
            case .running, .gone: break
            }
        }
    }

    private mutating func settle(now: Moment) -> [Action] {
        phase = .settling(until: now.advanced(by: timing.settle))
        cancelRestarts()
        return finishIfEmpty()
    }

    private mutating func terminate(now: Moment) -> [Action] {
        phase = .terminating(until: now.advanced(by: timing.grace))
        cancelRestarts()
        return runningChildren.map { .terminate($0) } + finishIfEmpty()
    }

    private mutating func kill() -> [Action] {
        phase = .killing
        cancelRestarts()
        return runningChildren.map { .kill($0) } + finishIfEmpty()
    }

    private mutating func finishIfEmpty() -> [Action] {
        let isEmpty = states.allSatisfy { state in
            guard case .gone = state else { return false }
            return true
        }
        guard isEmpty else { return [] }
        phase = .over
        return [.finish(status)]
    }
}
