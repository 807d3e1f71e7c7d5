/// The numbered units of one version: who holds which, which are done.
///
/// A unit is waiting, leased or done, and done only once. A lease that runs out puts the unit back, but goes on to fill
/// its holder's window, so that a stuck actor is given nothing more; its result is still taken if it comes first.
package struct UnitLedger: Sendable {
    private struct Lease: Sendable {
        var holder: SessionID
        var until: Moment
    }

    /// What a delivered unit is to the ledger.
    package enum Delivery: Sendable, Hashable {
        case accepted
        case duplicate
        /// No such unit, or not of that many crystals.
        case unknown
    }

    package let version: Int
    package let unitCount: Int
    private let runSeed: UInt64
    private let crystals: Int
    private let crystalsPerUnit: Int
    private let lease: Duration
    /// Units from here on were never granted.
    private var firstFresh = 0
    /// Units that wait to be granted again; all are below `firstFresh`.
    private var returned: Set<Int> = []
    private var leases: [Int: Lease] = [:]
    private var done: [Bool]
    private var holdings: [SessionID: Set<Int>] = [:]
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

    /// How many units an actor holds, those included whose lease ran out.
    package func held(by session: SessionID) -> Int { holdings[session]?.count ?? 0 }

    /// The unit of a number.
    package func unit(_ number: Int) -> WorkUnit {
        let first = number * crystalsPerUnit
        return WorkUnit(
            runSeed: runSeed, version: version, unit: number, firstCrystal: first,
            crystalCount: min(crystalsPerUnit, crystals - first))
    }

    /// Leases the first waiting unit that the actor does not hold already.
    ///
    /// - Returns: The unit, and whether it had been granted before; nil if there is none.
    package mutating func grant(to session: SessionID, now: Moment) -> (unit: WorkUnit, isRegrant: Bool)? {
        let held = holdings[session] ?? []
        let again = returned.lazy.filter { !held.contains($0) }.min()
        let number: Int
        if let again {
            number = again
            returned.remove(again)
        } else {
            while firstFresh < unitCount, done[firstFresh] { firstFresh += 1 }
            guard firstFresh < unitCount else { return nil }
            number = firstFresh
            firstFresh += 1
        }
        leases[number] = Lease(holder: session, until: now.advanced(by: lease))
        holdings[session, default: []].insert(number)
        return (unit(number), again != nil)
    }

    /// Takes in a sampled unit, from whoever sends it first.
    package mutating func deliver(unit number: Int, crystalCount: Int, from session: SessionID) -> Delivery {
        // An unusable result leaves the lease as it is: the caller gives the unit back.
        guard (0..<unitCount).contains(number), unit(number).crystalCount == crystalCount else { return .unknown }
        holdings[session]?.remove(number)
        guard !done[number] else { return .duplicate }
        done[number] = true
        leases[number] = nil
        returned.remove(number)
        doneCount += 1
        return .accepted
    }

    /// Puts back a unit that an actor returns; false if it was not leased to it.
    @discardableResult
    package mutating func giveBack(unit number: Int, from session: SessionID) -> Bool {
        holdings[session]?.remove(number)
        guard leases[number]?.holder == session else { return false }
        leases[number] = nil
        returned.insert(number)
        return true
    }

    /// Puts back all units of an actor that is gone.
    package mutating func release(_ session: SessionID) {
        for number in holdings.removeValue(forKey: session) ?? [] { giveBack(unit: number, from: session) }
    }

    /// Puts back the units whose lease ran out; returns them, in order, with their holders.
    package mutating func expire(now: Moment) -> [(unit: Int, holder: SessionID)] {
        let expired = leases.filter { $0.value.until <= now }.map { (unit: $0.key, holder: $0.value.holder) }
        for (number, _) in expired {
            leases[number] = nil
            returned.insert(number)
        }
        return expired.sorted { $0.unit < $1.unit }
    }
}
