import Base
import Coordination
import Crystals
import FleetFixtures
import Protocol
import Testing
import Trajectories

/// A hub without a run, which has items measured that it is given.
@Suite struct OtherWorkTests {
    private func configuration() throws -> LearnerConfiguration {
        var configuration = try Toys.configuration()
        configuration.measuresAlone = true
        return configuration
    }

    /// Work whose results tell its items apart.
    private func work(_ count: Int, from first: Int = 1) throws -> [QueuedWork] {
        let crystals = try Toys.crystals(of: WorkUnit(runSeed: 9, version: 0, unit: 0, crystalCount: count))
        return crystals.enumerated().map { index, sampled in
            QueuedWork(
                number: first + index, recipe: 0,
                item: WorkItem(job: 0, index: index, crystal: sampled.crystal, isTerminated: true))
        }
    }

    private func expectOnce(_ finished: [FinishedWork], of work: [QueuedWork]) {
        #expect(finished.map(\.number).sorted() == work.map(\.number))
        let expected = Dictionary(work.map { ($0.number, Toys.outcome(of: $0.item)) }, uniquingKeysWith: { $1 })
        for item in finished { #expect(item.result.outcome == expected[item.number]) }
    }

    @Test func hubWithoutARun_hasItsWorkMeasured() throws {
        var simulation = Simulation(try configuration())
        let work = try work(40)
        simulation.hub.measure(Array(work.prefix(10)), now: simulation.now)
        _ = try simulation.add(.rewardWorker)
        _ = try simulation.add(.rewardWorker, threads: 3)
        try simulation.settle()
        simulation.hub.measure(Array(work.dropFirst(10)), now: simulation.now)
        #expect(try simulation.run { $0.finishedWork.count >= 40 })
        expectOnce(simulation.finishedWork, of: work)
        #expect(simulation.hub.snapshot().tasksWaiting + simulation.hub.snapshot().tasksLeased == 0)
    }

    /// Workers that die, leave, stand still and come back: each item comes back once, whatever happens.
    @Test(arguments: 0..<20)
    func work_whoseWorkersComeAndGo_comesBackOnce(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var simulation = Simulation(try configuration(), seed: seed)
        let work = try work(60)
        var given = 0
        var workers = try (0..<3).map { try simulation.add(.rewardWorker, threads: 1 + $0) }
        for _ in 0..<400 where simulation.finishedWork.count < 60 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                let index = Int.random(in: workers.indices, using: &generator)
                if Bool.random(using: &generator) {
                    simulation.kill(workers[index])
                } else {
                    simulation.stop(workers[index])
                }
                workers[index] = try simulation.add(.rewardWorker, threads: 2)
            case 1: simulation.advance(.seconds(Int.random(in: 1...150, using: &generator)))
            case 2 where given < 60:
                let count = min(60 - given, Int.random(in: 1...20, using: &generator))
                simulation.hub.measure(Array(work[given..<given + count]), now: simulation.now)
                simulation.performHub()
                given += count
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
        simulation.hub.measure(Array(work[given...]), now: simulation.now)
        #expect(try simulation.run { $0.finishedWork.count >= 60 })
        expectOnce(simulation.finishedWork, of: work)
    }

    @Test func actor_ofAHubWithoutARun_isToldThatItHasNothingToDo() throws {
        var simulation = Simulation(try configuration())
        let actor = try simulation.add(.actor)
        try simulation.settle()
        #expect(actor.left && simulation.hub.peerCount == 0)
        #expect(actor.error.map { "\($0)".contains("takes reward workers alone") } == true)
    }

    /// Numbers that no relaxation ends with are not taken; the item goes to another worker.
    @Test func resultOfAbsurdAtoms_isNotTaken() throws {
        let hydrogen = try #require(Element(symbol: "H"))
        func result(_ coordinate: Double) -> Outcome {
            .measured(
                Measurement(
                    [.energyPerAtom: -1],
                    relaxedAtoms: RelaxedAtoms(
                        structure: Structure(
                            cell: Cell(a: SIMD3(3, 0, 0), b: SIMD3(0, 3, 0), c: SIMD3(0, 0, 3)), elements: [hydrogen],
                            fractionalCoordinates: [SIMD3(coordinate, 0, 0)]), end: "steps")))
        }
        #expect(Admission().problem(of: result(0.5), needsHeight: false) == nil)
        for absurd in [Double.nan, .infinity, 1e9] {
            #expect(Admission().problem(of: result(absurd), needsHeight: false) != nil)
        }
        // More than the hub reads: the worker says so in place of them.
        let many = WireLimits.atoms + 1
        let atoms = RelaxedAtoms(
            structure: Structure(
                cell: Cell(a: SIMD3(300, 0, 0), b: SIMD3(0, 3, 0), c: SIMD3(0, 0, 3)),
                elements: Array(repeating: hydrogen, count: many),
                fractionalCoordinates: (0..<many).map { SIMD3(Double($0) / Double(many), 0, 0) }), end: "steps")
        let problem = Admission().problem(
            of: .measured(Measurement([.energyPerAtom: -1], relaxedAtoms: atoms)), needsHeight: false)
        #expect(problem == "its relaxed atoms: 4097 atoms, where 1 to 4096 can be measured")
    }
}
