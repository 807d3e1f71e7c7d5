internal import Base
internal import Trajectories

/// The tasks of all recipes, a queue for each; a task's id tells its recipe.
struct TaskQueues<Item: QueuedItem>: Sendable {
    typealias TaskID = UInt64

    private var queues: [LeaseQueue<Item>]
    /// The ids of its tasks are beyond this.
    private let idsAfter: TaskID

    /// - Parameters:
    ///   - recipes: how many there are; at least one.
    ///   - idsAfter: the ids of its tasks are beyond this.
    init(recipes: Int, lease: Duration, crystalsPerTask: Int, idsAfter: TaskID = 0) {
        self.idsAfter = idsAfter
        queues = (0..<recipes).map { recipe in
            LeaseQueue(
                lease: lease, crystalsPerTask: crystalsPerTask, firstID: idsAfter + TaskID(recipe + 1),
                idStride: TaskID(recipes))
        }
    }

    /// The recipe of a task that may exist.
    func recipe(of id: TaskID) -> Int { Int((id &- idsAfter &- 1) % TaskID(queues.count)) }

    /// The queue of one recipe.
    subscript(recipe: Int) -> LeaseQueue<Item> { queues[recipe] }

    // MARK: - Of one recipe

    mutating func add(_ crystals: [Item], recipe: Int, perTask size: Int? = nil, now: Moment) {
        queues[recipe].add(crystals, perTask: size, now: now)
    }

    mutating func lease(
        to instance: InstanceID, recipe: Int, among present: Set<InstanceID>, now: Moment
    ) -> (id: TaskID, crystals: [Item])? {
        queues[recipe].lease(to: instance, among: present, now: now)
    }

    mutating func speculate(
        to instance: InstanceID, recipe: Int, now: Moment
    ) -> (id: TaskID, crystals: [Item])? {
        queues[recipe].speculate(to: instance, now: now)
    }

    // MARK: - Of one task

    func asked(_ id: TaskID, of instance: InstanceID) -> LeaseQueue<Item>.Asked {
        queues[recipe(of: id)].asked(id, of: instance)
    }

    mutating func deliver(
        _ id: TaskID, results: [CrystalID], from instance: InstanceID, now: Moment
    ) -> LeaseQueue<Item>.Delivery {
        queues[recipe(of: id)].deliver(id, results: results, from: instance, now: now)
    }

    @discardableResult
    mutating func giveBack(_ id: TaskID, from instance: InstanceID) -> Bool {
        queues[recipe(of: id)].giveBack(id, from: instance)
    }

    // MARK: - Of all

    var waitingCount: Int { queues.reduce(0) { $0 + $1.waitingCount } }
    var leasedCount: Int { queues.reduce(0) { $0 + $1.leasedCount } }
    var waitingCrystals: Int { queues.reduce(0) { $0 + $1.waitingCrystals } }

    func held(by instance: InstanceID) -> Int { queues.reduce(0) { $0 + $1.held(by: instance) } }

    func holding(of instance: InstanceID) -> WorkHolding {
        queues.reduce(into: WorkHolding()) { $0.add($1.holding(of: instance)) }
    }

    var longestLease: (holder: InstanceID, count: Int, since: Moment)? {
        queues.compactMap(\.longestLease).min { $0.since < $1.since }
    }

    mutating func release(_ instance: InstanceID) -> Int { sum { $0.release(instance) } }

    mutating func expire(now: Moment) -> Int { sum { $0.expire(now: now) } }

    /// Returns how many crystals had no outcome by the recipe that decides.
    mutating func forget(before version: PolicyVersion) -> Int {
        var forgotten = 0
        for recipe in queues.indices {
            let count = queues[recipe].forget(before: version)
            if recipe == 0 { forgotten = count }
        }
        return forgotten
    }

    mutating func postpone(by pause: Duration) {
        for recipe in queues.indices { queues[recipe].postpone(by: pause) }
    }

    mutating func forgetAll() {
        for recipe in queues.indices { queues[recipe].forgetAll() }
    }

    mutating func removeAll() {
        for recipe in queues.indices { queues[recipe].removeAll() }
    }

    func checkInvariants() {
        for queue in queues { queue.checkInvariants() }
    }

    private mutating func sum(_ work: (inout LeaseQueue<Item>) -> Int) -> Int {
        var total = 0
        for recipe in queues.indices { total += work(&queues[recipe]) }
        return total
    }
}
