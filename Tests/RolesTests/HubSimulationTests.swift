import Messaging
import Policy
import Rewards
import Roles
import Testing

@Suite struct HubSimulationTests {
    /// What a batch of this version must be, whoever made it.
    private func expected(_ configuration: LearnerConfiguration, version: Int) throws -> [SampledCrystal] {
        var ledger = UnitLedger(
            version: version, runSeed: configuration.runSeed, crystals: configuration.crystalsPerBatch,
            crystalsPerUnit: configuration.crystalsPerUnit, lease: .seconds(1))
        var crystals: [SampledCrystal] = []
        while let (unit, _) = ledger.grant(to: SessionID(1), now: Toys.begin) {
            crystals += try Toys.crystals(of: unit)
        }
        return crystals
    }

    private func check(_ batch: ScoredBatch, _ configuration: LearnerConfiguration) throws {
        #expect(batch.crystals.map(\.sampled) == (try expected(configuration, version: batch.version)))
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

    @Test(arguments: 0..<25)
    func anyChaos_givesTheSameBatches(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var configuration = try Toys.configuration(crystalsPerBatch: 40)
        // Killed workers are nobody's fault here: give up on nothing.
        configuration.tasksLostBeforeFailure = 1000
        configuration.timing.unitLease = .seconds(20)
        configuration.timing.taskLease = .seconds(15)
        var simulation = Simulation(configuration, seed: seed)
        for version in 0..<2 {
            simulation.begin(version: version, weights: [UInt8](repeating: UInt8(version), count: 500))
            var steps = 0
            while simulation.batches.count <= version, steps < 40_000 {
                steps += 1
                let alive = simulation.stations.filter { !$0.left }
                if alive.count < 2 {
                    for role in PeerRole.allCases { _ = try simulation.add(role, threads: 2) }
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
                chunk.bytes[7] ^= 0x10
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

    @Test func crystalThatKillsWorkers_failsAloneAndTheBatchCompletes() throws {
        let configuration = try Toys.configuration()
        var simulation = Simulation(configuration)
        _ = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [0])
        let killer = CrystalID(version: 0, unit: 2, index: 5)
        var workers = 0
        for _ in 0..<3000 where simulation.batches.isEmpty {
            if !simulation.stations.contains(where: { !$0.left && $0.number > 0 }) {
                workers += 1
                _ = try simulation.add(.rewardWorker)
            }
            simulation.deliverToHub()
            for station in simulation.stations where !station.left {
                simulation.deliver(to: station)
                if case .worker(let job) = station.jobs.first, job.task.crystals.contains(where: { $0.id == killer }) {
                    simulation.kill(station)
                } else {
                    try simulation.work(station)
                }
            }
            if simulation.toHub.isEmpty { simulation.advance(.milliseconds(500)) }
        }
        let batch = try #require(simulation.batches.first)
        let failed = batch.crystals.filter { $0.sampled.id == killer }
        #expect(failed.map(\.outcome) == [.failed(.engine("3 reward workers were lost over it"))])
        for crystal in batch.crystals where crystal.sampled.id != killer {
            #expect(crystal.outcome == Toys.outcome(of: crystal.sampled))
        }
        #expect((2...5).contains(workers))
    }

    @Test func unitThatFails_endsTheRunWithItsReason() throws {
        var simulation = Simulation(try Toys.configuration())
        let actor = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [0])
        for _ in 0..<200 where simulation.aborts.isEmpty {
            simulation.deliverToHub()
            simulation.deliver(to: actor)
            let isSampling = if case .actor(.sample) = actor.jobs.first { true } else { false }
            try simulation.work(actor, failing: isSampling)
        }
        guard case .unitFails(_, _, let reason) = simulation.aborts.first else {
            Issue.record("the run went on")
            return
        }
        #expect(reason == "asked")
    }

    @Test func nonFiniteProbability_isAFailedOutcomeWithoutTask() throws {
        let configuration = try Toys.configuration(crystalsPerBatch: 1)
        var simulation = Simulation(configuration)
        let routing = RoutingID(bytes: [9])
        simulation.begin(version: 0, weights: [0])
        let session = try logIn(&simulation.hub, .actor, at: routing, now: simulation.now)
        var crystals = try Toys.crystals(
            of: WorkUnit(runSeed: 7, version: 0, unit: 0, firstCrystal: 0, crystalCount: 1))
        crystals[0].logProbability.l = .nan
        let result = UnitResult(
            run: "test", version: 0, unit: 0, policy: Digest(of: [0]), crystals: crystals, seconds: 1)
        simulation.hub.receive(
            try PeerMessage.unitResult(result).encode(session: session), from: routing, now: simulation.now)
        simulation.performHub()
        #expect(simulation.batches.first?.crystals.first?.outcome.label == "failed.engine")
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

    @Test func receive_unitsThatCannotBeUsed_goBackAndEndTheRunAtTheThird() throws {
        var simulation = Simulation(try Toys.configuration())
        let routing = RoutingID(bytes: [9])
        simulation.begin(version: 0, weights: [0])
        let session = try logIn(&simulation.hub, .actor, at: routing, now: simulation.now)
        let policy = Digest(of: [0])
        let ready = Readiness(window: 1, policy: policy, reference: Digest(of: [1, 2, 3]))
        var crystals = try Toys.crystals(
            of: WorkUnit(runSeed: 7, version: 0, unit: 0, firstCrystal: 0, crystalCount: 8))
        crystals[3].id.index = 4
        for count in [8, 3, 8] {
            simulation.hub.receive(
                try PeerMessage.heartbeat(ready).encode(session: session), from: routing, now: simulation.now)
            let result = UnitResult(
                run: "test", version: 0, unit: 0, policy: policy, crystals: Array(crystals.prefix(count)), seconds: 1)
            simulation.hub.receive(
                try PeerMessage.unitResult(result).encode(session: session), from: routing, now: simulation.now)
            #expect(simulation.hub.counters.crystalsSampled == 0)
        }
        #expect(simulation.hub.counters.rejectedMessages == ["malformed": 2, "unknown-unit": 1])
        let aborts = simulation.hub.takeEffects().filter { if case .abort = $0 { true } else { false } }
        #expect(aborts.count == 1)
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

    @Test func tick_afterTheHubStoodStill_blamesNoPeer() throws {
        var simulation = Simulation(try Toys.configuration())
        _ = try simulation.add(.actor)
        simulation.begin(version: 0, weights: [0])
        try simulation.settle()
        simulation.hub.tick(now: simulation.now)
        #expect(simulation.hub.peerCount == 1)
        simulation.hub.tick(now: simulation.now.advanced(by: .seconds(3600)))
        #expect(simulation.hub.peerCount == 1)
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
}
