import Coordination
import FleetFixtures
import Testing
import Trajectories

@Suite struct TaskQueueTests {
    private let now = Toys.begin
    private let anna = InstanceID(1)
    private let bert = InstanceID(2)

    private func crystals(_ count: Int) throws -> [SampledCrystal] {
        try Toys.crystals(
            of: WorkUnit(runSeed: 1, version: 1, unit: 0, crystalCount: count))
    }

    private func makeQueue() -> TaskQueue { TaskQueue(lease: .seconds(10), crystalsPerTask: 3) }

    @Test func lease_inOrder_coversAllCrystals() throws {
        var queue = makeQueue()
        queue.add(try crystals(7))
        var leased: [Int] = []
        while let (_, crystals) = queue.lease(to: anna, now: now) { leased += crystals.map(\.id.index) }
        #expect(leased == Array(0..<7))
        #expect(queue.leasedCount == 3)
        #expect(queue.held(by: anna) == 3)
    }

    @Test func deliver_twice_acceptsOnce() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        let leased = queue.lease(to: anna, now: now)
        let (id, crystals) = try #require(leased)
        let ids = crystals.map(\.id)
        #expect(queue.asked(id, of: anna) == .crystals(ids))
        #expect(queue.deliver(id, results: ids, from: anna).accepted == Set(ids))
        // In the same order when they are known.
        #expect(queue.asked(id, of: anna) == .crystals(ids))
        #expect(queue.deliver(id, results: ids, from: anna) == TaskQueue.Delivery())
        #expect(queue.openCount == 0)
    }

    @Test func deliver_processThatNeverHeldTheTask_isForeign() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        let leased = queue.lease(to: anna, now: now)
        let (id, crystals) = try #require(leased)
        let ids = crystals.map(\.id)
        for (task, sender) in [(id, bert), (99, bert), (99, anna)] {
            let delivery = queue.deliver(task, results: ids, from: sender)
            #expect(queue.asked(task, of: sender) == .foreign)
            #expect(delivery.accepted.isEmpty)
        }
        #expect(queue.openCount == 3)
        #expect(queue.held(by: anna) == 1)
    }

    /// A run of many versions remembers the leases of those in flight alone; late results of others are told from
    /// forged ones.
    @Test func forget_ofManyVersions_remembersOnlyWhatIsInFlight() throws {
        var queue = makeQueue()
        var first: UInt64?
        for version in 1...50 {
            let unit = WorkUnit(runSeed: 1, version: PolicyVersion(version), unit: 0, crystalCount: 9)
            queue.add(try Toys.crystals(of: unit))
            while let (id, crystals) = queue.lease(to: anna, now: now) {
                first = first ?? id
                #expect(queue.deliver(id, results: crystals.map(\.id), from: anna).accepted.count == crystals.count)
            }
            #expect(queue.forget(before: PolicyVersion(max(0, version - 1))) == 0)
            #expect(queue.rememberedCount <= 6)
            queue.checkInvariants()
        }
        #expect(queue.asked(try #require(first), of: anna) == .ofAnEarlierBatch)
        #expect(queue.asked(1_000, of: anna) == .foreign)
    }

    @Test func deliver_unaskedCrystal_isNotAcceptedAndTheRestIsQueuedAgain() throws {
        var queue = makeQueue()
        queue.add(try crystals(6))
        let leased = queue.lease(to: anna, now: now)
        let (id, _) = try #require(leased)
        // One that nobody knows, and one that waits in another task.
        let foreign = [CrystalID(version: 9, unit: 9, index: 9), CrystalID(version: 1, unit: 0, index: 4)]
        let delivery = queue.deliver(id, results: foreign, from: anna)
        #expect(delivery.accepted.isEmpty)
        #expect(delivery.missingCount == 3)
        #expect(queue.waitingCount == 2)
        queue.checkInvariants()
    }

    @Test func deliver_resultThatLeavesCrystalsOut_goesToAnotherWorkerFirst() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        let leased = queue.lease(to: anna, now: now)
        let (id, crystals) = try #require(leased)
        #expect(queue.deliver(id, results: [crystals[1].id], from: anna).missingCount == 2)
        #expect(queue.lease(to: anna, among: [anna, bert], now: now) == nil)
        #expect(queue.lease(to: bert, among: [anna, bert], now: now)?.crystals == [crystals[0], crystals[2]])
        // Where there is no other, it has them again.
        #expect(queue.release(bert) == 1)
        #expect(queue.lease(to: anna, among: [anna], now: now)?.crystals.count == 2)
    }

    @Test func release_lostWorker_putsItsTasksToTheFront() throws {
        var queue = makeQueue()
        queue.add(try crystals(12))
        _ = queue.lease(to: anna, now: now)
        _ = queue.lease(to: anna, now: now)
        #expect(queue.release(anna) == 2)
        #expect(queue.waitingCount == 4)
        // To any worker, though it holds other work.
        var order: [Int] = []
        while let (_, crystals) = queue.lease(to: bert, now: now) { order += crystals.map(\.id.index) }
        #expect(order == Array(0..<12))
    }

    @Test func release_hundredWorkersLost_failsNoCrystal() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        for number in 10..<110 {
            #expect(queue.lease(to: InstanceID(UInt64(number)), now: now) != nil)
            #expect(queue.release(InstanceID(UInt64(number))) == 1)
        }
        let leased = queue.lease(to: bert, now: now)
        let (id, crystals) = try #require(leased)
        #expect(queue.deliver(id, results: crystals.map(\.id), from: bert).accepted.count == 3)
    }

    @Test func release_processThatLogsInAgain_itsResultStillCounts() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        let leased = queue.lease(to: anna, now: now)
        let (id, crystals) = try #require(leased)
        _ = queue.release(anna)
        let again = queue.lease(to: bert, now: now)
        let (copy, _) = try #require(again)
        #expect(queue.deliver(id, results: crystals.map(\.id), from: anna).accepted.count == 3)
        let late = queue.deliver(copy, results: crystals.map(\.id), from: bert)
        #expect(late == TaskQueue.Delivery())
        #expect(queue.openCount == 0)
        queue.checkInvariants()
    }

    @Test func removeAll_lateResultOfTheLastBatch_isNotForeign() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        let leased = queue.lease(to: anna, now: now)
        let (id, crystals) = try #require(leased)
        queue.removeAll()
        queue.add(crystals)
        #expect(queue.asked(id, of: anna) == .ofAnEarlierBatch)
        #expect(queue.deliver(id, results: crystals.map(\.id), from: anna) == TaskQueue.Delivery())
        #expect(queue.openCount == 3)
    }

    @Test func expire_slowWorker_itsLateResultStillCountsOnce() throws {
        var queue = makeQueue()
        queue.add(try crystals(2))
        let leased = queue.lease(to: anna, now: now)
        let (id, crystals) = try #require(leased)
        let later = now.advanced(by: .seconds(10))
        #expect(queue.expire(now: later) == 1)
        #expect(queue.expire(now: later) == 0)
        #expect(queue.held(by: anna) == 1)
        #expect(queue.isOverdue(anna))
        #expect(queue.deliver(id, results: crystals.map(\.id), from: anna).accepted.count == 2)
        #expect(queue.held(by: anna) == 0)
        // The copies that were queued meanwhile are not handed out.
        #expect(queue.lease(to: bert, now: later) == nil)
    }

    @Test func postpone_afterAPause_expiresNothing() throws {
        var queue = makeQueue()
        queue.add(try crystals(2))
        _ = queue.lease(to: anna, now: now)
        queue.postpone(by: .seconds(3600))
        #expect(queue.expire(now: now.advanced(by: .seconds(3609))) == 0)
        #expect(queue.expire(now: now.advanced(by: .seconds(3610))) == 1)
    }

    @Test func longestLease_andWaitingCrystals_followExpiriesResultsAndPauses() throws {
        var queue = makeQueue()
        queue.add(try crystals(7))
        #expect(queue.longestLease == nil)
        let first = queue.lease(to: anna, now: now)
        let (id, crystals) = try #require(first)
        let later = now.advanced(by: .seconds(6))
        _ = queue.lease(to: bert, now: later)
        #expect(queue.waitingCrystals == 1)
        #expect(queue.longestLease?.holder == anna && queue.longestLease?.since == now)
        #expect(queue.expire(now: now.advanced(by: .seconds(10))) == 1)
        // It is held as ever, by one who does not answer.
        #expect(queue.longestLease?.holder == anna && queue.longestLease?.since == now)
        #expect(queue.waitingCrystals == 4)
        queue.postpone(by: .seconds(100))
        #expect(queue.longestLease?.since == now.advanced(by: .seconds(100)))
        #expect(queue.deliver(id, results: crystals.map(\.id), from: anna).accepted.count == 3)
        #expect(queue.longestLease?.holder == bert && queue.longestLease?.since == later.advanced(by: .seconds(100)))
        #expect(queue.waitingCrystals == 1)
        queue.checkInvariants()
    }

    /// A worker's tasks, each taking so long.
    private func work(_ queue: inout TaskQueue, _ instance: InstanceID, _ count: Int, _ time: Duration) throws {
        for number in 0..<count {
            let unit = WorkUnit(runSeed: 1, version: 1, unit: Int(instance.value) * 1000 + number, crystalCount: 3)
            queue.add(try Toys.crystals(of: unit))
            let leased = queue.lease(to: instance, now: now)
            let (id, crystals) = try #require(leased)
            _ = queue.deliver(id, results: crystals.map(\.id), from: instance, now: now.advanced(by: time))
        }
    }

    @Test func expire_afterManyResults_isAsLearned() throws {
        var queue = TaskQueue(lease: .seconds(120), crystalsPerTask: 3)
        try work(&queue, anna, 20, .seconds(2))
        queue.add(try crystals(9))
        _ = queue.lease(to: anna, now: now)
        // One that nothing is known of has all the time.
        _ = queue.lease(to: bert, now: now)
        #expect(queue.expire(now: now.advanced(by: .milliseconds(7999))) == 0)
        #expect(queue.expire(now: now.advanced(by: .seconds(8))) == 1)
        #expect(queue.longestLease?.holder == anna)
        // The second try of the task may take as long as is configured.
        let second = queue.lease(to: InstanceID(3), now: now)
        #expect(second?.crystals.map(\.id.index) == [0, 1, 2])
        #expect(queue.expire(now: now.advanced(by: .seconds(119))) == 0)
        #expect(queue.expire(now: now.advanced(by: .seconds(120))) == 2)
        queue.checkInvariants()
    }

    /// A worker that never answers costs no memory.
    @Test func lease_thatNeverEnds_holdsNothingOfOthers() throws {
        var queue = TaskQueue(lease: .seconds(120), crystalsPerTask: 3)
        queue.add(try crystals(3))
        _ = queue.lease(to: bert, now: now)
        try work(&queue, anna, 400, .seconds(1))
        queue.checkInvariants()
        #expect(queue.leasedCount == 1 && queue.longestLease?.holder == bert)
    }

    @Test func removeAll_keepsWhatWasLearned() throws {
        var queue = TaskQueue(lease: .seconds(120), crystalsPerTask: 3)
        try work(&queue, anna, 20, .seconds(2))
        queue.removeAll()
        queue.add(try crystals(3))
        _ = queue.lease(to: anna, now: now)
        #expect(queue.expire(now: now.advanced(by: .seconds(8))) == 1)
    }

    @Test func speculate_lateTask_goesToAnotherOnceAndTheFirstResultCounts() throws {
        var queue = TaskQueue(lease: .seconds(120), crystalsPerTask: 3)
        try work(&queue, anna, 20, .seconds(2))
        queue.add(try crystals(6))
        let first = queue.lease(to: anna, now: now)
        let (id, crystals) = try #require(first)
        _ = queue.lease(to: bert, now: now.advanced(by: .seconds(3)))
        let early = queue.speculate(to: bert, now: now.advanced(by: .milliseconds(3999)))
        #expect(early == nil)
        let later = now.advanced(by: .seconds(4))
        let own = queue.speculate(to: anna, now: later)
        #expect(own == nil)
        let second = queue.speculate(to: bert, now: later)
        let (copy, again) = try #require(second)
        #expect(again == crystals)
        queue.checkInvariants()
        let third = queue.speculate(to: InstanceID(3), now: later)
        #expect(third == nil)
        #expect(queue.openCount == 6 && queue.waitingCount == 0)
        let ids = crystals.map(\.id)
        #expect(queue.deliver(copy, results: ids, from: bert, now: later).accepted == Set(ids))
        #expect(queue.deliver(id, results: ids, from: anna, now: later).accepted.isEmpty)
        #expect(queue.openCount == 3)
        queue.checkInvariants()
    }

    @Test func speculate_holderThatAnswersFirst_countsAndTheCopyDoesNot() throws {
        var queue = TaskQueue(lease: .seconds(120), crystalsPerTask: 3)
        try work(&queue, anna, 20, .seconds(2))
        queue.add(try crystals(3))
        let first = queue.lease(to: anna, now: now)
        let (id, crystals) = try #require(first)
        let later = now.advanced(by: .seconds(5))
        let second = queue.speculate(to: bert, now: later)
        let (copy, _) = try #require(second)
        let ids = crystals.map(\.id)
        #expect(queue.deliver(id, results: ids, from: anna, now: later).accepted == Set(ids))
        let late = queue.deliver(copy, results: ids, from: bert, now: later)
        #expect(late == TaskQueue.Delivery())
        #expect(queue.openCount == 0 && queue.held(by: anna) == 0 && queue.held(by: bert) == 0)
        queue.checkInvariants()
    }

    @Test func giveBack_taskOfAnother_isIgnored() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        let leased = queue.lease(to: anna, now: now)
        let (id, _) = try #require(leased)
        #expect(queue.giveBack(id, from: bert) == false)
        #expect(queue.giveBack(id, from: anna) == true)
        #expect(queue.lease(to: bert, now: now)?.crystals.count == 3)
    }

    @Test(arguments: 0..<30)
    func anyInterleaving_completesEveryCrystalOnce(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var queue = makeQueue()
        queue.add(try crystals(60))
        var now = now
        var ended: [CrystalID] = []
        var held: [(InstanceID, UInt64, [CrystalID])] = []
        for _ in 0..<100_000 where queue.openCount > 0 {
            let instance = InstanceID(UInt64.random(in: 1...4, using: &generator))
            switch Int.random(in: 0..<22, using: &generator) {
            case 0..<9:
                let present: Set<InstanceID> = Bool.random(using: &generator) ? [] : [anna, bert, instance]
                if let (id, crystals) = queue.lease(to: instance, among: present, now: now) {
                    held.append((instance, id, crystals.map(\.id)))
                }
            case 9..<16:
                guard let (holder, id, crystals) = held.randomElement(using: &generator) else { continue }
                let part = Array(crystals.prefix(Int.random(in: 0...3, using: &generator)))
                ended += queue.deliver(id, results: part, from: holder, now: now).accepted.sorted()
            case 16:
                guard let (holder, id, crystals) = held.randomElement(using: &generator), holder != instance else {
                    continue
                }
                #expect(queue.deliver(id, results: crystals, from: instance) == TaskQueue.Delivery())
                #expect(queue.asked(id, of: instance) == .foreign)
            case 17: _ = queue.release(instance)
            case 19, 20:
                if let (id, crystals) = queue.speculate(to: instance, now: now) {
                    held.append((instance, id, crystals.map(\.id)))
                }
            case 18: if let (holder, id, _) = held.last { queue.giveBack(id, from: holder) }
            default:
                now = now.advanced(by: .seconds(3))
                _ = queue.expire(now: now)
            }
            queue.checkInvariants()
        }
        #expect(ended.sorted() == (0..<60).map { CrystalID(version: 1, unit: 0, index: $0) }, "seed \(seed)")
    }
}
