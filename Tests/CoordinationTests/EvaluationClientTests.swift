import Base
import Coordination
import Crystals
import FleetFixtures
import Protocol
import Testing
import Trajectories

/// Evaluations that have their items measured by the workers of a running learner.
@Suite struct EvaluationClientTests {
    private static let recipe = "an evaluation"

    private func items(_ count: Int) throws -> [NumberedItem] {
        let crystals = try Toys.crystals(of: WorkUnit(runSeed: 9, version: 0, unit: 0, crystalCount: count))
        return crystals.enumerated().map { index, sampled in
            NumberedItem(
                number: 100 + index, recipe: 0,
                item: WorkItem(job: 0, index: index, crystal: sampled.crystal, isTerminated: true))
        }
    }

    private func expectOnce(_ results: [NumberedResult], of items: [NumberedItem]) {
        #expect(results.map(\.number).sorted() == items.map(\.number))
        let expected = Dictionary(items.map { ($0.number, Toys.outcome(of: $0.item)) }, uniquingKeysWith: { $1 })
        for item in results { #expect(item.result.outcome == expected[item.number]) }
    }

    private func recipes(_ texts: [String] = [recipe]) -> WorkRecipes { WorkRecipes(recipes: texts, itemsPerTask: 2) }

    /// The run goes on as if there were no evaluation, which has its results, in part while the trainer has the batch.
    @Test(arguments: 0..<5) func run_besideAnEvaluation_hasTheSameBatches(seed: UInt64) throws {
        func simulation(_ items: [NumberedItem]?) throws -> Simulation {
            var simulation = Simulation(try Toys.configuration(), seed: seed)
            simulation.begin(version: 0, weights: [1])
            _ = try simulation.add(.actor)
            _ = try simulation.add(.rewardWorker, threads: 2)
            _ = try simulation.add(.rewardWorker)
            if let items { simulation.ask(try simulation.addEvaluation(recipes()), items) }
            #expect(try simulation.run { $0.batches.count == 1 })
            if let items { #expect(try simulation.run { $0.results.count == items.count }) }
            simulation.begin(version: 1, weights: [2])
            #expect(try simulation.run { $0.batches.count == 2 })
            return simulation
        }
        let items = try items(120)
        let (alone, beside) = (try simulation(nil), try simulation(items))
        for (one, other) in zip(alone.batches, beside.batches) {
            #expect(one.crystals.map(\.sampled) == other.crystals.map(\.sampled))
            #expect(one.crystals.map(\.outcome) == other.crystals.map(\.outcome))
        }
        #expect(alone.hub.counters.crystalsSampled == beside.hub.counters.crystalsSampled)
        #expect(alone.hub.counters.crystalsFinished == beside.hub.counters.crystalsFinished)
        #expect(beside.hub.counters.foreignOutcomes == 0 && beside.hub.counters.refusedPeers == 0)
        expectOnce(beside.results, of: items)
    }

    /// Workers that die, an evaluation whose connection breaks, time that passes: each item has one result.
    @Test(arguments: 0..<20) func evaluation_whatever_hasEachResultOnce(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var simulation = Simulation(try Toys.configuration(), seed: seed)
        simulation.begin(version: 0, weights: [1])
        _ = try simulation.add(.actor)
        var workers = try (0..<3).map { try simulation.add(.rewardWorker, threads: 1 + $0) }
        let evaluation = try simulation.addEvaluation(recipes())
        let items = try items(60)
        var asked = 0
        for _ in 0..<400 where simulation.results.count < 60 {
            switch Int.random(in: 0..<12, using: &generator) {
            case 0:
                let index = Int.random(in: workers.indices, using: &generator)
                simulation.kill(workers[index])
                workers[index] = try simulation.add(.rewardWorker, threads: 2)
            case 1: simulation.advance(.seconds(Int.random(in: 1...40, using: &generator)))
            case 2: if Int.random(in: 0..<4, using: &generator) == 0 { simulation.cut(evaluation) }
            case 3 where asked < 60:
                let count = min(60 - asked, Int.random(in: 1...20, using: &generator))
                simulation.ask(evaluation, Array(items[asked..<asked + count]))
                asked += count
            default:
                for _ in 0..<10 {
                    simulation.deliverToHub()
                    if let station = simulation.stations.randomElement(using: &generator) {
                        simulation.deliver(to: station)
                        try simulation.work(station)
                    }
                }
            }
        }
        simulation.ask(evaluation, Array(items[asked...]))
        #expect(try simulation.run { $0.results.count >= 60 && !$0.batches.isEmpty })
        expectOnce(simulation.results, of: items)
        #expect(simulation.stations.allSatisfy { $0.error == nil })
        #expect(simulation.hub.counters.refusedPeers == 0)
    }

    /// Evaluations that come and go: no worker leaves the run for it.
    @Test(arguments: 0..<20) func evaluationsThatComeAndGo_costNoWorker(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var simulation = Simulation(try Toys.configuration(), seed: seed)
        simulation.begin(version: 0, weights: [1])
        _ = try simulation.add(.actor)
        for threads in 1...3 { _ = try simulation.add(.rewardWorker, threads: threads) }
        var evaluation = try simulation.addEvaluation(recipes())
        let items = try items(20)
        for _ in 0..<600 {
            switch Int.random(in: 0..<12, using: &generator) {
            case 0: simulation.advance(.milliseconds(Int.random(in: 1...6000, using: &generator)))
            case 1: simulation.cut(evaluation)
            case 2:
                simulation.stop(evaluation)
                evaluation = try simulation.addEvaluation(recipes())
                simulation.ask(evaluation, items)
            default:
                for _ in 0..<5 {
                    simulation.deliverToHub()
                    if let station = simulation.stations.randomElement(using: &generator) {
                        simulation.deliver(to: station)
                        try simulation.work(station)
                    }
                }
            }
        }
        let told = simulation.results.count
        simulation.stop(evaluation)
        let last = try simulation.addEvaluation(recipes())
        simulation.ask(last, items)
        #expect(try simulation.run { $0.results.count >= told + items.count && !$0.batches.isEmpty })
        #expect(simulation.stations.allSatisfy { $0.error == nil })
    }

    /// A worker that has not read yet that nothing is asked any more, and is asked the same again, stays in the run.
    @Test func worker_whoseRecipesGoAndComeAgain_staysInTheRun() throws {
        var simulation = Simulation(try Toys.configuration())
        let worker = try simulation.add(.rewardWorker)
        let first = try simulation.addEvaluation(recipes())
        let items = try items(10)
        simulation.ask(first, Array(items.prefix(1)))
        #expect(try simulation.run { $0.results.count == 1 })
        simulation.stop(first)
        func isToldOfNone() -> Bool {
            worker.inbox.contains { if case .furtherRecipes(let recipes) = $0 { recipes.isEmpty } else { false } }
        }
        for _ in 0..<40 where !isToldOfNone() {
            simulation.advance(.milliseconds(500))
            while simulation.deliverToHub() {}
        }
        #expect(isToldOfNone())
        let second = try simulation.addEvaluation(recipes())
        simulation.ask(second, items)
        for _ in 0..<20 { if !simulation.deliverToHub() { simulation.deliver(to: second) } }
        #expect(simulation.hub.snapshot().tasksWaiting == 5)
        #expect(try simulation.run { $0.results.count == 11 })
        #expect(!worker.left && worker.error == nil)
        expectOnce(Array(simulation.results.dropFirst()), of: items)
    }

    /// Items of an evaluation whose recipe a worker was not told go back; a run's are reason to leave.
    @Test(arguments: [true, false]) func taskOfAnUnknownRecipe_goesBack(isOfEvaluation: Bool) throws {
        var simulation = Simulation(try Toys.configuration())
        let worker = try simulation.add(.rewardWorker)
        simulation.deliverToHub()
        guard case .welcome(let welcome)? = worker.inbox.first else { throw ToyError.missing }
        try simulation.settle()
        let id: UInt64 = isOfEvaluation ? 1 << 62 + 5 : 5
        let task = RewardTask(
            epoch: welcome.epoch, id: id, recipe: Digest(of: "another".utf8), items: try items(2).map(\.item))
        worker.inbox = [.task(task)]
        simulation.deliver(to: worker)
        let returned = simulation.toHub.compactMap { frame -> UInt64? in
            if case .taskReturn(let task)? = (try? PeerMessage.decode(frame.frame))?.message { task.task } else { nil }
        }
        #expect(returned == (isOfEvaluation ? [id] : []))
        #expect(worker.left != isOfEvaluation && (worker.error == nil) == isOfEvaluation)
    }

    /// Large crystals are asked for a few in a message, and no more at a time than the hub holds.
    @Test func largeCrystals_areAskedForInPieces() throws {
        var configuration = try Toys.configuration()
        // Half of what a hub holds is asked for at a time.
        configuration.evaluationAtoms = WireLimits.otherAtoms / 2
        var simulation = Simulation(configuration)
        _ = try simulation.add(.rewardWorker)
        let evaluation = try simulation.addEvaluation(WorkRecipes(recipes: [Self.recipe], itemsPerTask: 256))
        let items = try (0..<150).map { NumberedItem(number: $0, recipe: 0, item: try large(sites: 20, $0)) }
        simulation.ask(evaluation, items)
        var (largest, before) = (0, 0)
        let isDone = try simulation.run { simulation in
            // A worker measures a task at a time.
            largest = max(largest, simulation.measured.count - before)
            before = simulation.measured.count
            return simulation.results.count >= 150
        }
        // Of 20 sites of 192 atoms each: 8192 atoms are had with the third.
        #expect(isDone && largest == 3)
        expectOnce(simulation.results, of: items)
        #expect(simulation.hub.counters.refusedPeers == 0 && simulation.problems.isEmpty)
    }

    /// What is larger than any answer may be fails at the evaluation, which the hub does not hold it against.
    @Test func crystalOfTooManyAtoms_fails() throws {
        var simulation = Simulation(try Toys.configuration())
        _ = try simulation.add(.rewardWorker)
        let evaluation = try simulation.addEvaluation(recipes())
        simulation.ask(evaluation, [NumberedItem(number: 1, recipe: 0, item: try large(sites: 22, 0))])
        #expect(try simulation.run { $0.results.count == 1 })
        #expect(
            simulation.results.first?.result.outcome
                == .failed(.engine("4224 atoms, where 1 to 4096 can be measured")))
        #expect(simulation.problems.isEmpty && simulation.measured.isEmpty)
    }

    /// Sites of 192 atoms each.
    private func large(sites: Int, _ number: Int) throws -> WorkItem {
        let hydrogen = try #require(Element(symbol: "H"))
        let group = try #require(SpaceGroup(number: 225))
        let site = Crystal.Site(
            wyckoff: group.wyckoffPositions.count, element: hydrogen, position: SIMD3(0.1, 0.2, 0.3))
        let length = 10 + Double(number)
        return WorkItem(
            job: 0, index: 0,
            crystal: Crystal(
                spaceGroup: group, sites: Array(repeating: site, count: sites),
                lattice: LatticeParameters(a: length, b: length, c: length, alpha: 90, beta: 90, gamma: 90)),
            isTerminated: true)
    }

    /// Recipes and items that never reached the learner are said again, each item once, whatever logins there were.
    @Test func whatWasLost_isSaidAgain() throws {
        var simulation = Simulation(try Toys.configuration())
        let evaluation = try simulation.addEvaluation(recipes())
        let items = try items(3)
        simulation.ask(evaluation, items)
        for _ in 0..<2 {
            // Logged in, but all that it said then is lost.
            simulation.advance(.seconds(1))
            for _ in 0..<100 where !said(simulation, by: evaluation).contains(where: { $0 != nil }) {
                if !simulation.deliverToHub(), !simulation.deliver(to: evaluation) { simulation.advance(.seconds(1)) }
            }
            #expect(said(simulation, by: evaluation).compactMap { $0 } == [3])
            simulation.cut(evaluation)
            for _ in 0..<3 { while simulation.deliverToHub() || simulation.deliver(to: evaluation) {} }
        }
        // Two minutes after the last login all is said again, once.
        var again: [Int] = []
        for _ in 0..<200 {
            simulation.advance(.seconds(1))
            repeat {
                again += said(simulation, by: evaluation).compactMap { $0 }
                simulation.toHub.removeAll { Self.isWork($0.frame) }
            } while simulation.deliverToHub() || simulation.deliver(to: evaluation)
        }
        #expect(again == [3, 3])
        _ = try simulation.add(.rewardWorker)
        #expect(try simulation.run { $0.results.count == 3 })
        expectOnce(simulation.results, of: items)
        #expect(simulation.measured.count == 3 && simulation.hub.counters.refusedPeers == 0)
    }

    private static func isWork(_ frame: [UInt8]) -> Bool {
        if case .work? = (try? PeerMessage.decode(frame))?.message { true } else { false }
    }

    /// The numbers of items asked for in the messages under way; nil for other messages.
    private func said(_ simulation: Simulation, by station: Simulation.Station) -> [Int?] {
        simulation.toHub.filter { $0.routing == station.routing }.map { frame in
            if case .work(let items)? = (try? PeerMessage.decode(frame.frame))?.message { items.count } else { nil }
        }
    }

    /// What nobody waits for any more is not measured, and the next evaluation has the workers.
    @Test func evaluationThatLeaves_isForgotten() throws {
        var simulation = Simulation(try Toys.configuration())
        _ = try simulation.add(.rewardWorker)
        let first = try simulation.addEvaluation(recipes())
        simulation.ask(first, try items(200))
        // Another one waits for the end of the first.
        let second = try simulation.addEvaluation(recipes(["another"]))
        #expect(try simulation.run { $0.results.count >= 20 })
        #expect(simulation.results.count < 200 && !second.left)
        simulation.stop(first)
        let told = simulation.results.count
        let items = try items(10)
        simulation.ask(second, items)
        #expect(try simulation.run { $0.results.count >= told + 10 })
        expectOnce(Array(simulation.results[told...]), of: items)
        #expect(simulation.hub.snapshot().tasksWaiting + simulation.hub.snapshot().tasksLeased == 0)
        // The first one's were in part with the worker.
        #expect(simulation.measured.count < 200)
    }

    /// A worker that has no engine for the evaluation's recipe goes on with the run's.
    @Test func workerWithoutTheEvaluationsEngine_servesTheRun() throws {
        var simulation = Simulation(try Toys.configuration())
        simulation.begin(version: 0, weights: [1])
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker, measures: [""])
        let evaluation = try simulation.addEvaluation(recipes())
        let items = try items(10)
        simulation.ask(evaluation, items)
        #expect(try simulation.run { $0.batches.count == 1 })
        #expect(simulation.results.isEmpty)
        _ = try simulation.add(.rewardWorker, measures: ["", Self.recipe])
        #expect(try simulation.run { $0.results.count == 10 })
        expectOnce(simulation.results, of: items)
    }

    @Test func run_thatEnds_sendsItsEvaluationAway() throws {
        var simulation = Simulation(try Toys.configuration())
        let evaluation = try simulation.addEvaluation(recipes())
        try simulation.settle()
        simulation.hub.finish("the run is complete")
        simulation.performHub()
        #expect(try simulation.run { _ in evaluation.left })
        #expect(evaluation.error == nil)
    }

    /// More than a hub holds, and items for recipes that it was not told, are offences.
    @Test(arguments: [0, 1]) func evaluationThatAsksForTooMuch_isTurnedAway(case number: Int) throws {
        var configuration = try Toys.configuration()
        configuration.evaluationItems = 10
        var simulation = Simulation(configuration)
        let evaluation = try simulation.addEvaluation(recipes())
        try simulation.settle()
        let one = try items(1)[0].item
        for round in 0..<3 {
            let count = number == 0 ? 11 : 1
            simulation.ask(
                evaluation, (0..<count).map { NumberedItem(number: 10_000 * round + $0, recipe: number, item: one) })
            try simulation.settle()
        }
        #expect(simulation.hub.counters.refusedPeers == 1 && evaluation.left)
        let words = number == 0 ? "more than 10 items at a time" : "items for a recipe that it did not tell"
        #expect(simulation.problems.contains { $0.contains(words) })
    }
}
