package import Base
package import Trajectories

/// The numbered units of one version: who holds which, which are done.
///
/// A unit is waiting, leased or done, and done only once. A lease that expires puts the unit back, but goes on to fill
/// its holder's window, so that a stuck actor is given nothing more. A result counts from any process that holds or
/// held the unit, under whatever login: the first one is taken.
package struct UnitLedger: Sendable {
    private struct Lease: Sendable {
        var holder: InstanceID
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

    package let version: Int
    package let unitCount: Int
    private let runSeed: UInt64
    private let crystals: Int
    private let crystalsPerUnit: Int
    private let lease: Duration
    /// Units from here on were never granted.
    private var firstFresh = 0
    /// Units that wait to be granted again, and the actors that failed to deliver them; all are below `firstFresh`.
    private var returned: [Int: Set<InstanceID>] = [:]
    private var leases: [Int: Lease] = [:]
    private var done: [Bool]
    /// The units that an actor has to answer for: they fill its window.
    private var holdings: [InstanceID: Set<Int>] = [:]
    /// The actors that a unit was ever granted to.
    private var holders: [Int: Set<InstanceID>] = [:]
    /// The actors that failed to deliver a unit.
    private var triedBy: [Int: Set<InstanceID>] = [:]
    package private(set) var doneCount = 0

    /// - Parameters:
    ///   - crystals: Of the whole batch; the last unit may have fewer than the others.
    package init(version: Int, runSeed: UInt64, crystals: Int, crystalsPerUnit: Int, lease: Duration) {
        precondition(crystals > 0 && crystalsPerUnit > 0, "a batch has crystals")
        self.version = version
        self.runSeed = runSeed
        self.crystals = crystals
        self.crystalsPerUnit = crystalsPerUnit
        self.lease = lease
        unitCount = (crystals + crystalsPerUnit - 1) / crystalsPerUnit
        done = Array(repeating: false, count: unitCount)
    }

    package var leasedCount: Int { leases.count }
    package var waitingCount: Int { unitCount - doneCount - leases.count }
    package var isComplete: Bool { doneCount == unitCount }
    /// Whether a waiting unit should rather go to some actors than to others.
    package var hasPreferences: Bool { returned.values.contains { !$0.isEmpty } }

    /// How many units an actor holds, those included whose lease expired.
    package func held(by instance: InstanceID) -> Int { holdings[instance]?.count ?? 0 }

    /// Whether a lease of the actor expired without an answer.
    package func isOverdue(_ instance: InstanceID) -> Bool {
        holdings[instance]?.contains { leases[$0]?.holder != instance } ?? false
    }

    /// Whether a unit was ever granted to an actor.
    package func wasGranted(_ number: Int, to instance: InstanceID) -> Bool {
        holders[number]?.contains(instance) ?? false
    }

    /// The unit of a number.
    package func unit(_ number: Int) -> WorkUnit {
        let first = number * crystalsPerUnit
        return WorkUnit(
            runSeed: runSeed, version: version, unit: number, crystalCount: min(crystalsPerUnit, crystals - first))
    }

    /// Leases the first waiting unit that the actor does not hold already.
    ///
    /// - Parameter present: The actors that could take a unit: one that failed to deliver a unit has it again only if
    ///   they
    ///   all did.
    /// - Returns: The unit, and whether it had been granted before; nil if there is none.
    package mutating func grant(
        to instance: InstanceID, among present: Set<InstanceID> = [], now: Moment
    ) -> (unit: WorkUnit, isRegrant: Bool)? {
        let held = holdings[instance] ?? []
        let again = returned.lazy.filter { number, failed in
            !held.contains(number) && (!failed.contains(instance) || present.isSubset(of: failed))
        }.map(\.key).min()
        let number: Int
        if let again {
            number = again
            returned[again] = nil
        } else {
            guard firstFresh < unitCount else { return nil }
            number = firstFresh
            firstFresh += 1
        }
        leases[number] = Lease(holder: instance, until: now.advanced(by: lease))
        holdings[instance, default: []].insert(number)
        holders[number, default: []].insert(instance)
        return (unit(number), again != nil)
    }

    /// Takes in a sampled unit, from whichever of its holders sends it first.
    package mutating func deliver(unit number: Int, crystalCount: Int, from instance: InstanceID) -> Delivery {
        // An unusable result leaves the lease as it is: the caller gives the unit back.
        guard (0..<unitCount).contains(number), unit(number).crystalCount == crystalCount else { return .unknown }
        guard wasGranted(number, to: instance) else { return .foreign }
        holdings[instance]?.remove(number)
        guard !done[number] else { return .duplicate }
        done[number] = true
        leases[number] = nil
        returned[number] = nil
        doneCount += 1
        return .accepted
    }

    /// Puts back a unit that an actor returns; false if it was not leased to it.
    ///
    /// - Parameter failed: Whether the actor could not deliver it, so that others come first.
    @discardableResult
    package mutating func giveBack(unit number: Int, from instance: InstanceID, failed: Bool = false) -> Bool {
        holdings[instance]?.remove(number)
        if failed, wasGranted(number, to: instance) { markTried(number, by: instance) }
        guard leases[number]?.holder == instance else { return false }
        putBack(number)
        return true
    }

    /// Puts back all units of an actor that is gone, or logs in anew.
    package mutating func release(_ instance: InstanceID) {
        for number in holdings.removeValue(forKey: instance) ?? [] { giveBack(unit: number, from: instance) }
    }

    /// The holder of the unit leased longest, how many it holds, and since when; nil if none is leased.
    package var longestLease: (holder: InstanceID, count: Int, since: Moment)? {
        guard let oldest = leases.values.min(by: { $0.until < $1.until }) else { return nil }
        let count = leases.values.count { $0.holder == oldest.holder }
        return (oldest.holder, count, oldest.until.advanced(by: .zero - lease))
    }

    /// Puts back the units whose lease expired; returns them, in order, with their holders.
    package mutating func expire(now: Moment) -> [(unit: Int, holder: InstanceID)] {
        let expired = leases.filter { $0.value.until <= now }.map { (unit: $0.key, holder: $0.value.holder) }
        for (number, holder) in expired {
            markTried(number, by: holder)
            putBack(number)
        }
        return expired.sorted { $0.unit < $1.unit }
    }

    /// Moves all deadlines by a time in which the hub itself stood still.
    package mutating func postpone(by pause: Duration) {
        for (number, lease) in leases { leases[number]?.until = lease.until.advanced(by: pause) }
    }

    private mutating func markTried(_ number: Int, by instance: InstanceID) {
        triedBy[number, default: []].insert(instance)
        if returned[number] != nil { returned[number]?.insert(instance) }
    }

    private mutating func putBack(_ number: Int) {
        leases[number] = nil
        returned[number] = triedBy[number] ?? []
    }

    /// Checks in debug builds that every unit is in one state.
    ///
    /// - Complexity: O(units).
    package func checkInvariants() {
        #if DEBUG
            precondition(done.count(where: { $0 }) == doneCount, "the units done are not counted right")
            for number in 0..<unitCount {
                let states = [done[number], leases[number] != nil, returned[number] != nil, number >= firstFresh]
                precondition(states.count { $0 } == 1, "unit \(number) is in no state, or in two")
            }
            for (number, lease) in leases {
                precondition(holdings[lease.holder]?.contains(number) == true, "a lease is not with its holder")
            }
            for (instance, numbers) in holdings {
                for number in numbers {
                    precondition(wasGranted(number, to: instance), "a unit held was never granted")
                }
            }
        #endif
    }
}
