import Base
import Coordination
import FleetFixtures
import Testing
import Trajectories

/// Units that are with one actor for far longer than units take, in a whole hub.
@Suite struct LateActorTests {
    /// A hub that has seen `batches` of two actors and a worker.
    private func simulation(
        _ configuration: LearnerConfiguration, batches: Int
    ) throws -> (Simulation, Simulation.Station) {
        var simulation = Simulation(configuration)
        let actor = try simulation.add(.actor)
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker)
        for version in 0..<batches {
            simulation.begin(version: version, weights: weights(version))
            #expect(try simulation.run { $0.batches.count == version + 1 })
        }
        return (simulation, actor)
    }

    private func weights(_ version: Int) -> [UInt8] { [UInt8](repeating: UInt8(version), count: 300) }

    /// Begins a version, has an actor load its weights and be granted units, of which it samples none; returns how long
    /// the batch takes then.
    private func duration(
        of version: Int, without idle: Simulation.Station, in simulation: inout Simulation
    ) throws -> Duration {
        simulation.begin(version: version, weights: weights(version))
        var isSampling: Bool { if case .actor(.sample) = idle.jobs.first { true } else { false } }
        for _ in 0..<200 where !isSampling {
            simulation.deliverToHub()
            simulation.deliver(to: idle)
            if !isSampling { try simulation.work(idle) }
        }
        #expect(isSampling)
        let begin = simulation.now
        #expect(try simulation.run(without: idle) { $0.batches.count == version + 1 })
        return begin.duration(to: simulation.now)
    }

    /// An actor that hangs and goes on to speak: the batch waits for what is usual, not for the lease, and is what it
    /// would have been. When it answers in the end, nothing is counted twice.
    @Test func batch_whoseUnitsHang_isCompletedByAnotherActor() throws {
        let configuration = try Toys.configuration(versions: 32)
        var (simulation, actor) = try simulation(configuration, batches: 24)
        let before = simulation.hub.counters
        let time = try duration(of: 24, without: actor, in: &simulation)
        #expect(time >= ServiceTimes.shortestDeadline && time < .seconds(6), "\(time)")
        #expect(simulation.hub.counters.unitsRegranted > before.unitsRegranted)
        #expect(simulation.problems.contains { $0.contains("was not sampled in time") })
        let batch = try #require(simulation.batches.last)
        let (size, count) = (configuration.crystalsPerUnit, configuration.crystalsPerBatch)
        let expected = try stride(from: 0, to: count, by: size).flatMap { first in
            try Toys.crystals(
                of: WorkUnit(
                    runSeed: configuration.runSeed, version: 24, unit: first / size,
                    crystalCount: min(size, count - first)))
        }
        #expect(batch.crystals.map(\.sampled) == expected)
        let sampled = simulation.hub.counters.crystalsSampled
        try simulation.settle()
        #expect(simulation.hub.counters.crystalsSampled == sampled)
        #expect(simulation.hub.counters.duplicateUnits > before.duplicateUnits)
        #expect(simulation.hub.counters.rejectedMessages.isEmpty)
    }

    /// Before enough units were seen the lease is as configured.
    @Test func batch_whoseUnitsHangAtOnce_waitsForTheLease() throws {
        var configuration = try Toys.configuration(versions: 6)
        configuration.timing.unitLease = .seconds(30)
        var (simulation, actor) = try simulation(configuration, batches: 1)
        let time = try duration(of: 1, without: actor, in: &simulation)
        #expect(time >= .seconds(30) && time < .seconds(33), "\(time)")
    }
}
