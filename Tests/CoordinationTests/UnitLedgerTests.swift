import Coordination
import FleetFixtures
import Testing
import Trajectories

@Suite struct UnitLedgerTests {
    private let now = Toys.begin
    private let anna = InstanceID(1)
    private let bert = InstanceID(2)

    private func makeLedger(crystals: Int = 20, perUnit: Int = 8) -> UnitLedger {
        var ledger = UnitLedger(version: 3, runSeed: 9, crystalsPerUnit: perUnit, lease: .seconds(10))
        ledger.open(crystals: crystals)
        return ledger
    }

    /// Units are opened as crystals are wanted; each keeps its number and its size.
    @Test func open_again_addsUnits() {
        var ledger = UnitLedger(version: 3, runSeed: 9, crystalsPerUnit: 8, lease: .seconds(10), firstUnit: 4)
        #expect(ledger.grant(to: anna, now: now) == nil)
        ledger.open(crystals: 10)
        ledger.open(crystals: 3)
        var units: [WorkUnit] = []
        while let (unit, _) = ledger.grant(to: anna, now: now) { units.append(unit) }
        #expect(units.map(\.unit) == [4, 5, 6] && units.map(\.crystalCount) == [8, 2, 3])
        #expect(ledger.crystals == 13 && ledger.freshCrystals == 0)
        #expect(ledger.deliver(unit: 3, crystalCount: 8, from: anna) == .unknown)
        #expect(ledger.deliver(unit: 5, crystalCount: 2, from: anna) == .accepted)
        ledger.checkInvariants()
    }

    /// A closed ledger grants nothing; what is held may be delivered, what comes back is given up.
    @Test func close_givesUpWhatNobodyHolds() {
        var ledger = makeLedger(crystals: 40)
        for _ in 0..<3 { _ = ledger.grant(to: anna, now: now) }
        ledger.giveBack(unit: 0, from: anna)
        ledger.close()
        #expect(ledger.grant(to: bert, now: now) == nil && ledger.waitingCount == 0)
        #expect(ledger.crystals == 16 && ledger.givenUpCrystals == 8 && ledger.unitCount == 2)
        #expect(ledger.deliver(unit: 1, crystalCount: 8, from: anna) == .accepted)
        ledger.release(anna)
        #expect(ledger.crystals == 8 && ledger.givenUpCrystals == 16)
        #expect(ledger.deliver(unit: 2, crystalCount: 8, from: anna) == .duplicate)
        #expect(ledger.isComplete)
        ledger.open(crystals: 8)
        #expect(ledger.grant(to: bert, now: now) == nil)
        ledger.checkInvariants()
    }

    @Test func grant_inOrder_coversTheBatchOnce() throws {
        var ledger = makeLedger()
        var units: [WorkUnit] = []
        while let (unit, isRegrant) = ledger.grant(to: anna, now: now) {
            #expect(!isRegrant)
            units.append(unit)
        }
        #expect(units.map(\.unit) == [0, 1, 2])
        #expect(units.map(\.crystalCount) == [8, 8, 4])
        #expect(units.allSatisfy { $0.version == 3 && $0.runSeed == 9 })
        #expect(ledger.held(by: anna) == 3)
        #expect(ledger.leasedCount == 3)
    }

    @Test func deliver_twice_isADuplicate() {
        var ledger = makeLedger()
        _ = ledger.grant(to: anna, now: now)
        #expect(ledger.deliver(unit: 0, crystalCount: 8, from: anna) == .accepted)
        #expect(ledger.deliver(unit: 0, crystalCount: 8, from: anna) == .duplicate)
        #expect(ledger.deliver(unit: 0, crystalCount: 8, from: bert) == .foreign)
        #expect(ledger.doneCount == 1)
    }

    @Test(arguments: [(-1, 8), (3, 8), (Int.max, 8), (2, 8), (0, 7)])
    func deliver_unknownUnitOrCount_isRefused(unit: Int, count: Int) {
        var ledger = makeLedger()
        #expect(ledger.deliver(unit: unit, crystalCount: count, from: anna) == .unknown)
        #expect(ledger.doneCount == 0)
    }

    @Test func expire_afterTheLease_regrantsToAnotherAndKeepsTheWindowFull() {
        var ledger = makeLedger(crystals: 8)
        _ = ledger.grant(to: anna, now: now)
        #expect(ledger.expire(now: now.advanced(by: .seconds(9))).count == 0)
        let later = now.advanced(by: .seconds(10))
        #expect(ledger.expire(now: later).map(\.unit) == [0])
        #expect(ledger.held(by: anna) == 1)
        #expect(ledger.grant(to: anna, now: later) == nil)
        #expect(ledger.grant(to: bert, now: later)?.isRegrant == true)
        // The slow one comes first after all.
        #expect(ledger.deliver(unit: 0, crystalCount: 8, from: anna) == .accepted)
        #expect(ledger.deliver(unit: 0, crystalCount: 8, from: bert) == .duplicate)
        #expect(ledger.held(by: anna) == 0)
        #expect(ledger.held(by: bert) == 0)
        #expect(ledger.isComplete)
    }

    @Test func deliver_afterExpiryBeforeRegrant_isNotGrantedAgain() {
        var ledger = makeLedger(crystals: 8)
        _ = ledger.grant(to: anna, now: now)
        let later = now.advanced(by: .seconds(11))
        _ = ledger.expire(now: later)
        #expect(ledger.deliver(unit: 0, crystalCount: 8, from: anna) == .accepted)
        #expect(ledger.grant(to: bert, now: later) == nil)
        #expect(ledger.waitingCount == 0)
    }

    @Test func release_lostActor_putsBackWhatItHeld() {
        var ledger = makeLedger()
        _ = ledger.grant(to: anna, now: now)
        _ = ledger.grant(to: anna, now: now)
        _ = ledger.grant(to: bert, now: now)
        ledger.release(anna)
        #expect(ledger.waitingCount == 2)
        #expect(ledger.leasedCount == 1)
        #expect(ledger.grant(to: bert, now: now)?.unit.unit == 0)
        #expect(ledger.grant(to: bert, now: now)?.unit.unit == 1)
    }

    @Test func giveBack_unitOfAnother_isIgnored() {
        var ledger = makeLedger()
        _ = ledger.grant(to: anna, now: now)
        #expect(ledger.giveBack(unit: 0, from: bert) == false)
        #expect(ledger.giveBack(unit: 99, from: bert) == false)
        #expect(ledger.giveBack(unit: 0, from: anna) == true)
        #expect(ledger.grant(to: bert, now: now)?.isRegrant == true)
    }

    @Test func deliver_processThatNeverHeldTheUnit_isForeign() {
        var ledger = makeLedger()
        _ = ledger.grant(to: bert, now: now)
        #expect(ledger.deliver(unit: 0, crystalCount: 8, from: anna) == .foreign)
        #expect(ledger.deliver(unit: 1, crystalCount: 8, from: anna) == .foreign)
        #expect(ledger.doneCount == 0)
        #expect(ledger.held(by: bert) == 1)
    }

    @Test func deliver_processThatLogsInAgain_stillCounts() {
        var ledger = makeLedger(crystals: 8)
        _ = ledger.grant(to: anna, now: now)
        ledger.release(anna)
        #expect(ledger.waitingCount == 1)
        #expect(ledger.deliver(unit: 0, crystalCount: 8, from: anna) == .accepted)
        #expect(ledger.isComplete)
        ledger.checkInvariants()
    }

    @Test func giveBack_failedUnit_goesToAnotherActorFirst() {
        var ledger = makeLedger(crystals: 8)
        _ = ledger.grant(to: anna, now: now)
        ledger.giveBack(unit: 0, from: anna, failed: true)
        #expect(ledger.grant(to: anna, among: [anna, bert], now: now) == nil)
        #expect(ledger.grant(to: bert, among: [anna, bert], now: now)?.unit.unit == 0)
        ledger.giveBack(unit: 0, from: bert, failed: true)
        // All failed: whoever comes may try again.
        #expect(ledger.grant(to: anna, among: [anna, bert], now: now)?.unit.unit == 0)
    }

    @Test func longestLease_ofAUnitGrantedAgain_isTheNewOne() {
        var ledger = makeLedger(crystals: 16)
        _ = ledger.grant(to: anna, now: now)
        let later = now.advanced(by: .seconds(4))
        ledger.giveBack(unit: 0, from: anna)
        #expect(ledger.longestLease == nil)
        _ = ledger.grant(to: bert, now: later)
        _ = ledger.grant(to: bert, now: later)
        #expect(ledger.longestLease?.since == later && ledger.longestLease?.count == 2)
        ledger.checkInvariants()
        #expect(ledger.expire(now: now.advanced(by: .seconds(10))).isEmpty)
        #expect(ledger.expire(now: later.advanced(by: .seconds(10))).map(\.unit) == [0, 1])
        #expect(ledger.longestLease == nil && ledger.isOverdue(bert))
        ledger.checkInvariants()
    }

    /// The first lease may be short; once somebody failed, all others are as configured.
    @Test func grant_withATerm_isShortOnceAlone() {
        var ledger = makeLedger(crystals: 16)
        _ = ledger.grant(to: anna, for: .seconds(4), now: now)
        _ = ledger.grant(to: bert, now: now)
        #expect(ledger.expire(now: now.advanced(by: .seconds(3))).isEmpty)
        let later = now.advanced(by: .seconds(4))
        #expect(ledger.expire(now: later).map(\.unit) == [0] && ledger.isOverdue(anna))
        #expect(ledger.longestLease?.holder == bert && ledger.longestLease?.since == now)
        #expect(ledger.grant(to: bert, for: .seconds(4), now: later)?.unit.unit == 0)
        ledger.checkInvariants()
        #expect(ledger.expire(now: now.advanced(by: .seconds(10))).map(\.unit) == [1])
        #expect(ledger.expire(now: later.advanced(by: .seconds(9))).isEmpty)
        #expect(ledger.expire(now: later.advanced(by: .seconds(10))).map(\.unit) == [0])
        ledger.checkInvariants()
    }

    /// The longest lease is the oldest, not the one that is over first.
    @Test func longestLease_amongTermsOfManyLengths_isTheOldest() {
        var ledger = makeLedger(crystals: 16)
        _ = ledger.grant(to: anna, now: now)
        _ = ledger.grant(to: bert, for: .seconds(1), now: now.advanced(by: .seconds(2)))
        #expect(ledger.longestLease?.holder == anna && ledger.longestLease?.since == now)
        #expect(ledger.expire(now: now.advanced(by: .seconds(3))).map(\.unit) == [1])
        #expect(ledger.longestLease?.holder == anna)
        ledger.checkInvariants()
    }

    /// Of a unit whose lease expired as well, in the time in which the hub did not stand still; of no other's.
    @Test func time_ofAUnit_isSinceItsGrant() {
        var ledger = makeLedger(crystals: 8)
        _ = ledger.grant(to: anna, now: now)
        _ = ledger.expire(now: now.advanced(by: .seconds(10)))
        _ = ledger.grant(to: bert, now: now.advanced(by: .seconds(10)))
        ledger.postpone(by: .seconds(100))
        let later = now.advanced(by: .seconds(112))
        #expect(ledger.time(of: 0, with: anna, now: later) == .seconds(12))
        #expect(ledger.time(of: 0, with: bert, now: later) == .seconds(2))
        #expect(ledger.deliver(unit: 0, crystalCount: 8, from: anna) == .accepted)
        #expect(ledger.time(of: 0, with: anna, now: later) == nil)
        ledger.release(bert)
        #expect(ledger.time(of: 0, with: bert, now: later) == nil)
    }

    @Test func postpone_afterAPause_expiresNothing() {
        var ledger = makeLedger(crystals: 8)
        _ = ledger.grant(to: anna, now: now)
        ledger.postpone(by: .seconds(3600))
        #expect(ledger.expire(now: now.advanced(by: .seconds(3609))).isEmpty)
        #expect(ledger.expire(now: now.advanced(by: .seconds(3610))).count == 1)
    }

    @Test(arguments: 0..<20)
    func anyInterleaving_completesEveryUnitOnce(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var ledger = makeLedger(crystals: 100, perUnit: 7)
        var now = now
        var held: [(InstanceID, WorkUnit)] = []
        var accepted: [Int] = []
        for _ in 0..<10_000 where !ledger.isComplete {
            let instance = InstanceID(UInt64.random(in: 1...4, using: &generator))
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                let term = Duration.seconds(Int.random(in: 1...10, using: &generator))
                if let (unit, _) = ledger.grant(to: instance, for: term, now: now) { held.append((instance, unit)) }
            case 4..<7:
                guard let (holder, unit) = held.randomElement(using: &generator) else { continue }
                if ledger.deliver(unit: unit.unit, crystalCount: unit.crystalCount, from: holder) == .accepted {
                    accepted.append(unit.unit)
                }
            case 7: ledger.release(instance)
            case 8:
                if let (holder, unit) = held.last {
                    ledger.giveBack(unit: unit.unit, from: holder, failed: seed % 2 == 0)
                }
            default:
                now = now.advanced(by: .seconds(4))
                _ = ledger.expire(now: now)
            }
            #expect(ledger.waitingCount + ledger.leasedCount + ledger.doneCount == ledger.unitCount)
            ledger.checkInvariants()
        }
        #expect(accepted.sorted() == Array(0..<ledger.unitCount), "seed \(seed)")
    }
}
