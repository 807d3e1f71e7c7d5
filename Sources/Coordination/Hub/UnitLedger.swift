package import Base
internal import HeapModule
package import Trajectories

/// The numbered units of one version: who holds which, which are done.
///
/// A unit is waiting, leased, done or given up, and done only once. Units are opened as crystals are wanted; when a
/// newer version is sampled the ledger is closed: what nobody holds then, or later, is given up. A lease that expires
/// puts the unit back, but goes on to fill its holder's window, so that a stuck actor is given nothing more. A result
/// counts from any process that holds or held the unit, under whatever login: the first one is taken.
///
/// The first lease of a unit may be as short as units take (``ServiceTimes``); each further one is as configured, as of
/// tasks (``LeaseQueue``).
package struct UnitLedger: Sendable {
    private struct Lease: Sendable {
        var holder: InstanceID
        var since: Moment
        var until: Moment
    }

    /// What a delivered unit is to the ledger.
    package enum Delivery: Sendable, Hashable {
        case accepted
        case duplicate
        /// No such unit, or not of that many crystals.
        case unknown
        /// The sender never held it.
        case foreign
    }

    package let version: PolicyVersion
    private let runSeed: UInt64
    private let crystalsPerUnit: Int
    private let lease: Duration
    /// Units below are of an earlier life of the learner.
    private let firstUnit: Int
    /// The crystals of each unit, from ``firstUnit`` on.
    private var sizes: [Int] = []
    /// The first units that were opened together, each with when; nil where nobody said.
    private var openings: [(first: Int, moment: Moment)] = []
    /// Units from here on were never granted.
    private var firstFresh: Int
    /// Units that wait to be granted again; all are below `firstFresh`.
    private var returned: Set<Int> = []
    /// The same in order, among others that do not wait any more.
    private var returnedOrder = Heap<Int>()
    private var leases: [Int: Lease] = [:]
    /// When the leases are over, and when they began, in the time of ``elapsed(_:)``.
    private var deadlines = Schedule<Int>()
    private var starts = Schedule<Int>()
    /// The time in which the hub itself stood still: no lease ran.
    private var pauses = Duration.zero
    /// The units that were delivered, from ``firstUnit`` on.
    private var done: [Bool] = []
    /// Units that were granted and will not be again.
    private var givenUp: Set<Int> = []
    private var isClosed = false
    /// The crystals of those that were given up.
    package private(set) var givenUpCrystals = 0
    /// The units that an actor has to answer for, which fill its window, and since when (``elapsed(_:)``).
    private var holdings: [InstanceID: [Int: Moment]] = [:]
    /// Those of them whose lease expired; no set is empty.
    private var overdue: [InstanceID: Set<Int>] = [:]
    /// The actors that a unit was ever granted to.
    private var holders: [Int: Set<InstanceID>] = [:]
    /// The actors that failed to deliver a unit.
    private var triedBy: [Int: Set<InstanceID>] = [:]
    package private(set) var doneCount = 0
    /// The crystals of the units done.
    private(set) var deliveredCrystals = 0

    /// The crystals of all units but those given up.
    package private(set) var crystals = 0

    /// - Parameter firstUnit: The number of the first unit.
    package init(version: PolicyVersion, runSeed: UInt64, crystalsPerUnit: Int, lease: Duration, firstUnit: Int = 0) {
        precondition(crystalsPerUnit > 0 && firstUnit >= 0, "a unit has crystals")
        self.version = version
        self.runSeed = runSeed
        self.crystalsPerUnit = crystalsPerUnit
        self.lease = lease
        self.firstUnit = firstUnit
        firstFresh = firstUnit
    }

    /// Opens units for more crystals; the last one may have fewer than the others.
    ///
    /// - Parameter now: since when they wait; nil: nobody asks.
    package mutating func open(crystals count: Int, now: Moment? = nil) {
        guard !isClosed, count > 0 else { return }
        if let now { openings.append((firstUnit + sizes.count, now)) }
        for start in stride(from: 0, to: count, by: crystalsPerUnit) {
            sizes.append(min(crystalsPerUnit, count - start))
            done.append(false)
        }
        crystals += count
    }

    /// Grants no more: what nobody holds is given up, unless it was never granted. What is held may still be delivered.
    package mutating func close() {
        guard !isClosed else { return }
        isClosed = true
        crystals -= freshCrystals
        sizes.removeSubrange((firstFresh - firstUnit)...)
        done.removeSubrange((firstFresh - firstUnit)...)
        for number in returned { giveUp(number) }
        returned.removeAll()
        returnedOrder = Heap()
    }

    /// The crystals of units that were never granted.
    package var freshCrystals: Int { sizes[(firstFresh - firstUnit)...].reduce(0, +) }

    /// The units that are not given up.
    package var unitCount: Int { sizes.count - givenUp.count }

    package var leasedCount: Int { leases.count }
    package var waitingCount: Int { unitCount - doneCount - leases.count }
    package var isComplete: Bool { doneCount == unitCount }

    /// How many units an actor holds, those included whose lease expired.
    package func held(by instance: InstanceID) -> Int { holdings[instance]?.count ?? 0 }

    /// Whether a lease of the actor expired without an answer.
    package func isOverdue(_ instance: InstanceID) -> Bool { overdue[instance] != nil }

    /// Whether a unit was ever granted to an actor.
    func wasGranted(_ number: Int, to instance: InstanceID) -> Bool {
        holders[number]?.contains(instance) ?? false
    }

    /// The unit of a number.
    package func unit(_ number: Int) -> WorkUnit {
        WorkUnit(runSeed: runSeed, version: version, unit: number, crystalCount: sizes[number - firstUnit])
    }

    /// Leases the first waiting unit that the actor does not hold already.
    ///
    /// - Parameters:
    ///   - present: The actors that take units: one that failed to deliver a unit has it again only if all of them did,
    ///     but for those that are overdue.
    ///   - term: How long the actor may keep a unit that nobody failed to deliver; nil: as long as any.
    /// - Returns: The unit, and whether it had been granted before; nil if there is none.
    /// - Complexity: O((k + 1) log n) in the units, k being the waiting units that the actor failed to deliver.
    package mutating func grant(
        to instance: InstanceID, among present: Set<InstanceID> = [], for term: Duration? = nil, now: Moment
    ) -> (unit: WorkUnit, isRegrant: Bool)? {
        let again = takeReturned(for: instance, among: present)
        let number: Int
        if let again {
            number = again
        } else {
            guard firstFresh < firstUnit + sizes.count else { return nil }
            number = firstFresh
            firstFresh += 1
        }
        let since = elapsed(now)
        let until = since.advanced(by: triedBy[number] == nil ? term ?? lease : lease)
        deadlines.insert(number, at: until)
        starts.insert(number, at: since)
        leases[number] = Lease(holder: instance, since: since, until: until)
        holdings[instance, default: [:]][number] = since
        holders[number, default: []].insert(instance)
        return (unit(number), again != nil)
    }

    /// Takes out the first returned unit that an actor may have.
    private mutating func takeReturned(for instance: InstanceID, among present: Set<InstanceID>) -> Int? {
        var passed: [Int] = []
        defer { for number in passed { returnedOrder.insert(number) } }
        while let number = returnedOrder.popMin() {
            guard returned.contains(number) else { continue }
            let failed = triedBy[number] ?? []
            if holdings[instance]?[number] == nil,
                !failed.contains(instance) || !hasOther(than: failed, among: present)
            {
                returned.remove(number)
                return number
            }
            passed.append(number)
        }
        return nil
    }

    /// Whether an actor of `present` neither failed to deliver a unit nor is overdue.
    private func hasOther(than failed: Set<InstanceID>, among present: Set<InstanceID>) -> Bool {
        // Of many actors few fail: their number decides.
        present.count > failed.count + overdue.count
            || present.contains { !failed.contains($0) && overdue[$0] == nil }
    }

    /// The time that leases are counted in: it stands still when the hub does.
    private func elapsed(_ now: Moment) -> Moment { now.advanced(by: .zero - pauses) }

    /// For how long an actor has had a unit that it has to answer for; nil if it has not.
    package func time(of number: Int, with instance: InstanceID, now: Moment) -> Duration? {
        holdings[instance]?[number].map { $0.duration(to: elapsed(now)) }
    }

    /// Takes in a sampled unit, from whichever of its holders sends it first.
    package mutating func deliver(unit number: Int, crystalCount: Int, from instance: InstanceID) -> Delivery {
        // An unusable result leaves the lease as it is: the caller gives the unit back.
        guard sizes.indices.contains(number - firstUnit), unit(number).crystalCount == crystalCount else {
            return .unknown
        }
        guard wasGranted(number, to: instance) else { return .foreign }
        letGo(of: number, by: instance)
        guard !done[number - firstUnit], !givenUp.contains(number) else { return .duplicate }
        done[number - firstUnit] = true
        endLease(of: number)
        returned.remove(number)
        doneCount += 1
        deliveredCrystals += crystalCount
        return .accepted
    }

    /// Puts back a unit that an actor returns, or gives it up; false if it was not leased to it.
    ///
    /// - Parameter failed: Whether the actor could not deliver it, so that others come first.
    @discardableResult
    package mutating func giveBack(unit number: Int, from instance: InstanceID, failed: Bool = false) -> Bool {
        letGo(of: number, by: instance)
        if failed, wasGranted(number, to: instance) { markTried(number, by: instance) }
        guard leases[number]?.holder == instance else { return false }
        putBack(number)
        return true
    }

    /// Puts back all units of an actor that is gone, or logs in anew.
    package mutating func release(_ instance: InstanceID) {
        for number in (holdings[instance] ?? [:]).keys { giveBack(unit: number, from: instance) }
        holdings[instance] = nil
    }

    /// The holder of the unit leased longest, how many it holds, and since when; nil if none is leased.
    package var longestLease: (holder: InstanceID, count: Int, since: Moment)? {
        guard let oldest = starts.first, let holder = leases[oldest.key]?.holder else { return nil }
        let count = holdings[holder]?.keys.count { leases[$0]?.holder == holder } ?? 0
        return (holder, count, oldest.moment.advanced(by: pauses))
    }

    /// When the unit was opened that waits longest; nil if none waits, or nobody said.
    ///
    /// - Complexity: O(log n) in the units, O(k) in those that wait to be granted again.
    var oldestWaiting: Moment? {
        let fresh = firstFresh < firstUnit + sizes.count ? firstFresh : nil
        guard let first = [fresh, returned.min()].compactMap({ $0 }).min() else { return nil }
        var (low, high) = (0, openings.count)
        while low < high {
            let middle = (low + high) / 2
            if openings[middle].first <= first { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? openings[low - 1].moment : nil
    }

    /// The units that an actor has to answer for: the crystals of those that it alone has, and since when.
    ///
    /// - Complexity: O(units that it holds).
    func holding(of instance: InstanceID) -> WorkHolding {
        var holding = WorkHolding()
        for number in (holdings[instance] ?? [:]).keys {
            // One whose lease expired is waited for, and may be another's as well.
            let own = leases[number].flatMap { $0.holder == instance ? $0 : nil }
            holding.add(own == nil ? 0 : sizes[number - firstUnit], since: own?.since.advanced(by: pauses))
        }
        return holding
    }

    /// Puts back the units whose lease expired; returns them, in order, with their holders.
    ///
    /// - Complexity: O(k log n), k being the leases that were to end by now.
    package mutating func expire(now: Moment) -> [(unit: Int, holder: InstanceID)] {
        let time = elapsed(now)
        let expired = deadlines.takeDue {
            $0 <= time
        } moment: { [leases] number, moment in
            leases[number]?.until == moment ? moment : nil
        }
        return expired.sorted().compactMap { number in
            guard let holder = leases[number]?.holder else { return nil }
            overdue[holder, default: []].insert(number)
            markTried(number, by: holder)
            putBack(number)
            return (number, holder)
        }
    }

    /// Moves all deadlines by a time in which the hub itself stood still.
    package mutating func postpone(by pause: Duration) { pauses += pause }

    private mutating func markTried(_ number: Int, by instance: InstanceID) {
        triedBy[number, default: []].insert(instance)
    }

    private mutating func putBack(_ number: Int) {
        endLease(of: number)
        if isClosed {
            giveUp(number)
            return
        }
        returned.insert(number)
        returnedOrder.insert(number)
    }

    private mutating func giveUp(_ number: Int) {
        givenUp.insert(number)
        crystals -= sizes[number - firstUnit]
        givenUpCrystals += sizes[number - firstUnit]
    }

    private mutating func endLease(of number: Int) {
        leases[number] = nil
        deadlines.dropForgotten { [leases] in leases[$0]?.until != $1 }
        starts.dropForgotten { [leases] in leases[$0]?.since != $1 }
        // What is due late, or began early, may stay for as long as the version: units come back.
        deadlines.sweep(keeping: leases.count) { [leases] in leases[$0]?.until != $1 }
        starts.sweep(keeping: leases.count) { [leases] in leases[$0]?.since != $1 }
    }

    /// Notes that an actor has not to answer for a unit any more.
    private mutating func letGo(of number: Int, by instance: InstanceID) {
        holdings[instance]?[number] = nil
        guard overdue[instance]?.remove(number) != nil, overdue[instance]?.isEmpty == true else { return }
        overdue[instance] = nil
    }

    /// Checks in debug builds that every unit is in one state.
    ///
    /// - Complexity: O(units).
    package func checkInvariants() {
        #if DEBUG
            precondition(done.count(where: { $0 }) == doneCount, "the units done are not counted right")
            let numbers = firstUnit..<firstUnit + sizes.count
            let delivered = numbers.reduce(0) { $0 + (done[$1 - firstUnit] ? unit($1).crystalCount : 0) }
            precondition(delivered == deliveredCrystals, "the crystals of the units done are not counted right")
            let open = numbers.reduce(0) { $0 + (givenUp.contains($1) ? 0 : unit($1).crystalCount) }
            precondition(open == crystals, "the crystals of the units are not counted right")
            for number in numbers {
                let states = [
                    done[number - firstUnit], leases[number] != nil, returned.contains(number),
                    givenUp.contains(number), number >= firstFresh,
                ]
                precondition(states.count { $0 } == 1, "unit \(number) is in no state, or in two")
            }
            precondition(!isClosed || waitingCount == 0, "a closed ledger has units to grant")
            for (number, lease) in leases {
                precondition(holdings[lease.holder]?[number] == lease.since, "a lease is not with its holder")
            }
            for (instance, numbers) in holdings {
                for number in numbers.keys {
                    precondition(wasGranted(number, to: instance), "a unit held was never granted")
                }
            }
            for (instance, numbers) in overdue {
                let held = holdings[instance] ?? [:]
                precondition(!numbers.isEmpty && numbers.allSatisfy { held[$0] != nil }, "overdue of nothing")
                precondition(numbers.allSatisfy { leases[$0]?.holder != instance }, "overdue in time")
            }
            let order = returnedOrder.unordered.filter(returned.contains)
            precondition(order.count == returned.count && Set(order) == returned, "a returned unit is not in order")
            let ends = deadlines.entries.filter { leases[$0.key]?.until == $0.moment }
            precondition(Set(ends.map(\.key)) == Set(leases.keys), "a lease has no deadline")
            precondition(deadlines.first.map { leases[$0.key] != nil } ?? true, "the first deadline is of no lease")
            let begins = starts.entries.filter { leases[$0.key]?.since == $0.moment }
            precondition(Set(begins.map(\.key)) == Set(leases.keys), "a lease has no beginning")
            precondition(starts.first.map { leases[$0.key] != nil } ?? true, "the first beginning is of no lease")
        #endif
    }
}
