import Coordination
import Crystals
import FleetFixtures
import Testing
import Trajectories

/// What was measured before a learner died is not measured again.
@Suite struct KnownOutcomeTests {
    private let weights = [UInt8](repeating: 1, count: 200)

    private func simulation(_ configuration: LearnerConfiguration) throws -> Simulation {
        var simulation = Simulation(configuration)
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker)
        return simulation
    }

    private func outcomes(_ batch: ScoredBatch) -> [CrystalID: Outcome] {
        Dictionary(uniqueKeysWithValues: batch.crystals.map { ($0.sampled.id, $0.outcome) })
    }

    @Test func learnerStartsAnew_withKnownOutcomes_measuresOnlyTheRest() throws {
        let configuration = try Toys.configuration()
        var undisturbed = try simulation(configuration)
        undisturbed.begin(version: 5, weights: weights)
        #expect(try undisturbed.run { $0.batches.count == 1 })

        var simulation = try simulation(configuration)
        simulation.begin(version: 5, weights: weights)
        try simulation.settle { $0.hub.counters.crystalsFinished > 5 }
        simulation.advance(OutcomeJournal.interval)
        let handedOut = simulation.outcomes
        #expect(handedOut.count > 5)
        #expect(simulation.batches.isEmpty)
        var known: [CrystalID: KnownOutcome] = [:]
        for item in handedOut {
            known[item.sampled.id] = KnownOutcome(
                crystal: item.sampled.crystal, result: MeasuringResult(outcome: item.outcome, seconds: 0.1),
                scoredBy: item.scoredBy)
        }
        // An outcome of another crystal under the same name counts for nothing.
        let foreign = try #require(handedOut.first?.sampled.id)
        known[foreign]?.crystal.lattice.a += 1
        known[foreign]?.result.outcome = .failed(.engine("of another crystal"))

        simulation.hub = HubCore(configuration: configuration, generator: SeededGenerator(seed: 99))
        simulation.toHub.removeAll()
        simulation.measured.removeAll()
        simulation.begin(version: 5, weights: weights, known: known)
        #expect(try simulation.run { $0.batches.count == 1 })
        #expect(
            outcomes(try #require(simulation.batches.first)) == outcomes(try #require(undisturbed.batches.first)))
        #expect(Set(simulation.measured).intersection(known.keys) == [foreign])
    }

    @Test func learnerStopped_handsOutAllThatIsMeasured() throws {
        var simulation = try simulation(Toys.configuration())
        simulation.begin(version: 5, weights: weights)
        try simulation.settle { $0.hub.counters.crystalsFinished > 5 }
        simulation.hub.finish("asked to")
        simulation.performHub()
        #expect(simulation.outcomes.count == simulation.hub.counters.crystalsFinished)
    }

    @Test func journal_handsOutAtMostOncePerInterval() {
        let begin = Toys.begin
        var journal = OutcomeJournal()
        let ids = (0..<3).map { CrystalID(version: 0, unit: 0, index: $0) }
        journal.note(ids[0])
        #expect(journal.takeDue(now: begin) == [ids[0]])
        journal.note(ids[1])
        #expect(journal.takeDue(now: begin.advanced(by: OutcomeJournal.interval / 2)).isEmpty)
        journal.note(ids[2])
        #expect(journal.takeDue(now: begin.advanced(by: OutcomeJournal.interval)) == [ids[1], ids[2]])
        #expect(journal.takeAll().isEmpty)
    }
}
