import Base
import Coordination
import FleetFixtures
import Foundation
import Protocol
import Testing
import Trajectories

@Suite struct HubSimulationTests {
    /// What a batch of this version must be, whoever made it.
    private func expected(_ configuration: LearnerConfiguration, version: PolicyVersion) throws -> [SampledCrystal] {
        var ledger = UnitLedger(
            version: version, runSeed: configuration.runSeed, crystalsPerUnit: configuration.crystalsPerUnit,
            lease: .seconds(1))
        ledger.open(crystals: configuration.crystalsPerBatch)
        var crystals: [SampledCrystal] = []
        while let (unit, _) = ledger.grant(to: InstanceID(1), now: Toys.begin) {
            crystals += try Toys.crystals(of: unit)
        }
        return crystals
    }

    private func check(_ batch: ScoredBatch, _ configuration: LearnerConfiguration) throws {
        #expect(batch.crystals.map(\.sampled) == (try expected(configuration, version: batch.step.startVersion)))
        #expect(batch.crystals.map(\.outcome) == batch.crystals.map { Toys.outcome(of: $0.sampled) })
    }

    @Test func run_oneActorOneWorker_completesBatchesInOrder() throws {
        let configuration = try Toys.configuration()
        var simulation = Simulation(configuration)
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker)
        for version in 0..<3 {
            simulation.begin(version: version, weights: [UInt8](repeating: UInt8(version), count: 300))
            #expect(try simulation.run { $0.batches.count == version + 1 })
        }
        for batch in simulation.batches { try check(batch, configuration) }
        #expect(simulation.hub.counters.crystalsSampled == 150)
        #expect(simulation.hub.counters.crystalsFinished == 150)
        #expect(simulation.hub.counters.rejectedMessages.isEmpty)
        #expect(simulation.hub.counters.unitsRegranted == 0)
        simulation.hub.finish("done")
        simulation.performHub()
        try simulation.settle()
        #expect(simulation.stations.allSatisfy { $0.left && $0.error == nil })
        #expect(simulation.hub.peerCount == 0)
    }

    @Test func peerOfAnotherBuild_leavesAtItsLoginWithTheReason() throws {
        var configuration = try Toys.configuration()
        configuration.build = "0.9"
        var simulation = Simulation(configuration)
        let actor = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [1])
        try simulation.settle()
        #expect(actor.left && simulation.hub.peerCount == 0)
        guard case .refused(let reason) = actor.error else {
            Issue.record("it was not told why")
            return
        }
        #expect(reason.contains("is of build test, the learner of 0.9") && reason.contains("install one build"))
        configuration.build = "test"
        simulation = Simulation(configuration)
        _ = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [1])
        try simulation.settle()
        #expect(simulation.hub.peerCount == 1)
    }

    @Test func workerWithAnotherEngine_leavesAtItsLoginAndIsGivenNothing() throws {
        var simulation = Simulation(try Toys.configuration())
        _ = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [UInt8](repeating: 1, count: 300))
        try simulation.settle()
        #expect(simulation.hub.counters.crystalsSampled == 50)
        simulation.engineProblem = .cannotServe("another hull")
        let worker = try simulation.add(.rewardWorker)
        #expect(try simulation.run { worker.left && $0.hub.peerCount == 1 })
        #expect(worker.error == .cannotServe("another hull"))
        #expect(simulation.measured.isEmpty && simulation.hub.counters.tasksRequeued == 0)
        simulation.engineProblem = nil
        _ = try simulation.add(.rewardWorker)
        #expect(try simulation.run { $0.batches.count == 1 })
    }

    @Test func workerThatLacksFilesOfTheRecipe_pullsThemAndIsGivenCrystalsOnlyThen() throws {
        var configuration = try Toys.configuration(crystalsPerBatch: 20)
        configuration.files = [Blob([UInt8](repeating: 4, count: 600_000)), Blob([UInt8](repeating: 9, count: 3))]
        var simulation = Simulation(configuration)
        simulation.lackedFiles = Set(configuration.files.map(\.digest))
        _ = try simulation.add(.actor)
        let worker = try simulation.add(.rewardWorker)
        simulation.begin(version: 0, weights: [UInt8](repeating: 1, count: 300))
        #expect(try simulation.run { $0.batches.count == 1 })
        #expect(simulation.lackedFiles.isEmpty && !worker.left)
    }

    @Test func workerThatLacksAFileTheLearnerHasNot_leavesAndNamesIt() throws {
        let configuration = try Toys.configuration(crystalsPerBatch: 20)
        var simulation = Simulation(configuration)
        let digest = Digest(of: [9])
        simulation.lackedFiles = [digest]
        let worker = try simulation.add(.rewardWorker)
        #expect(try simulation.run { _ in worker.left })
        #expect("\(String(describing: worker.error))".contains("\(digest)"))
    }

    @Test(arguments: 0..<25)
    func anyChaos_givesTheSameBatches(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var configuration = try Toys.configuration(crystalsPerBatch: 40)
        // As shipped; and with leases that expire all the time.
        if seed % 2 == 1 {
            configuration.timing.unitLease = .seconds(20)
            configuration.timing.taskLease = .seconds(15)
        }
        var simulation = Simulation(configuration, seed: seed)
        for version in 0..<2 {
            simulation.begin(version: version, weights: [UInt8](repeating: UInt8(version), count: 500))
            var steps = 0
            while simulation.batches.count <= version, steps < 40_000 {
                steps += 1
                let alive = simulation.stations.filter { !$0.left }
                if alive.count < 2 {
                    for role in [PeerRole.actor, .rewardWorker] { _ = try simulation.add(role, threads: 2) }
                }
                let station = alive.randomElement(using: &generator)
                switch Int.random(in: 0..<1000, using: &generator) {
                case 0..<350: simulation.deliverToHub()
                case 350..<650: if let station { simulation.deliver(to: station) }
                case 650..<850:
                    if let station { try simulation.work(station) }
                case 850..<992: simulation.advance(.milliseconds(200))
                case 992: if let station { simulation.kill(station) }
                case 993: if let station { simulation.cut(station) }
                case 994: if let station { simulation.stop(station) }
                case 995: simulation.advance(.seconds(11))
                default:
                    if alive.count < 6 { _ = try simulation.add(.allCases.randomElement(using: &generator) ?? .actor) }
                }
            }
            #expect(simulation.batches.count == version + 1, "seed \(seed): stuck")
        }
        for batch in simulation.batches { try check(batch, configuration) }
        #expect(simulation.hub.counters.crystalsSampled == 80)
        #expect(simulation.hub.counters.crystalsFinished == 80)
    }

    @Test func damagedPieceOfWeights_isAskedForAgainAndNothingElseChanges() throws {
        let configuration = try Toys.configuration()
        var simulation = Simulation(configuration)
        let actor = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker)
        simulation.begin(version: 0, weights: [UInt8](repeating: 3, count: 300))
        var requests = 0
        var damaged = false
        for _ in 0..<200 where !damaged {
            simulation.deliverToHub()
            if case .chunk(var chunk) = actor.inbox.first, chunk.index == 2 {
                chunk.bytes[chunk.bytes.startIndex + 7] ^= 0x10
                actor.inbox[0] = .chunk(chunk)
                damaged = true
            }
            simulation.deliver(to: actor)
            try simulation.work(actor)
        }
        #expect(damaged)
        for (_, frame) in simulation.toHub {
            if case .chunkRequest(_, 2) = try PeerMessage.decode(frame).message { requests += 1 }
        }
        #expect(requests == 1)
        #expect(try simulation.run { $0.batches.count == 1 })
        try check(#require(simulation.batches.first), configuration)
    }

    @Test func lostActor_itsUnitsGoToAnother() throws {
        let configuration = try Toys.configuration()
        var simulation = Simulation(configuration)
        let doomed = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [0])
        for _ in 0..<200 {
            simulation.deliverToHub()
            simulation.deliver(to: doomed)
            if case .actor(.sample) = doomed.jobs.first { break }
            try simulation.work(doomed)
        }
        simulation.kill(doomed)
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker)
        #expect(try simulation.run { $0.batches.count == 1 })
        #expect(simulation.hub.counters.unitsRegranted >= 1)
        try check(#require(simulation.batches.first), configuration)
    }

    @Test func workersPreemptedAgainAndAgain_failNoCrystal() throws {
        let configuration = try Toys.configuration()
        var simulation = Simulation(configuration)
        _ = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [0])
        // Each dies with work in hand, one after a goodbye of its own, one after a result.
        for round in 0..<24 {
            let worker = try simulation.add(.rewardWorker, threads: 2)
            try simulation.settle(idle: worker) { _ in !worker.jobs.isEmpty }
            if round % 3 == 1 { try simulation.work(worker) }
            if round % 3 == 2 { simulation.stop(worker) }
            simulation.kill(worker)
            for _ in 0..<30 { simulation.advance(.milliseconds(500)) }
        }
        #expect(simulation.batches.isEmpty)
        _ = try simulation.add(.rewardWorker)
        #expect(try simulation.run { $0.batches.count == 1 })
        try check(#require(simulation.batches.first), configuration)
        #expect(simulation.hub.counters.tasksRequeued >= 16)
    }

    @Test func batchReport_disturbedBatch_isExact() throws {
        let configuration = try Toys.configuration()
        var simulation = Simulation(configuration)
        let doomed = try simulation.add(.rewardWorker)
        _ = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [0])
        try simulation.settle(idle: doomed) { _ in !doomed.jobs.isEmpty }
        simulation.kill(doomed)
        let worker = try simulation.add(.rewardWorker)
        #expect(try simulation.run { $0.batches.count == 1 })
        let report = try #require(simulation.batches.first).report
        #expect(report.unitsGranted == 7)
        #expect(report.unitsRegranted == 0)
        #expect((1...2).contains(report.tasksRequeued))
        #expect(report.duplicates == 0)
        #expect((report.actors, report.rewardWorkers) == (1, 1))
        #expect(report.sampled.values.map(\.crystals) == [50])
        #expect(report.samplingSeconds == 7)
        #expect(report.scored["test:\(worker.number)"]?.crystals == 50)
        #expect(abs((report.scored.values.first?.seconds ?? 0) - 5) < 1e-9)
        // The next one counts from nothing.
        simulation.begin(version: 1, weights: [1])
        #expect(try simulation.run { $0.batches.count == 2 })
        #expect(simulation.batches[1].report.tasksRequeued == 0)
        #expect(simulation.batches[1].report.unitsGranted == 7)
    }

    @Test func unitThatThreeProcessesCannotSample_endsTheRunWithItsReason() throws {
        var simulation = Simulation(try Toys.configuration(crystalsPerBatch: 8))
        for _ in 0..<3 { _ = try simulation.add(.actor) }
        simulation.begin(version: 0, weights: [0])
        for _ in 0..<400 where simulation.aborts.isEmpty {
            simulation.deliverToHub()
            for actor in simulation.stations {
                simulation.deliver(to: actor)
                let isSampling = if case .actor(.sample) = actor.jobs.first { true } else { false }
                try simulation.work(actor, failing: isSampling)
            }
        }
        guard case .unitFails(_, _, let reason) = simulation.aborts.first else {
            Issue.record("the run went on")
            return
        }
        #expect(reason == "asked")
    }

    @Test func actorThatFailsAlways_isTurnedAwayAndTheRunGoesOnWithAnother() throws {
        let configuration = try Toys.configuration()
        var simulation = Simulation(configuration)
        let broken = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [0])
        for _ in 0..<400 where !broken.left {
            simulation.deliverToHub()
            simulation.deliver(to: broken)
            let isSampling = if case .actor(.sample) = broken.jobs.first { true } else { false }
            try simulation.work(broken, failing: isSampling)
        }
        #expect(broken.error?.description.contains("asked") == true)
        #expect(simulation.aborts.isEmpty)
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker)
        #expect(try simulation.run { $0.batches.count == 1 })
        try check(#require(simulation.batches.first), configuration)
        #expect(simulation.hub.counters.refusedPeers == 1)
    }

    /// Logs a hand-made peer in and returns its session.
    private func logIn(_ hub: inout HubCore, _ role: PeerRole, at routing: RoutingID, now: Moment) throws -> UInt64 {
        let hello = PeerMessage.hello(Hello(peer: Toys.peer(role), instance: UInt64(routing.bytes.first ?? 0)))
        hub.receive(try hello.encode(session: 0), from: routing, now: now)
        for effect in hub.takeEffects() {
            if case .send(.welcome(let welcome), routing) = effect { return welcome.session }
        }
        throw ToyError.missing
    }

    @Test func receive_foreignUnits_areCountedAndAcknowledged() throws {
        var simulation = Simulation(try Toys.configuration())
        let routing = RoutingID(bytes: [9])
        simulation.begin(version: 4, weights: [0])
        let session = try logIn(&simulation.hub, .actor, at: routing, now: simulation.now)
        let policy = Digest(of: [0])
        let foreign = [
            UnitResult(run: "other", version: 4, unit: 0, policy: policy, crystals: [], seconds: 1),
            UnitResult(run: "test", version: 3, unit: 0, policy: policy, crystals: [], seconds: 1),
            UnitResult(run: "test", version: 4, unit: 0, policy: Digest(of: [1]), crystals: [], seconds: 1),
        ]
        for result in foreign {
            simulation.hub.receive(
                try PeerMessage.unitResult(result).encode(session: session), from: routing, now: simulation.now)
        }
        #expect(simulation.hub.counters.foreignUnits == 3)
        let acknowledged = simulation.hub.takeEffects().filter {
            if case .send(.unitAcknowledgement, _) = $0 { true } else { false }
        }
        #expect(acknowledged.count == 3)
    }

    @Test func receive_wrongRoleOrNoLogin_isRejected() throws {
        var simulation = Simulation(try Toys.configuration())
        let routing = RoutingID(bytes: [9])
        simulation.begin(version: 0, weights: [0])
        let task = PeerMessage.taskResult(TaskResult(epoch: 1, task: 1, results: []))
        simulation.hub.receive(try task.encode(session: 77), from: routing, now: simulation.now)
        #expect(simulation.hub.counters.rejectedMessages["unknown-session"] == 1)
        guard case .send(.refusal(let refusal), routing) = simulation.hub.takeEffects().last else {
            Issue.record("no refusal")
            return
        }
        #expect(refusal.code == .unknownSession)
        let session = try logIn(&simulation.hub, .actor, at: routing, now: simulation.now)
        simulation.hub.receive(try task.encode(session: session), from: routing, now: simulation.now)
        #expect(simulation.hub.counters.rejectedMessages["wrong-role"] == 1)
        // Another connection cannot speak for the session.
        simulation.hub.receive(
            try PeerMessage.goodbye("").encode(session: session), from: RoutingID(bytes: [8]), now: simulation.now)
        #expect(simulation.hub.counters.rejectedMessages["unknown-session"] == 2)
        #expect(simulation.hub.peerCount == 1)
    }

    @Test func tick_afterTheHubStoodStill_losesNoPeerAndNoLease() throws {
        var simulation = Simulation(try Toys.configuration())
        _ = try simulation.add(.actor)
        let worker = try simulation.add(.rewardWorker)
        simulation.begin(version: 0, weights: [0])
        try simulation.settle(idle: worker) { simulation in
            !worker.jobs.isEmpty && simulation.hub.snapshot().unitsLeased > 0
        }
        simulation.hub.tick(now: simulation.now)
        let before = simulation.hub.snapshot()
        #expect(before.unitsLeased > 0 && before.tasksLeased > 0)
        var now = simulation.now
        for _ in 0..<3 {
            now = now.advanced(by: .seconds(3600))
            simulation.hub.tick(now: now)
        }
        let after = simulation.hub.snapshot()
        #expect(simulation.hub.peerCount == 2)
        #expect(after.counters == before.counters)
        #expect((after.unitsLeased, after.tasksLeased) == (before.unitsLeased, before.tasksLeased))
        // Time that the hub is awake counts as ever.
        for _ in 0..<400 {
            now = now.advanced(by: .seconds(1))
            simulation.hub.tick(now: now)
        }
        #expect(simulation.hub.peerCount == 0)
    }

    @Test func learnerStartsAnew_peersLogInAgainAndItsBatchIsTheSame() throws {
        let configuration = try Toys.configuration()
        var simulation = Simulation(configuration)
        _ = try simulation.add(.actor)
        let worker = try simulation.add(.rewardWorker)
        simulation.begin(version: 5, weights: [UInt8](repeating: 1, count: 200))
        try simulation.settle { $0.hub.counters.crystalsScored > 5 }
        #expect(simulation.batches.isEmpty)
        simulation.hub = HubCore(configuration: configuration, generator: SeededGenerator(seed: 99))
        simulation.toHub.removeAll()
        simulation.begin(version: 5, weights: [UInt8](repeating: 1, count: 200))
        #expect(try simulation.run { $0.batches.count == 1 })
        try check(#require(simulation.batches.first), configuration)
        #expect(!worker.left)
    }

    @Test func begin_tellsEveryActorOfTheNewWeights_andNoWorker() throws {
        var simulation = Simulation(try Toys.configuration())
        let actors = [try simulation.add(.actor), try simulation.add(.actor)]
        let worker = try simulation.add(.rewardWorker)
        try simulation.settle()
        simulation.begin(version: 0, weights: [1, 2, 3])
        func heard(_ station: Simulation.Station) -> [PolicyVersion] {
            station.inbox.compactMap { if case .announcement(let weights) = $0 { weights.version } else { nil } }
        }
        #expect(actors.map(heard) == [[0], [0]])
        #expect(heard(worker).isEmpty)
    }

    /// What a task is measured by is what the worker's engine was made for, or nothing is measured.
    @Test func workerThatIsGivenATaskOfAnotherRecipe_leavesWithTheReason() throws {
        var simulation = Simulation(try Toys.configuration())
        simulation.begin(version: 0, weights: [1, 2, 3])
        _ = try simulation.add(.actor)
        let worker = try simulation.add(.rewardWorker)
        try simulation.settle(idle: worker) { _ in
            worker.inbox.contains { if case .task = $0 { true } else { false } }
        }
        worker.inbox = worker.inbox.map { message in
            guard case .task(var task) = message else { return message }
            task.recipe = Digest(of: [7])
            return .task(task)
        }
        while simulation.deliver(to: worker) {}
        #expect(worker.left)
        guard case .work(let reason)? = worker.error else {
            Issue.record("\(String(describing: worker.error))")
            return
        }
        #expect(reason.contains("recipe"))
        #expect(simulation.measured.isEmpty)
    }
}
