import Base
import Coordination
import FleetFixtures
import Protocol
import Testing
import Trajectories

/// The hub in the asynchronous mode: sampling goes on while a step is made, and what may get under way is bounded.
@Suite struct AsynchronousHubTests {
    private static let batch = 24

    private func configuration(staleness: Int, versions: Int = 12) throws -> LearnerConfiguration {
        var configuration = try Toys.configuration(versions: versions, crystalsPerBatch: Self.batch)
        configuration.crystalsPerUnit = 5
        configuration.mode = .asynchronous(maximumStaleness: staleness)
        return configuration
    }

    /// However long training takes and whatever happens to peers, a crystal goes to one batch that is not too much
    /// younger than it, or is counted, and no more get under way than may.
    @Test(arguments: 0..<12) func crystals_ofAnyRun_areUsedOnceWithinTheBound(seed: UInt64) throws {
        let bound = Int(seed % 4)
        let configuration = try configuration(staleness: bound)
        var random = SeededGenerator(seed: seed)
        var simulation = Simulation(configuration, seed: seed)
        for role in [PeerRole.actor, .actor, .rewardWorker, .rewardWorker] { _ = try simulation.add(role, threads: 2) }
        for number in 0..<configuration.versions {
            simulation.begin(version: number, weights: [UInt8(number)])
            #expect(try simulation.run { $0.batches.count == number + 1 })
            // The step is made meanwhile.
            for _ in 0..<Int.random(in: 0..<80, using: &random) { try step(&simulation, &random) }
            if Int.random(in: 0..<3, using: &random) == 0 { try lose(&simulation, &random) }
            let state = simulation.hub.snapshot()
            #expect(state.crystalsUnderWay + state.crystalsDone <= (bound + 1) * Self.batch)
        }
        let used = simulation.batches.flatMap { $0.crystals.map(\.sampled.id) }
        #expect(Set(used).count == used.count && used.count == configuration.versions * Self.batch)
        for batch in simulation.batches {
            #expect(batch.policy == Blob([UInt8(batch.step.number)]).digest)
            for crystal in batch.crystals {
                let version = crystal.sampled.id.version
                #expect((0...bound).contains(batch.step.staleness(of: version)))
                #expect(crystal.policy == Blob([UInt8(version.number)]).digest)
                #expect(crystal.outcome == Toys.outcome(of: crystal.sampled))
            }
        }
        let isLate = simulation.batches.contains { batch in
            batch.crystals.contains { batch.step.staleness(of: $0.sampled.id.version) > 0 }
        }
        #expect(isLate == (bound > 0))
        // After the last step nothing more is wanted.
        let counters = simulation.hub.counters
        #expect(counters.crystalsTaken == used.count)
        #expect(counters.crystalsGranted >= used.count)
        // What work was lost, and what was never begun, is told apart.
        let reports = simulation.batches.map(\.report)
        #expect(reports.reduce(0) { $0 + $1.stale } == counters.staleCrystals)
        #expect(reports.reduce(0) { $0 + $1.abandoned } == counters.abandonedCrystals)
    }

    private func step(_ simulation: inout Simulation, _ random: inout SeededGenerator) throws {
        simulation.deliverToHub()
        guard let station = simulation.stations.randomElement(using: &random) else { return }
        simulation.deliver(to: station)
        try simulation.work(station)
        if Int.random(in: 0..<8, using: &random) == 0 { simulation.advance(.milliseconds(300)) }
    }

    /// A peer dies and another one comes.
    private func lose(_ simulation: inout Simulation, _ random: inout SeededGenerator) throws {
        guard let victim = simulation.stations.filter({ !$0.left }).randomElement(using: &random) else { return }
        simulation.kill(victim)
        let role: PeerRole
        if case .actor = victim.kind { role = .actor } else { role = .rewardWorker }
        _ = try simulation.add(role, threads: 2)
    }

    /// Nothing may be older than the step's own version: batches are those of the synchronous mode.
    @Test func batches_withoutStaleness_areThoseOfTheSynchronousMode() throws {
        func batches(_ mode: LearnerConfiguration.Mode) throws -> [ScoredBatch] {
            var configuration = try configuration(staleness: 0, versions: 4)
            configuration.mode = mode
            var simulation = Simulation(configuration)
            _ = try simulation.add(.actor, threads: 2)
            _ = try simulation.add(.rewardWorker)
            for number in 0..<4 {
                simulation.begin(version: number, weights: [UInt8(number)])
                #expect(try simulation.run { $0.batches.count == number + 1 })
                for _ in 0..<40 { try simulation.settle() }
            }
            return simulation.batches
        }
        let (one, other) = (try batches(.synchronous), try batches(.asynchronous(maximumStaleness: 0)))
        #expect(one.map { $0.crystals.map(\.sampled) } == other.map { $0.crystals.map(\.sampled) })
    }

    /// An actor that is slow for ever holds nobody up; what it brings too late is counted.
    @Test func unitOfAStuckActor_holdsNobodyUp() throws {
        let configuration = try configuration(staleness: 1, versions: 6)
        var simulation = Simulation(configuration)
        let stuck = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker)
        simulation.begin(version: 0, weights: [0])
        // It is granted units and samples none.
        #expect(try simulation.run { $0.hub.counters.unitsGranted > 0 })
        _ = try simulation.add(.actor, threads: 2)
        for number in 0..<6 {
            if number > 0 { simulation.begin(version: number, weights: [UInt8(number)]) }
            #expect(try simulation.run(without: stuck) { $0.batches.count == number + 1 })
        }
        let counters = simulation.hub.counters
        #expect(counters.staleCrystals + counters.abandonedCrystals > 0)
        #expect(counters.crystalsTaken == 6 * Self.batch)
    }

    /// What an earlier life of the learner left with its outcome is taken by a step, and sampled no second time.
    @Test func crystalsOfAnEarlierLife_goToTheNextSteps() throws {
        let configuration = try configuration(staleness: 1, versions: 6)
        var first = Simulation(configuration)
        _ = try first.add(.actor, threads: 2)
        _ = try first.add(.rewardWorker)
        for number in 0..<2 {
            first.begin(version: number, weights: [UInt8(number)])
            #expect(try first.run { $0.batches.count == number + 1 })
        }
        // While step 1 is made, crystals of version 1 get their outcomes; then it dies.
        for _ in 0..<4 {
            try first.settle()
            first.advance(.seconds(1))
        }
        let taken = Set(first.batches.flatMap { $0.crystals.map(\.sampled.id) })
        let left = first.outcomes.filter { !taken.contains($0.sampled.id) }
        #expect(!left.isEmpty && left.allSatisfy { $0.sampled.id.version == 1 })

        var second = Simulation(configuration, seed: 2)
        let state = try #require(first.batches.last?.gathering)
        second.begin(version: 2, weights: [2], resuming: state, restored: left)
        _ = try second.add(.actor)
        _ = try second.add(.rewardWorker)
        #expect(try second.run { $0.batches.count == 1 })
        let batch = try #require(second.batches.first)
        #expect(batch.crystals.count == Self.batch)
        #expect(batch.crystals.filter { $0.sampled.id.version == 1 } == left.sorted { $0.sampled.id < $1.sampled.id })
        #expect(!second.measured.contains { $0.version == 1 })
        #expect(second.hub.counters.restoredCrystals == left.count)
    }
}
