import Messaging

/// A process to supervise.
package struct ChildSpecification: Sendable, Hashable {
    package var name: String
    /// The path of the program.
    package var executable: String
    package var arguments: [String]
    /// Arguments added when it is started again, such as `--resume`.
    package var restartArguments: [String] = []
    /// The one that decides: the run ends with it.
    package var isPrimary = false
    /// Starts after the first before the run is given up.
    package var maximumRestarts = 20

    package init(name: String, executable: String, arguments: [String]) {
        self.name = name
        self.executable = executable
        self.arguments = arguments
    }
}

/// What to do with the children of a supervisor; a pure state machine.
///
/// A child that dies is started again after a wait that doubles; a child that leaves with success has been told to. When the
/// primary succeeds the others get time to leave, are asked to, and are killed, in this order.
package struct SupervisionCore: Sendable {
    package enum Action: Sendable, Hashable {
        case start(Int, isRestart: Bool)
        case terminate(Int)
        case kill(Int)
        case log(String)
        /// All children are gone; the exit status of the whole.
        case finish(Int32)
    }

    package struct Timing: Sendable {
        package var firstWait = Duration.milliseconds(500)
        package var longestWait = Duration.seconds(10)
        /// A child that lived this long starts with the first wait again.
        package var healthyAfter = Duration.seconds(60)
        /// From the primary's success to asking the others to leave.
        package var settle = Duration.seconds(10)
        /// From asking to killing.
        package var grace = Duration.seconds(30)

        package init() {}
    }

    private enum ChildState: Sendable {
        case running(since: Moment)
        case waiting(until: Moment)
        case gone
    }

    private enum Phase: Sendable {
        case running
        /// The primary has succeeded: the others leave by themselves until then.
        case settling(until: Moment)
        case terminating(until: Moment)
        case killing
        case over
    }

    private let children: [ChildSpecification]
    private let timing: Timing
    private var states: [ChildState] = []
    private var failures: [Int]
    private var phase = Phase.running
    private var status: Int32 = 0
    /// How often each child was started again.
    package private(set) var restarts: [Int]

    package init(children: [ChildSpecification], timing: Timing = Timing()) {
        self.children = children
        self.timing = timing
        failures = Array(repeating: 0, count: children.count)
        restarts = failures
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
        let specification = children[child]
        guard case .running = phase else {
            if specification.isPrimary, status != 0 { self.status = status }
            return finishIfEmpty()
        }
        if status == 0 {
            guard specification.isPrimary else { return [.log("\(specification.name) left")] + finishIfEmpty() }
            phase = .settling(until: now.advanced(by: timing.settle))
            cancelRestarts()
            return finishIfEmpty()
        }
        if since.duration(to: now) > timing.healthyAfter { failures[child] = 0 }
        guard restarts[child] < specification.maximumRestarts else {
            self.status = 1
            let text =
                "\(specification.name) ended with status \(status), \(restarts[child] + 1) times in all: giving up"
            return [.log(text)] + terminate(now: now)
        }
        let wait = min(timing.longestWait, timing.firstWait * (1 << min(failures[child], 10)))
        failures[child] += 1
        states[child] = .waiting(until: now.advanced(by: wait))
        return [
            .log("\(specification.name) ended with status \(status); starting it again in \(wait.milliseconds) ms")
        ]
    }

    /// Somebody asked to stop.
    package mutating func stop(now: Moment) -> [Action] {
        switch phase {
        case .running, .settling: terminate(now: now)
        case .terminating, .killing, .over: []
        }
    }

    /// Does what is due.
    package mutating func tick(now: Moment) -> [Action] {
        switch phase {
        case .running:
            var actions: [Action] = []
            for (child, state) in states.enumerated() {
                guard case .waiting(let until) = state, until <= now else { continue }
                states[child] = .running(since: now)
                restarts[child] += 1
                actions.append(.start(child, isRestart: true))
            }
            return actions
        case .settling(let until): return until <= now ? terminate(now: now) : []
        case .terminating(let until):
            guard until <= now else { return [] }
            phase = .killing
            return runningChildren.map { .kill($0) }
        case .killing, .over: return []
        }
    }

    private var runningChildren: [Int] {
        states.indices.filter { index in
            guard case .running = states[index] else { return false }
            return true
        }
    }

    private mutating func cancelRestarts() {
        for (child, state) in states.enumerated() {
            if case .waiting = state { states[child] = .gone }
        }
    }

    private mutating func terminate(now: Moment) -> [Action] {
        phase = .terminating(until: now.advanced(by: timing.grace))
        cancelRestarts()
        return runningChildren.map { .terminate($0) } + finishIfEmpty()
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
