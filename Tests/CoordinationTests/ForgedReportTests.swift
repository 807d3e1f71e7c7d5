import Base
import Coordination
import FleetFixtures
import Protocol
import Testing
import Trajectories

/// Reports of numbers that no peer can have, one after the other: what is added up of them stays a number.
@Suite struct ForgedReportTests {
    @Test(arguments: [PeerRole.actor, .rewardWorker, .evaluation, .relay])
    func reports_ofImpossibleNumbers_areAddedUpAllTheSame(role: PeerRole) throws {
        var hub = HubCore(configuration: try Toys.configuration(), generator: SeededGenerator(seed: 1))
        let routing = RoutingID(bytes: [1])
        let hello = PeerMessage.hello(Hello(peer: Toys.peer(role), instance: 1))
        hub.receive(try hello.encode(session: 0), from: routing, now: Toys.begin)
        var session: UInt64?
        for case .send(.welcome(let welcome), _) in hub.takeEffects() { session = welcome.session }
        let report = RoleReport(
            intervalSeconds: 1e308, crystals: .max, busySeconds: 1e308, residentBytes: .max, version: 1, inFlight: 1,
            logins: .max, resent: .max)
        for _ in 0..<3 {
            let frame: [UInt8] = try PeerMessage.report(report).encode(session: try #require(session))
            hub.receive(frame, from: routing, now: Toys.begin)
        }
        #expect(hub.peerCount == 1 && hub.counters.rejectedMessages.isEmpty)
        var watch = FleetWatch()
        #expect(watch.look(at: hub, now: Toys.begin).roleTimes[role]?.crystals == .max)
    }
}
