import Base
import Coordination
import FleetFixtures
import Protocol
import Testing
import Trajectories

/// Tasks that are with one worker for far longer than usual, in a whole hub.
@Suite struct StragglerTests {
    private func simulation(_ configuration: LearnerConfiguration) throws -> (Simulation, Simulation.Station) {
        var simulation = Simulation(configuration)
        _ = try simulation.add(.actor)
        let worker = try simulation.add(.rewardWorker)
        _ = try simulation.add(.rewardWorker)
        for version in 0..<4 {
            simulation.begin(version: version, weights: [UInt8](repeating: UInt8(version), count: 300))
            #expect(try simulation.run { $0.batches.count == version + 1 })
        }
        return (simulation, worker)
    }

    /// An engine that hangs in a worker that goes on to speak: the batch waits for what is usual, not for the lease,
    /// and is what it would have been.
    @Test func batch_whoseLastTasksHang_isCompletedByAnIdleWorker() throws {
        let configuration = try Toys.configuration(versions: 6)
        var (simulation, worker) = try simulation(configuration)
        let begin = simulation.now
        simulation.begin(version: 4, weights: [UInt8](repeating: 4, count: 300))
        #expect(try simulation.run(without: worker) { $0.batches.count == 5 })
        let time = begin.duration(to: simulation.now)
        #expect(time < .seconds(4) && time < configuration.timing.taskLease, "\(time)")
        #expect(simulation.hub.counters.tasksSpeculated > 0)
        let batch = try #require(simulation.batches.last)
        #expect(batch.report.tasksSpeculated == simulation.hub.counters.tasksSpeculated)
        #expect(batch.crystals.map(\.outcome) == batch.crystals.map { Toys.outcome(of: $0.sampled) })
        // It answers in the end: nothing is counted twice.
        let finished = simulation.hub.counters.crystalsFinished
        try simulation.settle()
        #expect(simulation.hub.counters.crystalsFinished == finished)
        #expect(simulation.hub.counters.rejectedMessages.isEmpty)
    }

    /// Nobody waits where no other worker is free.
    @Test func task_whileOthersWait_isNotGivenTwice() throws {
        let configuration = try Toys.configuration(versions: 6)
        var (simulation, worker) = try simulation(configuration)
        let other = simulation.stations[2]
        simulation.kill(other)
        simulation.begin(version: 4, weights: [UInt8](repeating: 4, count: 300))
        _ = try simulation.run(steps: 12, without: worker) { _ in false }
        #expect(simulation.hub.counters.tasksSpeculated == 0)
        #expect(try simulation.run { $0.batches.count == 5 })
    }

    /// A worker that misses its heartbeats is given nothing, long before it counts as lost.
    @Test func worker_thatIsSilent_isGivenNothing() throws {
        var configuration = try Toys.configuration(versions: 6)
        configuration.timing.liveness = .seconds(60)
        var (simulation, worker) = try simulation(configuration)
        // Its process stands still: it says nothing, and what is sent to it waits.
        let leased = simulation.hub.counters.tasksLeased
        simulation.silence(worker)
        for _ in 0..<8 { simulation.advance(.milliseconds(500)) }
        simulation.begin(version: 4, weights: [UInt8](repeating: 4, count: 300))
        let begin = simulation.now
        #expect(try simulation.run { $0.batches.count == 5 })
        #expect(begin.duration(to: simulation.now) < .seconds(2))
        #expect(simulation.hub.counters.tasksLeased > leased && worker.inbox.allSatisfy { !$0.isTask })
        #expect(simulation.hub.snapshot().rewardWorkers == 2)
    }
}

extension HubMessage {
    fileprivate var isTask: Bool {
        if case .task = self { true } else { false }
    }
}
