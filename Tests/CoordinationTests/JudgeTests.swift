import Base
import Coordination
import Crystals
import FleetFixtures
import Protocol
import Testing
import Trajectories

/// Runs whose crystals are measured by several recipes, each by those workers that can.
@Suite struct JudgeTests {
    private static let main = "main"
    private static let judges = ["judge a", "judge b"]

    private func configuration() throws -> LearnerConfiguration {
        var configuration = try Toys.configuration()
        configuration.recipes = [
            MeasuringRecipe(settings: Self.main), MeasuringRecipe(name: "a", settings: Self.judges[0]),
            MeasuringRecipe(name: "b", settings: Self.judges[1], broughtEngine: "external b"),
        ]
        return configuration
    }

    /// What every crystal of a batch has to come to.
    private func expect(_ batch: ScoredBatch) {
        #expect(batch.crystals.count == 50)
        for crystal in batch.crystals {
            let item = WorkItem(
                job: 0, index: 0, crystal: crystal.sampled.crystal, isTerminated: crystal.sampled.isTerminated)
            var expected = Toys.outcome(of: item)
            if case .measured(let own) = expected, case .measured(let judged) = Toys.judgement(of: item) {
                expected = .measured(own.adding(judged, by: "a").adding(judged, by: "b"))
            }
            #expect(crystal.outcome == expected)
        }
    }

    @Test func batch_workersThatEachMeasureSome_hasAllNumbersOfEveryCrystal() throws {
        var simulation = Simulation(try configuration())
        simulation.begin(version: 0, weights: [1])
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker, measures: [Self.main])
        _ = try simulation.add(.rewardWorker, measures: [Self.judges[0]])
        _ = try simulation.add(.rewardWorker, measures: [Self.judges[1]])
        #expect(try simulation.run { $0.batches.count == 1 })
        expect(simulation.batches[0])
        let judged = simulation.hub.counters.judged
        let fivefold = simulation.batches[0].crystals.count {
            if case .measured = $0.outcome { $0.sampled.crystal.sites.count == 5 } else { false }
        }
        #expect(fivefold > 0 && judged["a.failed.engine_timed_out"] == fivefold)
        #expect(judged["a.scored"] == judged["b.scored"] && (judged["a.scored"] ?? 0) > 10)
        // Each is told of once.
        #expect(simulation.problems.count { $0.contains("could not measure") } == 2)
    }

    /// As many recipes as a run may have: time passes, and the batch comes.
    @Test func batch_ofTheMostRecipes_comes() throws {
        var configuration = try Toys.configuration()
        configuration.recipes = (0..<WireLimits.recipes).map { place in
            MeasuringRecipe(name: "\(place)", settings: place == 0 ? Self.main : "judge \(place)")
        }
        var simulation = Simulation(configuration)
        simulation.advance(.seconds(1))
        simulation.begin(version: 0, weights: [1])
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker)
        simulation.advance(.seconds(1))
        #expect(try simulation.run { $0.batches.count == 1 })
    }

    @Test(arguments: 0..<20)
    func batch_workersThatComeAndGo_isTheSame(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var simulation = Simulation(try configuration(), seed: seed)
        simulation.begin(version: 0, weights: [1])
        _ = try simulation.add(.actor)
        let kinds: [Set<String>?] = [[Self.main], Set(Self.judges), [Self.judges[1]], nil]
        var workers = try kinds.map { try simulation.add(.rewardWorker, threads: 2, measures: $0) }
        for _ in 0..<400 where simulation.batches.isEmpty {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                let index = Int.random(in: workers.indices, using: &generator)
                if Bool.random(using: &generator) {
                    simulation.kill(workers[index])
                } else {
                    simulation.stop(workers[index])
                }
                workers[index] = try simulation.add(.rewardWorker, threads: 2, measures: kinds[index])
            case 1: simulation.advance(.seconds(Int.random(in: 1...40, using: &generator)))
            default:
                for _ in 0..<20 {
                    simulation.deliverToHub()
                    if let station = simulation.stations.randomElement(using: &generator) {
                        simulation.deliver(to: station)
                        try simulation.work(station)
                    }
                }
            }
        }
        #expect(try simulation.run { $0.batches.count == 1 })
        expect(simulation.batches[0])
    }

    /// Who cannot measure is given nothing, and the learner is told at once by whom crystals wait to be measured.
    @Test func waitingText_judgeThatNobodyHas_isNamedAtOnce() throws {
        var simulation = Simulation(try configuration())
        simulation.begin(version: 0, weights: [1])
        _ = try simulation.add(.actor)
        let worker = try simulation.add(.rewardWorker, measures: [Self.main, Self.judges[0]])
        var watch = WaitingWatch()
        #expect(watch.check(simulation.hub.state(now: simulation.now), now: simulation.now) == nil)
        #expect(try !simulation.run(steps: 20) { !$0.batches.isEmpty })
        let text = watch.check(simulation.hub.state(now: simulation.now), now: simulation.now)
        #expect(
            text?.contains(
                "wait for b, no reward worker that measures with external b has joined: start one with --engine")
                == true)
        #expect(watch.check(simulation.hub.state(now: simulation.now), now: simulation.now) == nil)
        #expect(!worker.left && simulation.hub.state(now: simulation.now).canBeFinished == false)
        _ = try simulation.add(.rewardWorker, measures: [Self.judges[1]])
        #expect(try simulation.run { $0.batches.count == 1 })
        expect(simulation.batches[0])
    }

    @Test func waitingText_onlyJudgesThere_saysThatTheRunsPotentialIsMissing() throws {
        var simulation = Simulation(try configuration())
        simulation.begin(version: 0, weights: [1])
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker, measures: Set(Self.judges))
        #expect(try !simulation.run(steps: 5) { !$0.batches.isEmpty })
        let text = simulation.hub.state(now: simulation.now).waitingText
        #expect(text?.contains("none of 1 reward worker measures by the run's potential") == true)
    }

    /// A crystal that waits for a judge is no stranger to the next life of a batch.
    @Test func begin_whileJudgesWork_forgetsTheirCrystals() throws {
        var simulation = Simulation(try configuration())
        simulation.begin(version: 0, weights: [1])
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker, measures: [Self.main])
        #expect(try !simulation.run(steps: 5) { !$0.batches.isEmpty })
        simulation.begin(version: 1, weights: [2])
        simulation.hub.checkInvariants()
        _ = try simulation.add(.rewardWorker)
        #expect(try simulation.run { $0.batches.count == 1 })
        #expect(simulation.batches[0].crystals.allSatisfy { $0.sampled.id.version == 1 })
        expect(simulation.batches[0])
    }
}
