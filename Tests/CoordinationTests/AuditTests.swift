import Base
import Coordination
import FleetFixtures
import Testing
import Trajectories

/// Measurements that another worker makes again.
@Suite struct AuditTests {
    private func simulation(
        share: Double = 1, tolerance: Double = 0.01, shifts: [Double], versions: Int = 3
    ) throws -> (Simulation, [Simulation.Station]) {
        var configuration = try Toys.configuration(versions: versions, crystalsPerBatch: 60)
        configuration.audit = AuditRule(share: share, tolerance: tolerance)
        var simulation = Simulation(configuration)
        _ = try simulation.add(.actor, threads: 2)
        var workers: [Simulation.Station] = []
        for shift in shifts {
            let worker = try simulation.add(.rewardWorker)
            worker.shift = shift
            workers.append(worker)
        }
        for number in 0..<versions {
            simulation.begin(version: number, weights: [UInt8(number)])
            #expect(try simulation.run { $0.batches.count == number + 1 })
            try simulation.settle()
        }
        return (simulation, workers)
    }

    @Test func honestWorkers_agree() throws {
        let (simulation, workers) = try simulation(shifts: [0, 0, 0.009])
        let counters = simulation.hub.counters
        #expect(counters.audited > 100 && counters.disputed == 0 && counters.refusedPeers == 0)
        #expect(workers.allSatisfy { !$0.left } && simulation.problems.isEmpty)
    }

    /// One that measures wrongly is named, with those it contradicts, and is turned away; its first results stand.
    @Test func workerThatMeasuresWrongly_isTurnedAway() throws {
        let (simulation, workers) = try simulation(shifts: [0, 0.02, 0])
        #expect(workers.map(\.left) == [false, true, false])
        #expect("\(try #require(workers[1].error))".contains("otherwise than two others"))
        let counters = simulation.hub.counters
        #expect(counters.refusedPeers == 1 && counters.disputed >= 3)
        let named = simulation.problems.filter { $0.contains("is alone with what it measured") }
        #expect(named.count == 3 && named.allSatisfy { $0.hasPrefix("test:2 ") })
        #expect(named[2].contains("(3 of 3)"))
        #expect(
            simulation.problems.contains {
                $0.contains("disagree about crystal") && $0.contains("eV/atom") && $0.contains("above the hull")
            })
        #expect(simulation.batches.allSatisfy { $0.crystals.count == 60 })
    }

    /// Of two that disagree nobody can say who is wrong: both are named, and go on.
    @Test func twoWorkersThatDisagree_areBothNamed() throws {
        let (simulation, workers) = try simulation(shifts: [0, 0.02])
        #expect(workers.allSatisfy { !$0.left })
        #expect(simulation.hub.counters.disputed > 50)
        let named = simulation.problems.filter { $0.contains("disagree about crystal") }
        #expect(!named.isEmpty && named.allSatisfy { $0.contains("test:1") && $0.contains("test:2") })
    }

    /// Alone, a worker is audited by nobody; a share is about that share.
    @Test func share_isOfCrystalsThatAnotherCanMeasure() throws {
        let (alone, _) = try simulation(shifts: [0])
        #expect(alone.hub.counters.audited == 0 && alone.measured.count == 180)
        let (some, _) = try simulation(share: 0.1, shifts: [0, 0], versions: 10)
        #expect((25...110).contains(some.hub.counters.audited))
        let (none, _) = try simulation(share: 0, shifts: [0, 0])
        #expect(none.hub.counters.audited == 0)
    }

    /// What is measured again changes nothing of what the run takes for its crystals.
    @Test func audit_leavesBatchesAsTheyAre() throws {
        let (with, _) = try simulation(shifts: [0, 0, 0])
        let (without, _) = try simulation(share: 0, shifts: [0, 0, 0])
        #expect(with.batches.map { $0.crystals.map(\.outcome) } == without.batches.map { $0.crystals.map(\.outcome) })
    }
}
