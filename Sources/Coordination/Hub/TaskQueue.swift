package import Base
package import Trajectories

/// The crystals that wait for their reward: in tasks of a few, leased to workers.
///
/// Every crystal put in comes out once, with a result. Nothing that happens to a worker is held against a crystal: what
/// a lease leaves open when it expires, or when its holder leaves, returns the task or is lost, goes to the front of
/// the queue, as one task, for any worker with room; those that already failed to answer for it come last.
package struct TaskQueue: Sendable {
    /// A task's name within the hub's life.
    package typealias TaskID = UInt64

    private struct Task: Sendable {
        var crystals: [SampledCrystal]
        /// Processes that had these crystals and did not answer for them.
        var triedBy: Set<InstanceID> = []
    }

    private struct Lease: Sendable {
        var task: Task
        var holder: InstanceID
        var until: Moment
        var hasExpired = false
    }

    /// A lease that is over: a late result of its holder still counts.
    private struct PastLease: Sendable {
        var holder: InstanceID
        /// In the order in which they were asked for.
        var asked: [CrystalID]
        /// Those without a usable result so far.
        var crystals: Set<CrystalID>
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
    private var returned: [Task] = []
    private var fresh = ArraySlice<Task>()
    private var leases: [TaskID: Lease] = [:]
    private var pastLeases: [TaskID: PastLease] = [:]
    private var holdings: [InstanceID: Set<TaskID>] = [:]
    private var open: Set<CrystalID> = []
    /// The first task of this batch, and the next one.
    private var firstID: TaskID
    private var nextID: TaskID

    package init(lease: Duration, crystalsPerTask: Int, firstID: TaskID = 1) {
        self.lease = lease
        self.crystalsPerTask = crystalsPerTask
        self.firstID = firstID
        nextID = firstID
    }

    package var waitingCount: Int { returned.count + fresh.count }
    package var leasedCount: Int { leases.count }
    /// Crystals without an outcome.
    package var openCount: Int { open.count }
    /// Whether a waiting task should rather go to some workers than to others.
    package var hasPreferences: Bool { returned.contains { !$0.triedBy.isEmpty } }

    /// How many tasks a worker holds, those included whose lease expired.
    package func held(by instance: InstanceID) -> Int { holdings[instance]?.count ?? 0 }

    /// Whether a lease of the worker expired without an answer.
    package func isOverdue(_ instance: InstanceID) -> Bool {
        holdings[instance]?.contains { leases[$0]?.hasExpired == true } ?? false
    }

    /// Queues crystals.
    package mutating func add(_ crystals: [SampledCrystal]) {
        for start in stride(from: 0, to: crystals.count, by: crystalsPerTask) {
            let part = Array(crystals[start..<min(start + crystalsPerTask, crystals.count)])
            fresh.append(Task(crystals: part))
            open.formUnion(part.lazy.map(\.id))
        }
    }

    /// Leases the first task that the worker may have; nil if none waits for it.
    ///
    /// - Parameter present: The workers that could take a task: one that did not answer for a task has it again only if
    ///   they all did not.
    package mutating func lease(
        to instance: InstanceID, among present: Set<InstanceID> = [], now: Moment
    ) -> (id: TaskID, crystals: [SampledCrystal])? {
        while var task = nextTask(for: instance, among: present) {
            // Another worker's late result may have come meanwhile.
            task.crystals.removeAll { !open.contains($0.id) }
            guard !task.crystals.isEmpty else { continue }
            let id = nextID
            nextID += 1
            leases[id] = Lease(task: task, holder: instance, until: now.advanced(by: lease))
            holdings[instance, default: []].insert(id)
            return (id, task.crystals)
        }
        return nil
    }

    private mutating func nextTask(for instance: InstanceID, among present: Set<InstanceID>) -> Task? {
        let place = returned.firstIndex { task in
            !task.triedBy.contains(instance) || present.isSubset(of: task.triedBy)
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

    /// Ends a lease because its results came; what they leave out is queued again, for another worker first.
    ///
    /// Nothing is taken from a process that never held the task (``asked(_:of:)``).
    ///
    /// - Parameter results: The crystals whose results can be used.
    package mutating func deliver(_ id: TaskID, results: [CrystalID], from instance: InstanceID) -> Delivery {
        var delivery = Delivery()
        guard id >= firstID else { return delivery }
        let asked: Set<CrystalID>
        if let lease = leases[id], lease.holder == instance {
            asked = Set(lease.task.crystals.lazy.map(\.id))
        } else if let past = pastLeases[id], past.holder == instance {
            asked = past.crystals
        } else {
            return delivery
        }
        for crystal in results where asked.contains(crystal) && open.remove(crystal) != nil {
            delivery.accepted.insert(crystal)
        }
        if let lease = end(id) {
            if !lease.hasExpired { delivery.missingCount = requeue(lease.task, triedBy: instance) }
            pastLeases[id]?.crystals.subtract(results)
        }
        return delivery
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
        return count
    }

    /// Queues again the tasks whose lease expired; returns how many. They go on to fill their holder's window until it
    /// answers or leaves.
    package mutating func expire(now: Moment) -> Int {
        let expired = leases.filter { !$0.value.hasExpired && $0.value.until <= now }.keys.sorted()
        for id in expired {
            guard let lease = leases[id] else { continue }
            leases[id]?.hasExpired = true
            requeue(lease.task, triedBy: lease.holder)
        }
        return expired.count
    }

    /// Moves all deadlines by a time in which the hub itself stood still.
    package mutating func postpone(by pause: Duration) {
        for (id, lease) in leases { leases[id]?.until = lease.until.advanced(by: pause) }
    }

    /// Crystals without an outcome that are with no worker.
    package var waitingCrystals: Int {
        var held: Set<CrystalID> = []
        for lease in leases.values where !lease.hasExpired { held.formUnion(lease.task.crystals.lazy.map(\.id)) }
        return open.subtracting(held).count
    }

    /// The holder of the task leased longest, how many it holds, and since when; nil if none is leased.
    package var longestLease: (holder: InstanceID, count: Int, since: Moment)? {
        guard let oldest = leases.values.min(by: { $0.until < $1.until }) else { return nil }
        return (oldest.holder, held(by: oldest.holder), oldest.until.advanced(by: .zero - lease))
    }

    /// Forgets all work, for a new batch.
    package mutating func removeAll() {
        self = TaskQueue(lease: lease, crystalsPerTask: crystalsPerTask, firstID: nextID)
    }

    private mutating func end(_ id: TaskID) -> Lease? {
        guard let lease = leases.removeValue(forKey: id) else { return nil }
        holdings[lease.holder]?.remove(id)
        let asked = lease.task.crystals.map(\.id)
        pastLeases[id] = PastLease(holder: lease.holder, asked: asked, crystals: Set(asked))
        return lease
    }

    /// Queues the open crystals of a task again, before all others; returns how many there are.
    @discardableResult
    private mutating func requeue(_ task: Task, triedBy instance: InstanceID? = nil) -> Int {
        var task = task
        task.crystals.removeAll { !open.contains($0.id) }
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
            let running = leases.values.filter { !$0.hasExpired }.map(\.task)
            var found: [CrystalID] = []
            for task in returned + fresh + running { found += task.crystals.map(\.id).filter(open.contains) }
            precondition(found.count == open.count, "an open crystal is lost, or queued twice")
            precondition(Set(found) == open, "the queue holds other crystals than the open ones")
            let held = holdings.values.reduce(0) { $0 + $1.count }
            precondition(held == leases.count, "the holdings are not the leases")
            for (id, lease) in leases {
                precondition(holdings[lease.holder]?.contains(id) == true, "a lease is not with its holder")
                precondition(pastLeases[id] == nil && id < nextID, "a lease is over and in force")
            }
        #endif
    }
}
