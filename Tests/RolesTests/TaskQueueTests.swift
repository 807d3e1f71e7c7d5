import Crystals
import Roles
import Testing

@Suite struct TaskQueueTests {
    private let now = Toys.begin
    private let anna = SessionID(1)
    private let bert = SessionID(2)

    private func crystals(_ count: Int) throws -> [SampledCrystal] {
        try Toys.crystals(
            of: WorkUnit(runSeed: 1, version: 1, unit: 0, firstCrystal: 0, crystalCount: count))
    }

    private func makeQueue() -> TaskQueue {
        TaskQueue(lease: .seconds(10), crystalsPerTask: 3, lossesBeforeFailure: 3)
    }

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
        #expect(queue.deliver(id, results: ids, from: anna).accepted == Set(ids))
        #expect(queue.deliver(id, results: ids, from: anna).accepted.count == 0)
        #expect(queue.deliver(99, results: ids, from: bert).accepted.count == 0)
        #expect(queue.openCount == 0)
    }

    @Test func deliver_unaskedCrystal_isNotAccepted() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        let leased = queue.lease(to: anna, now: now)
        let (id, _) = try #require(leased)
        let foreign = CrystalID(version: 9, unit: 9, index: 9)
        #expect(queue.deliver(id, results: [foreign], from: anna).accepted.count == 0)
        // What the result left out is queued again.
        #expect(queue.waitingCount == 3)
    }

    @Test func release_lostWorker_queuesItsCrystalsOneByOne() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        _ = queue.lease(to: anna, now: now)
        let (requeued, abandoned) = queue.release(anna, blame: true)
        #expect(requeued == 1)
        #expect(abandoned.isEmpty)
        #expect(queue.waitingCount == 3)
        #expect(queue.lease(to: bert, now: now)?.crystals.count == 1)
    }

    @Test func release_workerThatLeft_blamesNobody() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        for _ in 0..<10 {
            _ = queue.lease(to: anna, now: now)
            #expect(queue.release(anna, blame: false).abandoned.count == 0)
        }
        #expect(queue.lease(to: bert, now: now)?.crystals.count == 3)
    }

    @Test func release_crystalThatKillsWorkers_isGivenUpAlone() throws {
        var queue = makeQueue()
        queue.add(try crystals(3))
        let killer = CrystalID(version: 1, unit: 0, index: 1)
        var abandoned: [CrystalID] = []
        var scored: Set<CrystalID> = []
        var killed = 0
        while let (id, crystals) = queue.lease(to: anna, now: now) {
            if crystals.contains(where: { $0.id == killer }) {
                killed += 1
                abandoned += queue.release(anna, blame: true).abandoned
            } else {
                scored.formUnion(queue.deliver(id, results: crystals.map(\.id), from: anna).accepted)
            }
        }
        #expect(abandoned == [killer])
        #expect(killed == 3)
        #expect(scored.count == 2)
        #expect(queue.openCount == 0)
    }

    @Test func expire_slowWorker_itsLateResultStillCountsOnce() throws {
        var queue = makeQueue()
        queue.add(try crystals(2))
        let leased = queue.lease(to: anna, now: now)
        let (id, crystals) = try #require(leased)
        let later = now.advanced(by: .seconds(10))
        #expect(queue.expire(now: later).requeued == 1)
        #expect(queue.expire(now: later).requeued == 0)
        #expect(queue.held(by: anna) == 1)
        #expect(queue.deliver(id, results: crystals.map(\.id), from: anna).accepted.count == 2)
        #expect(queue.held(by: anna) == 0)
        // The copies that were queued meanwhile are not handed out.
        #expect(queue.lease(to: bert, now: later) == nil)
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

    @Test(arguments: 0..<20)
    func anyInterleaving_endsEveryCrystalOnce(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var queue = makeQueue()
        queue.add(try crystals(60))
        var now = now
        var ended: [CrystalID] = []
        var held: [(SessionID, UInt64, [CrystalID])] = []
        for _ in 0..<100_000 where queue.openCount > 0 {
            let session = SessionID(UInt64.random(in: 1...4, using: &generator))
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<9:
                if let (id, crystals) = queue.lease(to: session, now: now) {
                    held.append((session, id, crystals.map(\.id)))
                }
            case 9..<17:
                guard let (holder, id, crystals) = held.randomElement(using: &generator) else { continue }
                let part = Array(crystals.prefix(Int.random(in: 0...3, using: &generator)))
                let (accepted, abandoned) = queue.deliver(id, results: part, from: holder)
                ended += accepted.sorted() + abandoned
            case 17: ended += queue.release(session, blame: Bool.random(using: &generator)).abandoned
            case 18: if let (holder, id, _) = held.last { queue.giveBack(id, from: holder) }
            default:
                now = now.advanced(by: .seconds(3))
                ended += queue.expire(now: now).abandoned
            }
        }
        #expect(ended.sorted() == (0..<60).map { CrystalID(version: 1, unit: 0, index: $0) }, "seed \(seed)")
    }
}
