import Base
import Coordination
import Crystals
import FineTuning
import FleetFixtures
import Policy
import Protocol
import Rewards
import Testing
import Trajectories

/// What the hub takes from whom: bad data costs its sender, never the run.
@Suite struct AdmissionTests {
    private static let policy = Digest(of: [0])
    private static let unit = WorkUnit(runSeed: 7, version: 0, unit: 0, crystalCount: 8)

    private var admission: Admission {
        var configuration = PolicyConfiguration()
        configuration.maximumSites = 6
        configuration.atomTypes = 95
        return Admission(policy: configuration)
    }

    /// Crystals that a policy of six sites can have made.
    private func honest() throws -> [SampledCrystal] {
        try Toys.crystals(of: Self.unit).map {
            var crystal = $0
            crystal.isTerminated = true
            return crystal
        }
    }

    /// Every way in which a crystal can be no crystal of the policy.
    private static let forgeries: [(name: String, forge: @Sendable (inout SampledCrystal) -> Void)] = [
        ("no sites", { $0.crystal.sites = [] }),
        ("too many sites", { $0.crystal.sites = Array(repeating: $0.crystal.sites[0], count: 7) }),
        ("sites after the end", { $0.crystal.sites = Array(repeating: $0.crystal.sites[0], count: 6) }),
        ("no end", { $0.isTerminated = false }),
        ("letter of another group", { $0.crystal = $0.crystal.with(group: 1, wyckoff: 2) }),
        ("letter zero", { $0.crystal.sites[0].wyckoff = 0 }),
        (
            "element beyond the policy",
            { $0.crystal.sites[0].element = Element(symbol: "Am") ?? $0.crystal.sites[0].element }
        ),
        ("NaN lattice", { $0.crystal.lattice.b = .nan }), ("infinite angle", { $0.crystal.lattice.gamma = .infinity }),
        ("huge lattice", { $0.crystal.lattice.a = 1e300 }),
        ("NaN coordinate", { $0.crystal.sites[0].position.y = .nan }),
        ("huge coordinate", { $0.crystal.sites[0].position.z = -1e200 }),
        ("log p of -1e300", { $0.logProbability.w = -1e300 }), ("NaN log p", { $0.logProbability.l = .nan }),
        ("components that cancel", { ($0.logProbability.w, $0.logProbability.a) = (1e250, -1e250) }),
        ("reference of -inf", { $0.referenceLogProbability.xyz = -.infinity }),
        ("reference of 2e6", { $0.referenceLogProbability.a = 2e6 }),
    ]

    @Test(arguments: 0..<forgeries.count)
    func crystal_thatThePolicyCannotMake_isRefused(number: Int) throws {
        let (name, forge) = Self.forgeries[number]
        for crystal in try honest() {
            #expect(admission.problem(of: crystal) == nil)
            var forged = crystal
            forge(&forged)
            #expect(admission.problem(of: forged) != nil, "\(name)")
        }
    }

    @Test(arguments: [
        (-3.0, 0.1, true), (.nan, 0.1, false), (-3, .nan, false), (-1e4, 0.1, false), (-3, 1e300, false),
        (-3, -.infinity, false), (-999, 999, true),
    ])
    func measurement_absurdNumbers_areRefused(energy: Double, aboveHull: Double, isTaken: Bool) {
        let measurement = Measurement(energyPerAtom: energy, energyAboveHull: aboveHull)
        #expect((admission.problem(of: .measured(measurement)) == nil) == isTaken)
        #expect(admission.problem(of: .invalid(.unterminated)) == nil)
    }

    @Test func measurement_missingOrBrokenQuantity_isRefused() {
        #expect(admission.problem(of: .measured(Measurement([.energyPerAtom: -3]))) == "e_above_hull is missing")
        let gap = Measurement.Quantity(rawValue: "band_gap")
        var values: [Measurement.Quantity: Double] = [.energyPerAtom: -3, .energyAboveHull: 0.1, gap: 1.1]
        #expect(admission.problem(of: .measured(Measurement(values))) == nil)
        values[gap] = .nan
        #expect(admission.problem(of: .measured(Measurement(values)))?.contains("band_gap") == true)
    }

    // MARK: - At the hub

    /// A hub with hand-made peers.
    private struct Desk {
        var hub: HubCore
        var now = Toys.begin
        var effects: [HubEffect] = []

        init(_ admission: Admission, crystals: Int = 8) throws {
            var configuration = try Toys.configuration(crystalsPerBatch: crystals)
            configuration.admission = admission
            hub = HubCore(configuration: configuration, generator: SeededGenerator(seed: 1))
            hub.begin(version: 0, policy: Blob([0]), reference: Blob([1]), now: now)
        }

        mutating func take() -> [HubEffect] {
            let new = hub.takeEffects()
            effects += new
            hub.checkInvariants()
            return new
        }

        mutating func send(_ message: PeerMessage, _ peer: Login) throws {
            hub.receive(try message.encode(session: peer.session), from: peer.routing, now: now)
        }

        mutating func logIn(_ role: PeerRole, instance: UInt64, connection: UInt8? = nil) throws -> Login? {
            let routing = RoutingID(bytes: [connection ?? UInt8(instance)])
            let hello = Hello(peer: Toys.peer(role, process: Int(instance)), instance: instance)
            hub.receive(try PeerMessage.hello(hello).encode(session: 0), from: routing, now: now)
            for case .send(.welcome(let welcome), routing) in take() {
                let peer = Login(session: welcome.session, routing: routing)
                try send(.heartbeat(ready(role)), peer)
                return peer
            }
            return nil
        }

        mutating func ready(_ role: PeerRole) -> Readiness {
            role == .actor
                ? Readiness(window: 1, policy: Digest(of: [0]), reference: Digest(of: [1])) : Readiness(window: 4)
        }

        mutating func deliver(_ crystals: [SampledCrystal], _ peer: Login, unit: Int = 0) throws {
            try send(
                .unitResult(
                    UnitResult(
                        run: "test", version: 0, unit: unit, policy: Digest(of: [0]), crystals: crystals, seconds: 1)),
                peer)
        }

        /// The tasks sent to a peer since the last look.
        mutating func tasks(for peer: Login) -> [RewardTask] {
            take().compactMap { if case .send(.task(let task), peer.routing) = $0 { task } else { nil } }
        }

        var batches: [ScoredBatch] { effects.compactMap { if case .batch(let batch) = $0 { batch } else { nil } } }
        var aborts: Int { effects.count { if case .abort = $0 { true } else { false } } }
        func isRefused(_ peer: Login) -> Bool {
            effects.contains {
                if case .send(.refusal(let refusal), peer.routing) = $0 { refusal.code == .distrusted } else { false }
            }
        }
    }

    private struct Login {
        var session: UInt64
        var routing: RoutingID
    }

    private func answer(_ task: RewardTask) -> PeerMessage {
        .taskResult(
            TaskResult(
                epoch: task.epoch, task: task.id,
                results: task.items.map { MeasuringResult(outcome: Toys.outcome(of: $0), seconds: 1) }))
    }

    @Test func actor_threeUnusableUnits_isTurnedAwayAndTheRunGoesOn() throws {
        var desk = try Desk(admission)
        let bad = try #require(try desk.logIn(.actor, instance: 1))
        for forgery in [1, 4, 12] {
            #expect(!desk.isRefused(bad))
            var crystals = try honest()
            Self.forgeries[forgery].forge(&crystals[3])
            try desk.deliver(crystals, bad)
            // The unit comes back to it, since there is no other.
            try desk.send(.heartbeat(desk.ready(.actor)), bad)
            _ = desk.take()
            #expect(desk.hub.counters.crystalsSampled == 0)
        }
        #expect(desk.isRefused(bad))
        #expect(desk.aborts == 0)
        #expect(desk.hub.peerCount == 0)
        #expect(desk.hub.counters.unusableUnits == 3)
        // It stays out, whatever its connection.
        #expect(try desk.logIn(.actor, instance: 1, connection: 200) == nil)
        #expect(desk.hub.counters.rejectedMessages["refused-peer"] == 1)
        let good = try #require(try desk.logIn(.actor, instance: 2))
        let worker = try #require(try desk.logIn(.rewardWorker, instance: 3))
        try desk.deliver(try honest(), good)
        for task in desk.tasks(for: worker) { try desk.send(answer(task), worker) }
        _ = desk.take()
        #expect(desk.batches.first?.crystals.map(\.sampled) == (try honest()))
        #expect(desk.hub.counters.refusedPeers == 1)
    }

    @Test func unusableUnit_goesToAnotherActorFirst() throws {
        var desk = try Desk(admission)
        let bad = try #require(try desk.logIn(.actor, instance: 1))
        let good = try #require(try desk.logIn(.actor, instance: 2))
        _ = desk.take()
        var crystals = try honest()
        crystals[0].id.index = 5
        try desk.deliver(crystals, bad)
        let grants = desk.take().compactMap { effect -> RoutingID? in
            if case .send(.unitGrant, let routing) = effect { routing } else { nil }
        }
        #expect(grants == [good.routing])
    }

    @Test func worker_absurdResults_isTurnedAwayAndAnotherScoresTheCrystals() throws {
        var desk = try Desk(admission)
        let actor = try #require(try desk.logIn(.actor, instance: 1))
        let bad = try #require(try desk.logIn(.rewardWorker, instance: 2))
        try desk.deliver(try honest(), actor)
        var sent = 0
        while !desk.isRefused(bad), sent < 10 {
            for task in desk.tasks(for: bad) {
                sent += 1
                let score = Measurement(energyPerAtom: -1e9, energyAboveHull: -1e9)
                try desk.send(
                    .taskResult(
                        TaskResult(
                            epoch: task.epoch, task: task.id,
                            results: task.items.map { _ in MeasuringResult(outcome: .measured(score), seconds: 1) })),
                    bad)
            }
        }
        #expect(desk.hub.counters.refusedPeers == 1)
        #expect(desk.hub.counters.unusableOutcomes == 8)
        #expect(desk.hub.counters.crystalsFinished == 0)
        let good = try #require(try desk.logIn(.rewardWorker, instance: 3))
        for _ in 0..<5 { for task in desk.tasks(for: good) { try desk.send(answer(task), good) } }
        _ = desk.take()
        #expect(desk.batches.first?.crystals.allSatisfy { $0.scoredBy == "test:3" } == true)
    }

    @Test func worker_resultsThatLeaveCrystalsOut_isTurnedAway() throws {
        var desk = try Desk(admission)
        let actor = try #require(try desk.logIn(.actor, instance: 1))
        let lazy = try #require(try desk.logIn(.rewardWorker, instance: 2))
        try desk.deliver(try honest(), actor)
        for _ in 0..<10 where !desk.isRefused(lazy) {
            for task in desk.tasks(for: lazy) {
                try desk.send(.taskResult(TaskResult(epoch: task.epoch, task: task.id, results: [])), lazy)
            }
        }
        #expect(desk.isRefused(lazy))
        #expect(desk.hub.counters.crystalsFinished == 0)
    }

    @Test func result_afterALoginAnew_countsOfTheSameProcessAlone() throws {
        var desk = try Desk(admission)
        let actor = try #require(try desk.logIn(.actor, instance: 1))
        let actorAgain = try #require(try desk.logIn(.actor, instance: 1, connection: 101))
        let other = try #require(try desk.logIn(.actor, instance: 2))
        try desk.deliver(try honest(), other)
        #expect(desk.hub.counters.foreignUnits == 1)
        try desk.deliver(try honest(), actor)
        #expect(desk.hub.counters.rejectedMessages["unknown-session"] == 1)
        try desk.deliver(try honest(), actorAgain)
        #expect(desk.hub.counters.crystalsSampled == 8)
        let worker = try #require(try desk.logIn(.rewardWorker, instance: 3))
        let tasks = desk.tasks(for: worker)
        let stranger = try #require(try desk.logIn(.rewardWorker, instance: 4))
        for task in tasks { try desk.send(answer(task), stranger) }
        #expect(desk.hub.counters.crystalsFinished == 0)
        #expect(desk.hub.counters.foreignOutcomes == 8)
        let workerAgain = try #require(try desk.logIn(.rewardWorker, instance: 3, connection: 103))
        for task in tasks { try desk.send(answer(task), workerAgain) }
        _ = desk.take()
        #expect(desk.batches.count == 1)
    }

    @Test func refusePeers_byName_turnsThemAwayForGood() throws {
        var desk = try Desk(admission)
        let actor = try #require(try desk.logIn(.actor, instance: 1))
        desk.hub.refusePeers(named: "test:1", reason: "its log-probabilities are not the policy's", now: desk.now)
        _ = desk.take()
        #expect(desk.isRefused(actor))
        #expect(desk.hub.peerCount == 0)
        #expect(try desk.logIn(.actor, instance: 1) == nil)
        // What it held goes on.
        #expect(desk.hub.snapshot().unitsWaiting == 1)
    }

    @Test func malformedMessages_ofALoggedInPeer_turnItAway() throws {
        var desk = try Desk(admission)
        let peer = try #require(try desk.logIn(.actor, instance: 1))
        for _ in 0..<3 { desk.hub.receive([UInt8]([0xff, 1, 2]).resealed, from: peer.routing, now: desk.now) }
        _ = desk.take()
        #expect(desk.isRefused(peer))
    }

    /// What is damaged on the way is nobody's fault.
    @Test func damagedMessages_ofALoggedInPeer_areCountedAlone() throws {
        var desk = try Desk(admission)
        let peer = try #require(try desk.logIn(.actor, instance: 1))
        for _ in 0..<10 { desk.hub.receive([0xff, 1, 2], from: peer.routing, now: desk.now) }
        _ = desk.take()
        #expect(!desk.isRefused(peer) && desk.hub.counters.rejectedMessages["damaged"] == 10)
    }

    @Test func congestedQueue_workIsOfferedAgainAndThePeerStays() throws {
        var desk = try Desk(admission)
        let actor = try #require(try desk.logIn(.actor, instance: 1))
        for case .send(.unitGrant(let grant), actor.routing) in desk.take() {
            desk.hub.congested(.unitGrant(grant), to: actor.routing)
        }
        #expect(desk.hub.snapshot().unitsWaiting == 1)
        for _ in 0..<5 {
            desk.now = desk.now.advanced(by: .milliseconds(5))
            desk.hub.tick(now: desk.now)
        }
        #expect(desk.hub.peerCount == 1)
        #expect(desk.hub.snapshot().unitsLeased == 1)
        try desk.deliver(try honest(), actor)
        let worker = try #require(try desk.logIn(.rewardWorker, instance: 2))
        for task in desk.tasks(for: worker) { desk.hub.congested(.task(task), to: worker.routing) }
        #expect(desk.hub.snapshot().tasksLeased == 0)
        desk.hub.tick(now: desk.now.advanced(by: .milliseconds(5)))
        for task in desk.tasks(for: worker) { try desk.send(answer(task), worker) }
        _ = desk.take()
        #expect(desk.batches.count == 1)
    }
}

extension Crystal {
    fileprivate func with(group: Int, wyckoff: Int) -> Crystal {
        guard let spaceGroup = SpaceGroup(number: group) else { return self }
        var sites = sites
        sites[0].wyckoff = wyckoff
        return Crystal(spaceGroup: spaceGroup, sites: sites, lattice: lattice)
    }
}
