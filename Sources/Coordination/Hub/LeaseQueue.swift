package import Base
internal import DequeModule
package import Trajectories

/// What waits in a ``LeaseQueue``: under an id that no two have.
package protocol QueuedItem: Sendable {
    var id: CrystalID { get }
}

extension SampledCrystal: QueuedItem {}

/// The crystals of a run that wait for their outcome.
package typealias TaskQueue = LeaseQueue<SampledCrystal>

/// What waits for its outcome, such as the crystals of a run: in tasks of a few, leased to workers.
///
/// Every crystal put in comes out once, with a result. Nothing that happens to a worker is held against a crystal: what
/// a lease leaves open when it expires, or when its holder leaves, returns the task or is lost, goes to the front of
/// the queue, as one task, for any worker with room; those that already failed to answer for it come last.
///
/// The first lease of a task is as long as such tasks take (``ServiceTimes``), at most as configured, and each further
/// one as configured: what keeps every worker for long, such as a crystal that hangs its engine, is not with all of
/// them before the engine gives it up.
package struct LeaseQueue<Item: QueuedItem>: Sendable {
    /// A task's name within the hub's life.
    package typealias TaskID = UInt64

    private struct Task: Sendable {
        var crystals: [Item]
        /// When they were queued first; nil where nobody said.
        var since: Moment?
        /// Processes that had these crystals and did not answer for them.
        var triedBy: Set<InstanceID> = []
    }

    private struct Lease: Sendable {
        var task: Task
        var holder: InstanceID
        var since: Moment
        var until: Moment
        var hasExpired = false
    }

    /// A lease that is over: a late result of its holder still counts.
    private struct PastLease: Sendable {
        var holder: InstanceID
        /// In the order in which they were asked for.
        var asked: [CrystalID]
    }

    /// Where a crystal without an outcome is: a lease that expired has none.
    private enum Place: Sendable, Hashable {
        case waiting
        case leased(TaskID)
    }

    /// What a process was asked for by a task.
    package enum Asked: Sendable, Hashable {
        /// These crystals, in this order.
        case crystals([CrystalID])
        /// The task belongs to a batch that is over.
        case ofAnEarlierBatch
        /// The process never held it.
        case foreign
    }

    /// What came of a result.
    package struct Delivery: Sendable, Hashable {
        /// The crystals that waited for an outcome: each is named once, ever.
        package var accepted: Set<CrystalID> = []
        /// Crystals that the result leaves out though they wait for their outcome; they are queued again.
        package var missingCount = 0

        package init() {}
    }

    private let lease: Duration
    private let crystalsPerTask: Int
    /// Tasks that were leased before: they come first.
    private var returned = Deque<Task>()
    private var fresh = Deque<Task>()
    private var leases: [TaskID: Lease] = [:]
    private var pastLeases: [TaskID: PastLease] = [:]
    private var holdings: [InstanceID: Set<TaskID>] = [:]
    /// How many leases of a worker expired without an answer; none is zero.
    private var overdue: [InstanceID: Int] = [:]
    /// The crystals without an outcome.
    private var open: [CrystalID: Place] = [:]
    /// Those of them that are in a lease.
    private var heldCrystals = 0
    /// When the leases in force are over, and when all began, in the time of ``elapsed(_:)``.
    private var deadlines = Schedule<TaskID>()
    private var starts = Schedule<TaskID>()
    /// When those in force began that no second worker was given.
    private var alone = Schedule<TaskID>()
    /// How long tasks take.
    private var times = ServiceTimes()
    /// The time in which the hub itself stood still: no lease ran.
    private var pauses = Duration.zero
    /// The first task of this batch, and the next one.
    private var firstID: TaskID
    private var nextID: TaskID
    private let idStride: TaskID

    /// - Parameter idStride: from one task's id to the next.
    package init(lease: Duration, crystalsPerTask: Int, firstID: TaskID = 1, idStride: TaskID = 1) {
        self.lease = lease
        self.crystalsPerTask = crystalsPerTask
        self.firstID = firstID
        self.idStride = idStride
        nextID = firstID
    }

    package var waitingCount: Int { returned.count + fresh.count }
    package var leasedCount: Int { leases.count }
    /// Whether nothing waits for an outcome.
    var isEmpty: Bool { open.isEmpty }
    /// Crystals without an outcome.
    package var openCount: Int { open.count }
    /// Crystals without an outcome that are with no worker.
    package var waitingCrystals: Int { open.count - heldCrystals }

    /// How many tasks a worker holds, those included whose lease expired.
    package func held(by instance: InstanceID) -> Int { holdings[instance]?.count ?? 0 }

    /// Whether a lease of the worker expired without an answer.
    package func isOverdue(_ instance: InstanceID) -> Bool { overdue[instance] != nil }

    /// Queues crystals.
    ///
    /// - Parameters:
    ///   - size: of their tasks; nil: as of all.
    ///   - now: since when they wait; nil: nobody asks.
    /// - Complexity: O(1) for each crystal.
    package mutating func add(_ crystals: [Item], perTask size: Int? = nil, now: Moment? = nil) {
        let size = size ?? crystalsPerTask
        for start in stride(from: 0, to: crystals.count, by: size) {
            let part = Array(crystals[start..<min(start + size, crystals.count)])
            fresh.append(Task(crystals: part, since: now))
            for crystal in part { open[crystal.id] = .waiting }
        }
    }

    /// Queues crystals, each by itself, that others than some workers are to have.
    package mutating func add(_ crystals: [Item], excluding workers: Set<InstanceID>) {
        for crystal in crystals {
            returned.append(Task(crystals: [crystal], triedBy: workers))
            open[crystal.id] = .waiting
        }
    }

    /// Leases the first task that the worker may have; nil if none waits for it.
    ///
    /// - Parameter present: The workers that take tasks: one that did not answer for a task has it again only if none
    ///   of them did, but for those that are overdue.
    /// - Complexity: O(log n) in the leases, and O(k), k being the waiting tasks that the worker did not answer for.
    package mutating func lease(
        to instance: InstanceID, among present: Set<InstanceID> = [], now: Moment
    ) -> (id: TaskID, crystals: [Item])? {
        while var task = nextTask(for: instance, among: present) {
            // Another worker's late result may have come meanwhile.
            task.crystals.removeAll { open[$0.id] == nil }
            guard !task.crystals.isEmpty else { continue }
            let term = task.triedBy.isEmpty ? times.deadline(of: instance, atMost: lease) : lease
            return (begin(task, to: instance, for: term, now: now), task.crystals)
        }
        return nil
    }

    private mutating func begin(_ task: Task, to instance: InstanceID, for term: Duration, now: Moment) -> TaskID {
        let id = nextID
        nextID += idStride
        let since = elapsed(now)
        let until = since.advanced(by: term)
        leases[id] = Lease(task: task, holder: instance, since: since, until: until)
        deadlines.insert(id, at: until)
        starts.insert(id, at: since)
        if task.triedBy.isEmpty { alone.insert(id, at: since) }
        holdings[instance, default: []].insert(id)
        for crystal in task.crystals { open[crystal.id] = .leased(id) }
        heldCrystals += task.crystals.count
        return id
    }

    /// Whether a task has been with one worker for far longer than usual, and with no other.
    func hasLateTask(now: Moment) -> Bool {
        guard let lateness = times.lateness, let first = alone.first else { return false }
        return first.moment.advanced(by: lateness) <= elapsed(now)
    }

    /// Leases the task that has been with one worker for far longer than usual to another one as well; nil if there is
    /// none for it. The first result counts, whoever it is from.
    ///
    /// - Complexity: O(k log n) in the leases, k being the late tasks that are this worker's own, of which few are
    ///   looked at.
    package mutating func speculate(to instance: InstanceID, now: Moment) -> (id: TaskID, crystals: [Item])? {
        var passed: [(id: TaskID, since: Moment)] = []
        defer { for lease in passed { alone.insert(lease.id, at: lease.since) } }
        while passed.count < 4, hasLateTask(now: now), let id = alone.first?.key, let lease = leases[id] {
            alone.removeFirst()
            alone.dropForgotten { [leases] id, _ in leases[id]?.hasExpired ?? true }
            guard lease.holder != instance else {
                passed.append((id, lease.since))
                continue
            }
            var task = lease.task
            task.crystals.removeAll { open[$0.id] != .leased(id) }
            guard !task.crystals.isEmpty else { continue }
            task.triedBy.insert(lease.holder)
            lapse(id)
            return (begin(task, to: instance, for: self.lease, now: now), task.crystals)
        }
        return nil
    }

    /// Lets a lease go on without its crystals: they are another's, or wait, but a result still counts.
    private mutating func lapse(_ id: TaskID) {
        guard let lease = leases[id] else { return }
        leases[id]?.hasExpired = true
        overdue[lease.holder, default: 0] += 1
        release(lease.task, of: id)
        dropForgotten()
    }

    /// Drops what is over from the schedules: at their fronts, and behind a lease that never ends once it is too much.
    private mutating func dropForgotten() {
        let isOver: (TaskID, Moment) -> Bool = { [leases] id, _ in leases[id]?.hasExpired ?? true }
        let isGone: (TaskID, Moment) -> Bool = { [leases] id, _ in leases[id] == nil }
        deadlines.dropForgotten(isOver)
        alone.dropForgotten(isOver)
        starts.dropForgotten(isGone)
        deadlines.sweep(keeping: leases.count, isOver)
        alone.sweep(keeping: leases.count, isOver)
        starts.sweep(keeping: leases.count, isGone)
    }

    private mutating func nextTask(for instance: InstanceID, among present: Set<InstanceID>) -> Task? {
        let place = returned.firstIndex { task in
            !task.triedBy.contains(instance) || !hasOther(than: task.triedBy, among: present)
        }
        if let place { return returned.remove(at: place) }
        return fresh.popFirst()
    }

    /// What a process was, or is, asked for by a task.
    package func asked(_ id: TaskID, of instance: InstanceID) -> Asked {
        guard id >= firstID else { return .ofAnEarlierBatch }
        if let lease = leases[id], lease.holder == instance { return .crystals(lease.task.crystals.map(\.id)) }
        if let past = pastLeases[id], past.holder == instance { return .crystals(past.asked) }
        return .foreign
    }

    /// Whether a worker of `present` neither failed to answer for a task nor is overdue.
    private func hasOther(than failed: Set<InstanceID>, among present: Set<InstanceID>) -> Bool {
        // Of many workers few fail: their number decides.
        present.count > failed.count + overdue.count
            || present.contains { !failed.contains($0) && overdue[$0] == nil }
    }

    /// The time that leases are counted in: it stands still when the hub does.
    private func elapsed(_ now: Moment) -> Moment { now.advanced(by: .zero - pauses) }

    /// Ends a lease because its results came; what they leave out is queued again, for another worker first.
    ///
    /// Nothing is taken from a process that never held the task (``asked(_:of:)``).
    ///
    /// - Parameters:
    ///   - results: The crystals whose results can be used.
    ///   - now: The time, from which it is learned how long tasks take; nil: nothing is.
    /// - Complexity: O(log n) in the leases, O(1) for each crystal.
    package mutating func deliver(
        _ id: TaskID, results: [CrystalID], from instance: InstanceID, now: Moment? = nil
    ) -> Delivery {
        var delivery = Delivery()
        guard id >= firstID else { return delivery }
        if let lease = leases[id], lease.holder == instance {
            if let now, !results.isEmpty { times.note(lease.since.duration(to: elapsed(now)), of: instance) }
            let asked = lease.hasExpired ? Set(lease.task.crystals.lazy.map(\.id)) : nil
            for crystal in results where asked?.contains(crystal) ?? (open[crystal] == .leased(id)) {
                if finish(crystal) { delivery.accepted.insert(crystal) }
            }
            end(id)
            if !lease.hasExpired { delivery.missingCount = requeue(lease.task, triedBy: instance) }
        } else if let past = pastLeases[id], past.holder == instance {
            let asked = Set(past.asked)
            for crystal in results where asked.contains(crystal) && finish(crystal) {
                delivery.accepted.insert(crystal)
            }
        } else {
            return delivery
        }
        return delivery
    }

    /// Notes that a crystal has its outcome; false if it had.
    private mutating func finish(_ crystal: CrystalID) -> Bool {
        guard let place = open.removeValue(forKey: crystal) else { return false }
        if place != .waiting { heldCrystals -= 1 }
        return true
    }

    /// Queues a task again that its worker returns.
    @discardableResult
    package mutating func giveBack(_ id: TaskID, from instance: InstanceID) -> Bool {
        guard leases[id]?.holder == instance, let lease = end(id) else { return false }
        if !lease.hasExpired { requeue(lease.task) }
        return true
    }

    /// Queues again all tasks of a worker that is gone, or logs in anew; returns how many.
    package mutating func release(_ instance: InstanceID) -> Int {
        var count = 0
        for id in (holdings[instance] ?? []).sorted() {
            guard let lease = end(id), !lease.hasExpired else { continue }
            requeue(lease.task)
            count += 1
        }
        holdings[instance] = nil
        times.forget(instance)
        return count
    }

    /// Queues again the tasks whose lease expired; returns how many. They go on to fill their holder's window until it
    /// answers or leaves.
    ///
    /// - Complexity: O(k log n), k being the leases that were to end by now.
    package mutating func expire(now: Moment) -> Int {
        let time = elapsed(now)
        let expired = deadlines.takeDue {
            $0 <= time
        } moment: { [leases] id, _ in
            leases[id].flatMap { $0.hasExpired ? nil : $0.until }
        }
        for id in expired.sorted() {
            guard let lease = leases[id] else { continue }
            lapse(id)
            requeue(lease.task, triedBy: lease.holder)
        }
        return expired.count
    }

    /// Moves all deadlines by a time in which the hub itself stood still.
    package mutating func postpone(by pause: Duration) { pauses += pause }

    /// The holder of the task leased longest, how many it holds, and since when; nil if none is leased.
    package var longestLease: (holder: InstanceID, count: Int, since: Moment)? {
        guard let oldest = starts.first, let holder = leases[oldest.key]?.holder else { return nil }
        return (holder, held(by: holder), oldest.moment.advanced(by: pauses))
    }

    /// When the task was queued first that waits longest; nil if none waits, or nobody said.
    ///
    /// - Complexity: O(k), k being the waiting tasks that were leased before.
    var oldestWaiting: Moment? {
        (returned.lazy.map(\.since) + [fresh.first?.since]).compactMap { $0 }.min()
    }

    /// What a worker holds: its crystals that no other has, and since when it has the oldest.
    ///
    /// - Complexity: O(tasks that it holds).
    func holding(of instance: InstanceID) -> WorkHolding {
        var holding = WorkHolding()
        for lease in (holdings[instance] ?? []).lazy.compactMap({ leases[$0] }) {
            holding.add(lease.hasExpired ? 0 : lease.task.crystals.count, since: lease.since.advanced(by: pauses))
        }
        return holding
    }

    /// Forgets the crystals of versions before one, which nobody waits for any more; returns how many had no outcome.
    ///
    /// The leases of them that are over are forgotten as well, so that a run of many versions takes no more memory
    /// than one of few: what still comes of them is of an earlier batch.
    ///
    /// - Complexity: O(n) in the crystals without an outcome and the leases of versions that are not forgotten yet.
    package mutating func forget(before version: PolicyVersion) -> Int {
        let forgotten = open.keys.filter { $0.version < version }
        for crystal in forgotten { _ = finish(crystal) }
        pastLeases = pastLeases.filter { $0.value.asked.contains { $0.version >= version } }
        let known = [leases.keys.min(), pastLeases.keys.min(), nextID].compactMap { $0 }
        firstID = max(firstID, known.min() ?? nextID)
        return forgotten.count
    }

    /// Leases that are over and remembered, for late results.
    package var rememberedCount: Int { pastLeases.count }

    /// Forgets what waits for an outcome, because nobody waits for it any more. Leases stay until their holders answer.
    ///
    /// - Complexity: O(n) in the crystals without an outcome.
    mutating func forgetAll() {
        for crystal in Array(open.keys) { _ = finish(crystal) }
        returned.removeAll()
        fresh.removeAll()
        pastLeases.removeAll()
    }

    /// Forgets all work, for a new batch; how long it takes is the same.
    package mutating func removeAll() {
        let times = times
        self = LeaseQueue(lease: lease, crystalsPerTask: crystalsPerTask, firstID: nextID, idStride: idStride)
        self.times = times
    }

    @discardableResult
    private mutating func end(_ id: TaskID) -> Lease? {
        guard let lease = leases.removeValue(forKey: id) else { return nil }
        holdings[lease.holder]?.remove(id)
        if lease.hasExpired {
            let count = overdue[lease.holder] ?? 0
            overdue[lease.holder] = count > 1 ? count - 1 : nil
        } else {
            release(lease.task, of: id)
        }
        dropForgotten()
        pastLeases[id] = PastLease(holder: lease.holder, asked: lease.task.crystals.map(\.id))
        return lease
    }

    /// Notes that the open crystals of a lease are in it no more.
    private mutating func release(_ task: Task, of id: TaskID) {
        for crystal in task.crystals where open[crystal.id] == .leased(id) {
            open[crystal.id] = .waiting
            heldCrystals -= 1
        }
    }

    /// Queues the open crystals of a task again, before all others; returns how many there are.
    @discardableResult
    private mutating func requeue(_ task: Task, triedBy instance: InstanceID? = nil) -> Int {
        var task = task
        task.crystals.removeAll { open[$0.id] == nil }
        guard !task.crystals.isEmpty else { return 0 }
        if let instance { task.triedBy.insert(instance) }
        returned.append(task)
        return task.crystals.count
    }

    /// Checks in debug builds that every open crystal waits or is leased, once.
    ///
    /// - Complexity: O(crystals).
    package func checkInvariants() {
        #if DEBUG
            let running = leases.filter { !$0.value.hasExpired }
            var found: [CrystalID] = []
            for task in returned + fresh {
                for crystal in task.crystals {
                    guard let place = open[crystal.id] else { continue }
                    precondition(place == .waiting, "a crystal waits and is leased")
                    found.append(crystal.id)
                }
            }
            for (id, lease) in running {
                found += lease.task.crystals.map(\.id).filter { open[$0] == .leased(id) }
            }
            precondition(found.count == open.count, "an open crystal is lost, or queued twice")
            precondition(Set(found) == Set(open.keys), "the queue holds other crystals than the open ones")
            precondition(heldCrystals == open.values.count { $0 != .waiting }, "the leased crystals are miscounted")
            let held = holdings.values.reduce(0) { $0 + $1.count }
            precondition(held == leases.count, "the holdings are not the leases")
            for (id, lease) in leases {
                precondition(holdings[lease.holder]?.contains(id) == true, "a lease is not with its holder")
                precondition(pastLeases[id] == nil && id < nextID, "a lease is over and in force")
            }
            let expired = leases.filter(\.value.hasExpired)
            precondition(
                overdue == Dictionary(expired.map { ($0.value.holder, 1) }, uniquingKeysWith: +),
                "the expired leases are miscounted")
            for schedule in [deadlines, starts, alone] {
                let bound = 2 * (leases.count + 1) + Schedule<TaskID>.sweepSlack
                precondition(schedule.entries.count <= bound, "a schedule holds on to what is over")
            }
            check(deadlines, running, \.until)
            check(starts, leases, \.since)
            precondition(alone.first.map { running[$0.key] != nil } ?? true, "a lease that is over is late")
            // One whose crystals all have their outcomes, by late results of earlier holders, needs no second worker.
            let single = running.filter { id, lease in
                lease.task.triedBy.isEmpty && lease.task.crystals.contains { open[$0.id] == .leased(id) }
            }.keys
            precondition(single.allSatisfy(Set(alone.entries.map(\.key)).contains), "a task can never be late")
        #endif
    }

    #if DEBUG
        /// Each lease has its deadline, and the first one is of a lease.
        private func check(
            _ schedule: Schedule<TaskID>, _ leases: [TaskID: Lease], _ moment: (Lease) -> Moment
        ) {
            let entries = schedule.entries.filter { leases[$0.key] != nil }
            precondition(entries.count == leases.count, "a lease has no deadline, or two")
            precondition(
                entries.allSatisfy { leases[$0.key].map(moment) == $0.moment }, "a deadline is not its lease's")
            precondition(schedule.first.map { leases[$0.key] != nil } ?? true, "the first deadline is of no lease")
        }
    #endif
}
