import Coordination
import FleetFixtures
import Testing
import Trajectories

/// How many peers a run could use, by numbers that one can work out by hand.
@Suite struct FleetSizingTests {
    /// 20 s of sampling, 200 s of measuring, 5 s of training, with one actor of one thread and two workers of two.
    private let step = FleetSizing.Step(
        samplingSeconds: 20, measuringSeconds: 200, learnerSeconds: 5, actors: 1, actorThreads: 1, rewardWorkers: 2,
        rewardWorkerThreads: 4)

    private func sizing(_ isAsynchronous: Bool, units: Int = 1000, tasks: Int = 1000) -> FleetSizing {
        FleetSizing(isAsynchronous: isAsynchronous, unitsPerBatch: units, tasksPerBatch: tasks)
    }

    @Test func wanted_synchronous_isWhatTheLearnerAndItsActorsAllow() {
        var sizing = sizing(false)
        #expect(sizing.wanted == nil)
        sizing.note(step)
        // 20 s in 5 s; 200 s in 20 + 5 s with two threads each.
        #expect(sizing.wanted == FleetSizing.Wanted(actors: 4, rewardWorkers: 4))
    }

    @Test func wanted_asynchronous_keepsUpWithTheLearner() {
        var sizing = sizing(true)
        sizing.note(step)
        // 20 s in 5 s; 200 s in 5 s with two threads each.
        #expect(sizing.wanted == FleetSizing.Wanted(actors: 4, rewardWorkers: 20))
    }

    @Test func wanted_neverMoreThanThereIsToDo() {
        var sizing = sizing(true, units: 3, tasks: 9)
        sizing.note(step)
        // 3 units for one thread each; 9 tasks for two threads each.
        #expect(sizing.wanted == FleetSizing.Wanted(actors: 3, rewardWorkers: 5))
    }

    @Test func wanted_withoutAnybody_isOneOfEach() {
        var sizing = sizing(false)
        sizing.note(
            FleetSizing.Step(
                samplingSeconds: 0, measuringSeconds: 0, learnerSeconds: 0, actors: 0, actorThreads: 0,
                rewardWorkers: 0, rewardWorkerThreads: 0))
        #expect(sizing.wanted == FleetSizing.Wanted(actors: 1, rewardWorkers: 1))
    }

    /// The hub times the learner itself: from a batch to the next version.
    @Test func hub_afterAStep_reportsHowManyAreWanted() throws {
        let configuration = try Toys.configuration()
        var simulation = Simulation(configuration)
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker)
        simulation.begin(version: 0, weights: [0])
        #expect(try simulation.run { $0.batches.count == 1 })
        #expect(simulation.hub.snapshot().wanted == nil)
        // Each of the 7 units takes an actor of the simulation a second, each of the 50 crystals a worker a tenth.
        let report = try #require(simulation.batches.last?.report)
        #expect(report.samplingSeconds == 7 && abs(report.scoringSeconds - 5) < 1e-9)
        for _ in 0..<4 { simulation.advance(.milliseconds(500)) }
        simulation.begin(version: 1, weights: [1])
        // 7 s in 2 s; 5 s in 2 + 7 s.
        #expect(simulation.hub.snapshot().wanted == FleetSizing.Wanted(actors: 4, rewardWorkers: 1))
    }

    /// One slow step changes little, a lasting change what it should, and a wavering one nothing.
    @Test func wanted_isSmoothedAndHolds() {
        var sizing = sizing(true)
        for _ in 0..<10 { sizing.note(step) }
        var slow = step
        slow.measuringSeconds = 230
        sizing.note(slow)
        // 20 + 0.3 (23 - 20) = 20.9
        #expect(sizing.wanted?.rewardWorkers == 21)
        for _ in 0..<30 { sizing.note(slow) }
        #expect(sizing.wanted?.rewardWorkers == 23)
        slow.measuringSeconds = 229
        for _ in 0..<30 { sizing.note(slow) }
        #expect(sizing.wanted?.rewardWorkers == 23)
        slow.measuringSeconds = 215
        for _ in 0..<30 { sizing.note(slow) }
        #expect(sizing.wanted?.rewardWorkers == 22)
    }
}
