import Coordination
import Fleet
import FleetFixtures
import Protocol
import Testing
import Trajectories

@Suite struct PeerTableTests {
    private let now = Toys.begin

    private func hello(_ instance: UInt64) -> Hello { Hello(peer: Toys.peer(.actor), instance: instance) }

    @Test func logIn_sameProcessAgain_replacesTheFirstLogin() throws {
        var table = PeerTable()
        _ = try table.logIn(hello(1), at: RoutingID(bytes: [1]), session: SessionID(10), now: now)
        let earlier = try table.logIn(hello(1), at: RoutingID(bytes: [2]), session: SessionID(11), now: now)
        #expect(earlier?.session == SessionID(10))
        #expect(table.count == 1)
        #expect(table.session(at: RoutingID(bytes: [1])) == nil)
        #expect(table.session(at: RoutingID(bytes: [2])) == SessionID(11))
    }

    @Test func heard_sessionOfAnotherConnection_isNobody() throws {
        var table = PeerTable()
        _ = try table.logIn(hello(1), at: RoutingID(bytes: [1]), session: SessionID(10), now: now)
        let stranger = table.heard(SessionID(10), at: RoutingID(bytes: [2]), now: now)
        #expect(stranger == nil)
    }

    @Test(arguments: [64, 100, 256, 1024, 4096, 65_536, 1_000_000])
    func capacity_leavesDescriptorsForFilesAndStrangers(limit: Int) {
        let capacity = PeerCapacity(descriptors: limit)
        #expect(capacity.peers >= 1 && capacity.peers <= PeerTable.capacity && capacity.strangers >= 4)
        #expect(capacity.peers + capacity.strangers + PeerCapacity.reserve(descriptors: limit) <= limit)
        // More descriptors never mean fewer peers.
        #expect(PeerCapacity(descriptors: limit + 50).peers >= capacity.peers)
        #expect(PeerCapacity(descriptors: 1_000_000).peers == PeerTable.capacity)
    }

    @Test func silent_quietPeers_areProbedThenLost() throws {
        var table = PeerTable()
        _ = try table.logIn(hello(1), at: RoutingID(bytes: [1]), session: SessionID(10), now: now)
        _ = try table.logIn(hello(2), at: RoutingID(bytes: [2]), session: SessionID(20), now: now)
        let later = now.advanced(by: .seconds(5))
        _ = table.heard(SessionID(20), at: RoutingID(bytes: [2]), now: later)
        #expect(table.silent(since: later).map(\.session) == [SessionID(10)])
        let probed = table.probe(silentSince: later, now: later)
        #expect(probed.map(\.session) == [SessionID(10)])
        let again = table.probe(silentSince: later, now: later)
        #expect(again.isEmpty)
    }

    @Test func logIn_fullTable_isRefused() throws {
        var table = PeerTable()
        for number in 0..<UInt64(PeerTable.capacity) {
            let routing = RoutingID(bytes: [UInt8(number & 255), UInt8(number >> 8)])
            _ = try table.logIn(hello(number), at: routing, session: SessionID(number + 1), now: now)
        }
        #expect(throws: Refusal.self) {
            try table.logIn(hello(.max), at: RoutingID(bytes: [1, 2, 3]), session: SessionID(.max), now: now)
        }
        #expect(table.count == PeerTable.capacity)
    }
}
