import Base
import Coordination
import FleetFixtures
import Protocol
import Security
import Testing
import Trajectories

/// Keys at the hub: who may be what, whose a session is, and what becomes of a key that is revoked.
@Suite struct HubAccessTests {
    private let now = Toys.begin
    private var hub: HubCore

    init() throws {
        hub = HubCore(configuration: try Toys.configuration(), generator: SeededGenerator(seed: 1))
    }

    private func key(_ number: UInt8) throws -> PublicKey {
        try #require(PublicKey(bytes: [UInt8](repeating: number, count: 32)))
    }

    private func holder(_ name: String, _ number: UInt8) throws -> KeyHolder {
        KeyHolder(name: name, publicKey: try key(number))
    }

    private func list(_ keys: [(String, UInt8, KeyRole)]) throws -> AllowList {
        try AllowList(
            keys.map { name, number, role in
                let secret = try #require(SecretKey(bytes: [UInt8](repeating: 0, count: 32)))
                let pair = KeyPair(publicKey: try key(number), secretKey: secret)
                return KeyRecord(name: name, role: role, pair: pair, created: "")
            }, path: "list")
    }

    private func routing(_ number: UInt8) -> RoutingID { RoutingID(bytes: [number]) }

    /// What the hub says to a connection.
    private mutating func said(to routing: RoutingID) -> [HubMessage] {
        hub.takeEffects().compactMap { effect in
            if case .send(let message, routing) = effect { message } else { nil }
        }
    }

    private mutating func logIn(
        _ role: PeerRole, at place: UInt8, of holder: KeyHolder?, instance: UInt64
    ) throws -> HubMessage? {
        let hello = PeerMessage.hello(Hello(peer: Toys.peer(role), instance: instance))
        hub.receive(try hello.encode(session: 0), from: routing(place), of: holder, now: now)
        return said(to: routing(place)).first
    }

    private func reason(_ message: HubMessage?) throws -> String {
        guard case .refusal(let refusal) = message else {
            Issue.record("no refusal: \(String(describing: message))")
            return ""
        }
        #expect(refusal.code == .distrusted)
        return refusal.reason
    }

    private func session(_ message: HubMessage?) throws -> UInt64 {
        guard case .welcome(let welcome) = message else {
            Issue.record("no welcome: \(String(describing: message))")
            return 0
        }
        return welcome.session
    }

    @Test(arguments: KeyRole.ofPeers, PeerRole.allCases)
    mutating func logIn_roleOfTheKey_decides(granted: KeyRole, role: PeerRole) throws {
        hub.replaceAllowList(by: try list([("k", 1, granted)]), now: now)
        let answer = try logIn(role, at: 1, of: holder("k", 1), instance: 1)
        if granted == .any || granted.rawValue == role.rawValue {
            #expect(try session(answer) != 0)
            #expect(hub.peerCount == 1)
        } else {
            let reason = try reason(answer)
            #expect(reason.contains("its key k") && reason.contains("--role \(role.rawValue)"))
            #expect(hub.peerCount == 0)
            #expect(hub.counters.rejectedMessages == ["key-role": 1])
        }
    }

    @Test mutating func logIn_withoutAKeyOrByOneThatIsGone_isRefused() throws {
        hub.replaceAllowList(by: try list([("k", 1, .any)]), now: now)
        #expect(try reason(try logIn(.actor, at: 1, of: nil, instance: 1)).contains("no key"))
        #expect(try reason(try logIn(.actor, at: 2, of: holder("other", 2), instance: 2)).contains("revoked"))
        // The name is on the list, the key is another one.
        #expect(try reason(try logIn(.actor, at: 3, of: holder("k", 2), instance: 3)).contains("revoked"))
        #expect(hub.peerCount == 0)
    }

    /// A frame of one peer said again by the holder of another key, in the same words and from the same address.
    @Test mutating func message_underAForeignSession_isDroppedAndCounted() throws {
        hub.replaceAllowList(by: try list([("a", 1, .any), ("b", 2, .any)]), now: now)
        let session = try session(try logIn(.rewardWorker, at: 1, of: holder("a", 1), instance: 1))
        let goodbye = try PeerMessage.goodbye("bye").encode(session: session)
        hub.receive(goodbye, from: routing(1), of: try holder("b", 2), now: now)
        hub.receive(goodbye, from: routing(1), of: nil, now: now)
        #expect(hub.peerCount == 1)
        #expect(said(to: routing(1)).isEmpty)
        #expect(hub.counters.rejectedMessages == ["foreign-key": 2])
        // From another connection, even of the same holder, it is under no session.
        hub.receive(goodbye, from: routing(2), of: try holder("a", 1), now: now)
        #expect(hub.peerCount == 1)
        #expect(hub.counters.rejectedMessages["unknown-session"] == 1)
        hub.receive(goodbye, from: routing(1), of: try holder("a", 1), now: now)
        #expect(hub.peerCount == 0)
    }

    /// The holder of one key cannot put the process of another out of the run.
    @Test mutating func hello_ofAProcessOfAnotherKey_isRefused() throws {
        hub.replaceAllowList(by: try list([("a", 1, .any), ("b", 2, .any)]), now: now)
        _ = try session(try logIn(.actor, at: 1, of: holder("a", 1), instance: 7))
        #expect(try reason(try logIn(.actor, at: 2, of: holder("b", 2), instance: 7)).contains("another key"))
        #expect(hub.isPeer(routing(1)) && hub.peerCount == 1)
        // Its own process logs in again.
        _ = try session(try logIn(.actor, at: 3, of: holder("a", 1), instance: 7))
        #expect(hub.isPeer(routing(3)) && hub.peerCount == 1)
    }

    /// A revoked worker is told, and what it held is another's at once.
    @Test mutating func revokedKey_isDroppedAndItsWorkGoesToOthers() throws {
        hub.replaceAllowList(by: try list([("a", 1, .actor), ("w", 2, .rewardWorker), ("v", 3, .any)]), now: now)
        let actor = try session(try logIn(.actor, at: 1, of: holder("a", 1), instance: 1))
        let worker = try session(try logIn(.rewardWorker, at: 2, of: holder("w", 2), instance: 2))
        let other = try session(try logIn(.rewardWorker, at: 3, of: holder("v", 3), instance: 3))
        hub.begin(version: 0, policy: Blob([1]), reference: Blob([2]), now: now)
        let weights = Blob([1])
        let ready = Readiness(window: 1, policy: weights.digest, reference: Blob([2]).digest)
        hub.receive(
            try PeerMessage.heartbeat(ready).encode(session: actor), from: routing(1), of: try holder("a", 1), now: now)
        let grants = said(to: routing(1)).compactMap { if case .unitGrant(let grant) = $0 { grant.unit } else { nil } }
        let unit = try #require(grants.first)
        hub.receive(
            try PeerMessage.heartbeat(Readiness(window: 1)).encode(session: worker), from: routing(2),
            of: try holder("w", 2), now: now)
        _ = hub.takeEffects()
        let result = UnitResult(
            run: "test", version: 0, unit: unit.unit, policy: weights.digest, crystals: try Toys.crystals(of: unit),
            seconds: 1)
        hub.receive(
            try PeerMessage.unitResult(result).encode(session: actor), from: routing(1), of: try holder("a", 1),
            now: now)
        func tasks(_ messages: [HubMessage]) -> [RewardTask] {
            messages.compactMap { if case .task(let task) = $0 { task } else { nil } }
        }
        let held = try #require(tasks(said(to: routing(2))).first)
        hub.receive(
            try PeerMessage.heartbeat(Readiness(window: 100)).encode(session: other), from: routing(3),
            of: try holder("v", 3), now: now)
        let before = tasks(said(to: routing(3)))
        #expect(!before.contains { $0.items == held.items })
        let shutOut = hub.replaceAllowList(by: try list([("a", 1, .actor), ("v", 3, .any)]), now: now)
        #expect(shutOut == [try holder("w", 2)])
        let effects = hub.takeEffects()
        let told = effects.compactMap { effect -> Refusal? in
            if case .send(.refusal(let refusal), routing(2)) = effect { refusal } else { nil }
        }
        #expect(told.map(\.code) == [.distrusted])
        #expect(told.first?.reason.contains("its key w was revoked") == true)
        let taken = effects.compactMap { effect -> RewardTask? in
            if case .send(.task(let task), routing(3)) = effect { task } else { nil }
        }
        #expect(taken.contains { $0.items == held.items })
        #expect(hub.peerCount == 2)
        #expect(hub.counters.refusedPeers == 1)
        // The same name under another key is somebody else.
        let renamed = hub.replaceAllowList(by: try list([("a", 1, .actor), ("v", 4, .any)]), now: now)
        #expect(renamed == [try holder("v", 3)])
        #expect(hub.peerCount == 1)
    }

    @Test mutating func roleTakenFromAKey_dropsItsSessions() throws {
        hub.replaceAllowList(by: try list([("k", 1, .any)]), now: now)
        _ = try session(try logIn(.actor, at: 1, of: holder("k", 1), instance: 1))
        let shutOut = hub.replaceAllowList(by: try list([("k", 1, .rewardWorker)]), now: now)
        // It may still connect.
        #expect(shutOut.isEmpty)
        #expect(hub.peerCount == 0)
        #expect(try reason(said(to: routing(1)).first).contains("for the role reward-worker alone"))
    }

    @Test func withoutAnAllowList_nothingIsAsked() throws {
        var hub = HubCore(configuration: try Toys.configuration(), generator: SeededGenerator(seed: 1))
        let hello = PeerMessage.hello(Hello(peer: Toys.peer(.actor), instance: 1))
        hub.receive(try hello.encode(session: 0), from: routing(1), now: now)
        #expect(hub.peerCount == 1)
    }

    @Test func reminder_isDueAtOnceAndEachMinute() {
        var reminder = SecurityReminder("open")
        let seconds = (0..<300).filter { reminder.take(now: now.advanced(by: .seconds($0))) != nil }
        #expect(seconds == [0, 60, 120, 180, 240])
        var none = SecurityReminder(nil)
        #expect(none.take(now: now) == nil)
    }

    @Test func rule_keysAllowWhatOnlyInsecureDid() throws {
        let open = try Endpoint("tcp://*:5555")
        #expect(ListeningRule.problem(of: open, isInsecure: false)?.contains("--keys") == true)
        #expect(ListeningRule.problem(of: open, isInsecure: false, hasKeys: true) == nil)
        #expect(ListeningRule.warning(of: open, hasKeys: true) == nil)
        #expect(ListeningRule.warning(of: open, hasKeys: false)?.contains("insecure") == true)
        #expect(ListeningRule.warning(of: try Endpoint("tcp://127.0.0.1:*"), hasKeys: false) == nil)
    }

    @Test func gate_connectionsOfARevokedKey_areCutAfterTheirTime() throws {
        var gate = ConnectionGate(capacity: 10)
        gate.open(1, now: now)
        gate.open(2, now: now)
        gate.recognise(1, of: try holder("w", 2))
        gate.recognise(2, of: try holder("v", 3))
        var cut: [Int32: Int] = [:]
        for second in 0..<40 {
            if second == 20 { gate.demote([try holder("w", 2)], now: now.advanced(by: .seconds(second))) }
            for descriptor in gate.takeExcess(now: now.advanced(by: .seconds(second))) { cut[descriptor] = second }
        }
        #expect(cut == [1: 31])
    }

    /// What a peer says of a learner that does not let it in, told once for each reason.
    @Test func link_thatIsNotLetIn_saysWhyAndLeavesWithIt() throws {
        var configuration = PeerConfiguration(
            endpoint: try Endpoint("tcp://10.0.0.1:5555"), build: "test", host: "test", process: 1)
        configuration.patience = .seconds(60)
        var link = HubLink(configuration: configuration, role: .actor, generator: SeededGenerator(seed: 1))
        link.start(now: now)
        for _ in 0..<5 { link.note(.keysOnOneSide) }
        link.note(.brokenOff)
        var logs: [String] = []
        var end: RoleError?
        for second in 0..<100 {
            link.tick(now: now.advanced(by: .seconds(second)))
            for effect in link.takeEffects() {
                if case .log(let text) = effect { logs.append(text) }
                if case .leave(.failure(let error)) = effect { end = error }
            }
        }
        let told = "the learner at tcp://10.0.0.1:5555: the learner was started with --keys"
        #expect(logs.filter { $0.hasPrefix(told) }.count == 1)
        #expect(logs.contains { $0.contains("has not let this process in for 10 s") && $0.contains("give --keys") })
        #expect(end?.description.contains("tcp://10.0.0.1:5555") == true)
        #expect(end?.description.contains("give --keys") == true)
        #expect(end?.isLasting == false)
    }
}
