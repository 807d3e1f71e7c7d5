/// The crystals that wait for their reward: in tasks of a few, leased to workers.
///
/// Every crystal put in comes out once: with a result, or abandoned after its tasks were lost too often. When a worker
/// is lost, its crystals become suspects: each is leased alone, to a worker that holds nothing else, so that the one that kills
/// workers is found and takes no other with it.
package struct TaskQueue: Sendable {
    /// A task's name within the hub's life.
    package typealias TaskID = UInt64

    private struct Task: Sendable {
        var crystals: [SampledCrystal]
        /// How many workers these crystals have cost.
        var losses: Int

        var isSuspect: Bool { losses > 0 }
    }

    /// First in, first out.
    private struct Queue: Sendable {
        private var tasks: [Task] = []
        private var head = 0

        var count: Int { tasks.count - head }

        mutating func append(_ task: Task) { tasks.append(task) }

        mutating func pop() -> Task? {
            guard head < tasks.count else { return nil }
            let task = tasks[head]
            tasks[head].crystals = []
            head += 1
            if head > 64, head * 2 > tasks.count {
                tasks.removeFirst(head)
                head = 0
            }
            return task
        }
    }

    private struct Lease: Sendable {
        var task: Task
        var holder: SessionID
        var until: Moment
        var hasExpired = false
    }

    private let lease: Duration
    private let lossesBeforeFailure: Int
    private let crystalsPerTask: Int
    private var fresh = Queue()
    private var suspects = Queue()
    private var leases: [TaskID: Lease] = [:]
    private var holdings: [SessionID: Set<TaskID>] = [:]
    private var open: Set<CrystalID> = []
    private var nextID: TaskID

    package init(lease: Duration, crystalsPerTask: Int, lossesBeforeFailure: Int, firstID: TaskID = 1) {
        self.lease = lease
        self.crystalsPerTask = crystalsPerTask
        self.lossesBeforeFailure = lossesBeforeFailure
        nextID = firstID
    }

    package var waitingCount: Int { fresh.count + suspects.count }
    package var leasedCount: Int { leases.count }
    /// Crystals without an outcome.
    package var openCount: Int { open.count }

    /// How many tasks a worker holds, those included whose lease ran out.
    package func held(by session: SessionID) -> Int { holdings[session]?.count ?? 0 }

    /// Queues crystals.
    package mutating func add(_ crystals: [SampledCrystal]) {
        for start in stride(from: 0, to: crystals.count, by: crystalsPerTask) {
            let part = Array(crystals[start..<min(start + crystalsPerTask, crystals.count)])
            fresh.append(Task(crystals: part, losses: 0))
            open.formUnion(part.lazy.map(\.id))
        }
    }

    /// Leases the oldest task that the worker may have; nil if none waits.
    package mutating func lease(to session: SessionID, now: Moment) -> (id: TaskID, crystals: [SampledCrystal])? {
        let held = holdings[session] ?? []
        if held.contains(where: { leases[$0]?.task.isSuspect == true }) { return nil }
        while var task = (held.isEmpty ? suspects.pop() : nil) ?? fresh.pop() {
            // Another worker's late result may have come meanwhile.
            task.crystals.removeAll { !open.contains($0.id) }
            guard !task.crystals.isEmpty else { continue }
            let id = nextID
            nextID += 1
            leases[id] = Lease(task: task, holder: session, until: now.advanced(by: lease))
            holdings[session, default: []].insert(id)
            return (id, task.crystals)
        }
        return nil
    }

    /// Ends a lease because its results came; what they leave out is queued again.
    ///
    /// - Returns: The crystals among `results` that waited for an outcome: each is named once, ever.
    package mutating func deliver(
        _ id: TaskID, results: [CrystalID], from session: SessionID
    ) -> (accepted: Set<CrystalID>, abandoned: [CrystalID]) {
        var accepted: Set<CrystalID> = []
        for crystal in results where open.remove(crystal) != nil { accepted.insert(crystal) }
        guard let lease = leases[id], lease.holder == session else { return (accepted, []) }
        end(id)
        return (accepted, lease.hasExpired ? [] : requeue(lease.task, blame: true))
    }

    /// Queues a task again that its worker returns.
    @discardableResult
    package mutating func giveBack(_ id: TaskID, from session: SessionID) -> Bool {
        guard let lease = leases[id], lease.holder == session else { return false }
        end(id)
        if !lease.hasExpired { _ = requeue(lease.task, blame: false) }
        return true
    }

    /// Queues again all tasks of a worker that is gone.
    ///
    /// - Parameter blame: Whether the crystals may have killed it.
    /// - Returns: How many tasks, and the crystals that are given up.
    package mutating func release(_ session: SessionID, blame: Bool) -> (requeued: Int, abandoned: [CrystalID]) {
        var requeued = 0
        var abandoned: [CrystalID] = []
        for id in (holdings[session] ?? []).sorted() {
            guard let lease = leases[id] else { continue }
            end(id)
            guard !lease.hasExpired else { continue }
            requeued += 1
            abandoned += requeue(lease.task, blame: blame)
        }
        holdings[session] = nil
        return (requeued, abandoned)
    }

    /// Queues again the tasks whose lease ran out. They go on to fill their holder's window until it answers or leaves.
    package mutating func expire(now: Moment) -> (requeued: Int, abandoned: [CrystalID]) {
        let expired = leases.filter { !$0.value.hasExpired && $0.value.until <= now }.keys.sorted()
        var abandoned: [CrystalID] = []
        for id in expired {
            guard let task = leases[id]?.task else { continue }
            leases[id]?.hasExpired = true
            abandoned += requeue(task, blame: true)
        }
        return (expired.count, abandoned)
    }

    /// Forgets all work, for a new batch.
    package mutating func removeAll() {
        fresh = Queue()
        suspects = Queue()
        leases.removeAll()
        holdings.removeAll()
        open.removeAll()
    }

    private mutating func end(_ id: TaskID) {
        guard let lease = leases.removeValue(forKey: id) else { return }
        holdings[lease.holder]?.remove(id)
    }

    /// Queues the open crystals of a task again, or gives them up.
    private mutating func requeue(_ task: Task, blame: Bool) -> [CrystalID] {
        let crystals = task.crystals.filter { open.contains($0.id) }
        guard !crystals.isEmpty else { return [] }
        guard blame else {
            let again = Task(crystals: crystals, losses: task.losses)
            if again.isSuspect { suspects.append(again) } else { fresh.append(again) }
            return []
        }
        let losses = task.losses + 1
        guard losses < lossesBeforeFailure else {
            open.subtract(crystals.lazy.map(\.id))
            return crystals.map(\.id)
        }
        for crystal in crystals { suspects.append(Task(crystals: [crystal], losses: losses)) }
        return []
    }
}
