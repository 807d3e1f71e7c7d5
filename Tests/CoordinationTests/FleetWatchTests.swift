import Base
import Coordination
import FleetFixtures
import Testing
import Trajectories

@Suite struct FleetWatchTests {
    /// Whatever happens in a run, all that was granted is where the watch says.
    @Test(arguments: 0..<6) func look_atAnyMoment_accountsForAllCrystals(seed: UInt64) throws {
        var configuration = try Toys.configuration(versions: 6, crystalsPerBatch: 24)
        configuration.crystalsPerUnit = 5
        configuration.mode = .asynchronous(maximumStaleness: Int(seed % 3))
        var random = SeededGenerator(seed: seed)
        var simulation = Simulation(configuration, seed: seed)
        for role in [PeerRole.actor, .actor, .rewardWorker, .rewardWorker] { _ = try simulation.add(role, threads: 2) }
        var watch = FleetWatch()
        for number in 0..<configuration.versions {
            simulation.begin(version: number, weights: [UInt8(number)])
            for _ in 0..<4000 where simulation.batches.count == number {
                try step(&simulation, &random)
                check(watch.look(at: simulation.hub, now: simulation.now))
            }
            #expect(simulation.batches.count == number + 1)
            if number == 2 {
                let victim = try #require(simulation.stations.first)
                simulation.kill(victim)
                _ = try simulation.add(.actor, threads: 2)
            }
        }
        #expect(watch.look(at: simulation.hub, now: simulation.now).batches == configuration.versions)
    }

    private func step(_ simulation: inout Simulation, _ random: inout SeededGenerator) throws {
        simulation.deliverToHub()
        guard let station = simulation.stations.randomElement(using: &random) else { return }
        simulation.deliver(to: station)
        if Bool.random(using: &random) { try simulation.work(station) }
        if Int.random(in: 0..<40, using: &random) == 0 { simulation.advance(.milliseconds(500)) }
    }

    private func check(_ state: FleetState) {
        let (counters, flow) = (state.report.counters, state.inFlight)
        #expect(flow.sampling >= 0 && flow.measuring >= 0 && flow.scored >= 0)
        #expect(
            counters.crystalsGranted == counters.crystalsTaken + counters.staleCrystals + counters.abandonedCrystals
                + flow.sampling + flow.measuring + flow.scored)
        let actors = state.members.filter { $0.description.role == .actor }
        #expect(actors.reduce(0) { $0 + $1.heldCrystals } <= flow.sampling)
        for member in state.members { #expect(member.held == 0 || member.activity != .idle) }
    }

    private func look(
        _ watch: inout FleetWatch, _ simulation: Simulation, _ role: PeerRole
    ) throws -> FleetState.Member {
        let state = watch.look(at: simulation.hub, now: simulation.now)
        return try #require(state.members.first { $0.description.role == role })
    }

    @Test func look_atPeers_tellsWhatTheyDoAndForHowLong() throws {
        var simulation = Simulation(try Toys.configuration(versions: 2, crystalsPerBatch: 24))
        var watch = FleetWatch()
        let actor = try simulation.add(.actor)
        try simulation.settle()
        #expect(try look(&watch, simulation, .actor).waitsFor == "the first weights")
        simulation.begin(version: 0, weights: [7])
        #expect(try look(&watch, simulation, .actor).activity == .loading)
        try simulation.settle(idle: actor) { $0.hub.snapshot().unitsLeased > 0 || actor.jobs.isEmpty == false }
        // It loads the weights, is granted units, and keeps them.
        while try look(&watch, simulation, .actor).activity != .working {
            try simulation.work(actor)
            try turn(&simulation)
        }
        let begin = try look(&watch, simulation, .actor)
        #expect(begin.held > 0 && begin.heldCrystals > 0 && begin.version == 0)
        for _ in 0..<4 {
            simulation.advance(.milliseconds(500))
            try turn(&simulation)
        }
        let later = try look(&watch, simulation, .actor)
        #expect(later.activity == .working && later.activitySeconds == 2 && later.heldSeconds ?? 0 >= 2)
        let waiting = watch.look(at: simulation.hub, now: simulation.now)
        #expect(waiting.unitWaitSeconds ?? 0 >= 2)
        // Without a word for three heartbeats.
        simulation.silence(actor)
        for _ in 0..<8 { simulation.advance(.milliseconds(500)) }
        let silent = try look(&watch, simulation, .actor)
        #expect(silent.activity == .silent && silent.silentSeconds >= 3)
    }

    @Test func look_atTasks_tellsForHowLongTheOldestWaits() throws {
        var simulation = Simulation(try Toys.configuration(versions: 1, crystalsPerBatch: 24))
        var watch = FleetWatch()
        _ = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [7])
        #expect(try simulation.run { $0.hub.counters.crystalsSampled == 24 })
        simulation.advance(.milliseconds(1500))
        let state = watch.look(at: simulation.hub, now: simulation.now)
        #expect(state.tasksWaiting.first ?? 0 > 0)
        #expect((state.taskWaitSeconds.first ?? nil) ?? 0 >= 1.5)
        #expect(state.inFlight == FleetState.InFlight(sampling: 0, measuring: 24, scored: 0))
        let worker = try simulation.add(.rewardWorker)
        #expect(try simulation.run { $0.batches.count == 1 })
        let after = watch.look(at: simulation.hub, now: simulation.now)
        #expect(after.tasksWaiting == [0] && after.taskWaitSeconds == [nil])
        let member = try #require(after.members.last)
        #expect(member.delivered == 24 && worker.error == nil)
        #expect(member.waitsFor == "version 1, which is being trained")
    }

    private func turn(_ simulation: inout Simulation) throws {
        simulation.deliverToHub()
        for station in simulation.stations { simulation.deliver(to: station) }
    }
}
