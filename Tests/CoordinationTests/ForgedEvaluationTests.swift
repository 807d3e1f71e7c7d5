import Base
import Coordination
import Crystals
import FleetFixtures
import Protocol
import Testing
import Trajectories

/// Evaluations that say what no honest one does: it costs them, never the learner or its workers.
@Suite struct ForgedEvaluationTests {
    private static let recipe = "an evaluation"

    private struct Login {
        var session: UInt64
        var routing: RoutingID
    }

    /// A hub with hand-made peers.
    private struct Desk {
        var hub: HubCore
        var now = Toys.begin
        var problems: [String] = []
        private var inboxes: [RoutingID: [HubMessage]] = [:]

        init(items: Int = 10, atoms: Int = 10_000) throws {
            var configuration = try Toys.configuration()
            configuration.evaluationItems = items
            configuration.evaluationAtoms = atoms
            hub = HubCore(configuration: configuration, generator: SeededGenerator(seed: 1))
        }

        /// What was sent to a peer since the last call for it.
        mutating func take(for routing: RoutingID) -> [HubMessage] {
            let effects = hub.takeEffects()
            hub.checkInvariants()
            problems += effects.compactMap { if case .event(.problem(let text)) = $0 { text } else { nil } }
            for case .send(let message, let receiver) in effects { inboxes[receiver, default: []].append(message) }
            return inboxes.removeValue(forKey: routing) ?? []
        }

        mutating func logIn(_ role: PeerRole, instance: UInt64) throws -> Login {
            let routing = RoutingID(bytes: [UInt8(instance)])
            let hello = Hello(peer: Toys.peer(role, process: Int(instance)), instance: instance)
            hub.receive(try PeerMessage.hello(hello).encode(session: 0), from: routing, now: now)
            for case .welcome(let welcome) in take(for: routing) {
                return Login(session: welcome.session, routing: routing)
            }
            throw ToyError.missing
        }

        /// What a message is answered with.
        @discardableResult
        mutating func send(_ message: PeerMessage, _ peer: Login) throws -> [HubMessage] {
            hub.receive(try message.encode(session: peer.session), from: peer.routing, now: now)
            return take(for: peer.routing)
        }
    }

    private let recipes = PeerMessage.workRecipes(WorkRecipes(recipes: [recipe], itemsPerTask: 2))

    private func items(_ numbers: Range<Int>, _ change: (inout Crystal) -> Void = { _ in }) throws -> PeerMessage {
        let group = try #require(SpaceGroup(number: 221))
        let hydrogen = try #require(Element(symbol: "H"))
        var crystal = Crystal(
            spaceGroup: group, sites: [Crystal.Site(wyckoff: 14, element: hydrogen, position: SIMD3(0.1, 0.2, 0.3))],
            lattice: LatticeParameters(a: 9, b: 9, c: 9, alpha: 90, beta: 90, gamma: 90))
        change(&crystal)
        return .work(
            numbers.map {
                NumberedItem(
                    number: $0, recipe: 0, item: WorkItem(job: 0, index: 0, crystal: crystal, isTerminated: true))
            })
    }

    @Test func sameRecipesAgain_areNoOffence() throws {
        var desk = try Desk()
        let peer = try desk.logIn(.evaluation, instance: 1)
        for _ in 0..<5 { try desk.send(recipes, peer) }
        try desk.send(items(0..<3), peer)
        #expect(desk.problems.isEmpty && desk.hub.snapshot().tasksWaiting == 2)
    }

    @Test(arguments: [[], ["another"], [recipe, recipe]]) func otherRecipes_areAnOffence(others: [String]) throws {
        var desk = try Desk()
        let peer = try desk.logIn(.evaluation, instance: 1)
        if !others.isEmpty { try desk.send(recipes, peer) }
        for count in 1...3 {
            try desk.send(.workRecipes(WorkRecipes(recipes: others)), peer)
            #expect(desk.problems.count >= count)
        }
        #expect(desk.hub.counters.refusedPeers == 1 && desk.hub.peerCount == 0)
    }

    private static let forgeries: [(name: String, forge: @Sendable (inout Crystal) -> Void)] = [
        ("no sites", { $0.sites = [] }), ("a letter of no position", { $0.sites[0].wyckoff = 15 }),
        ("NaN coordinate", { $0.sites[0].position.y = .nan }), ("NaN lattice", { $0.lattice.a = .nan }),
        ("huge lattice", { $0.lattice.b = 1e300 }), ("infinite angle", { $0.lattice.gamma = .infinity }),
        // Of 48 each.
        ("too many atoms", { $0.sites = Array(repeating: $0.sites[0], count: 86) }),
    ]

    @Test(arguments: 0..<forgeries.count) func itemsThatCannotBeMeasured_areNotTaken(number: Int) throws {
        let (name, forge) = Self.forgeries[number]
        var desk = try Desk()
        let peer = try desk.logIn(.evaluation, instance: 1)
        try desk.send(recipes, peer)
        try desk.send(items(0..<1, forge), peer)
        #expect(desk.problems.count >= 1, "\(name)")
        #expect(desk.hub.snapshot().tasksWaiting == 0, "\(name)")
    }

    @Test func moreAtomsThanAHubHolds_areAnOffence() throws {
        var desk = try Desk(items: 20, atoms: 480)
        let peer = try desk.logIn(.evaluation, instance: 1)
        try desk.send(recipes, peer)
        let atoms = try #require(SpaceGroup(number: 221)).wyckoffPositions[13].multiplicity
        try desk.send(items(0..<480 / atoms), peer)
        #expect(desk.problems.isEmpty)
        try desk.send(items(100..<101), peer)
        #expect(desk.problems.contains { $0.contains("items of more than 480 atoms at a time") })
    }

    /// The atoms that come of a task fit into a message, however many items it may have.
    @Test func manyAtomsInAMessage_areSeveralTasks() throws {
        var desk = try Desk(items: 100, atoms: 1 << 20)
        let peer = try desk.logIn(.evaluation, instance: 1)
        try desk.send(.workRecipes(WorkRecipes(recipes: [Self.recipe], itemsPerTask: 256)), peer)
        // 43 sites of 48 atoms: 31 such crystals have fewer than 65,536 atoms, 32 have more.
        try desk.send(items(0..<31) { $0.sites = Array(repeating: $0.sites[0], count: 43) }, peer)
        #expect(desk.hub.snapshot().tasksWaiting == 1)
        try desk.send(items(31..<63) { $0.sites = Array(repeating: $0.sites[0], count: 43) }, peer)
        #expect(desk.hub.snapshot().tasksWaiting == 3 && desk.problems.isEmpty)
    }

    /// Results that an evaluation does not take count as its items do, until it does.
    @Test func evaluationThatDoesNotRead_isGivenNoMore() throws {
        var desk = try Desk()
        let evaluation = try desk.logIn(.evaluation, instance: 1)
        try desk.send(recipes, evaluation)
        let worker = try desk.logIn(.rewardWorker, instance: 2)
        let ready = PeerMessage.heartbeat(
            Readiness(window: 9, recipes: ["", Self.recipe].map { Digest(of: $0.utf8) }))
        try desk.send(ready, worker)
        try desk.send(items(0..<10), evaluation)
        var results: [HubMessage] = []
        for case .task(let task) in try desk.send(ready, worker) {
            let outcome = MeasuringResult(outcome: .measured(Measurement([.energyPerAtom: -1])), seconds: 1)
            let answer = PeerMessage.taskResult(
                TaskResult(epoch: task.epoch, task: task.id, results: task.items.map { _ in outcome }))
            desk.hub.receive(try answer.encode(session: worker.session), from: worker.routing, now: desk.now)
            results += desk.take(for: evaluation.routing)
        }
        #expect(results.count == 5 && desk.hub.snapshot().tasksLeased == 0)
        for message in results { desk.hub.congested(message, to: evaluation.routing) }
        #expect(desk.problems.isEmpty)
        try desk.send(items(20..<21), evaluation)
        #expect(desk.problems.contains { $0.contains("more than 10 items at a time") })
        // It reads.
        desk.hub.tick(now: desk.now)
        _ = desk.take(for: evaluation.routing)
        let before = desk.problems.count
        try desk.send(items(20..<30), evaluation)
        #expect(desk.problems.count == before)
    }

    /// The items of a task that no message brings have failed; its worker has room again.
    @Test func taskThatCannotBeSent_hasFailed() throws {
        var configuration = try Toys.configuration()
        configuration.measuresAlone = true
        var desk = try Desk()
        desk.hub = HubCore(configuration: configuration, generator: SeededGenerator(seed: 1))
        let worker = try desk.logIn(.rewardWorker, instance: 1)
        try desk.send(.heartbeat(Readiness(window: 1)), worker)
        let crystals = try Toys.crystals(of: WorkUnit(runSeed: 9, version: 0, unit: 0, crystalCount: 3))
        desk.hub.measure(
            crystals.enumerated().map { index, sampled in
                QueuedWork(
                    number: index, recipe: 0,
                    item: WorkItem(job: 0, index: index, crystal: sampled.crystal, isTerminated: true))
            }, now: desk.now)
        let task = try #require(desk.take(for: worker.routing).first)
        #expect(desk.hub.snapshot().tasksLeased == 1)
        desk.hub.unsendable(task, to: worker.routing, detail: "too large", now: desk.now)
        let finished = desk.hub.takeEffects().flatMap { effect -> [FinishedWork] in
            if case .measured(let work) = effect { work } else { [] }
        }
        #expect(finished.map(\.number) == [0, 1, 2])
        #expect(
            finished.allSatisfy {
                $0.result.outcome == .failed(.engine("it does not fit into a message: too large"))
            })
        #expect(desk.hub.snapshot().tasksLeased + desk.hub.snapshot().tasksWaiting == 0)
    }
}
