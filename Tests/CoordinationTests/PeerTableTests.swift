import Base
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

    /// A table of actors that take a unit each, by number from 1; their sessions are ten times their numbers.
    private func table(_ count: UInt64) throws -> PeerTable {
        var table = PeerTable()
        for number in 1...count {
            let routing = RoutingID(bytes: (0..<3).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
            _ = try table.logIn(hello(number), at: routing, session: SessionID(10 * number), now: now)
            table.update(Readiness(window: 1), of: SessionID(10 * number))
        }
        table.checkInvariants()
        return table
    }

    @Test func takeTurn_peersThatWait_comeInTheirOrderAndOnce() throws {
        var table = try table(3)
        // They wait already.
        table.giveTurn(to: SessionID(10))
        table.giveTurnsToAll()
        let first = table.takeTurn(.sampling)
        #expect(first?.session == SessionID(10))
        table.giveTurn(to: SessionID(10))
        let second = table.takeTurn(.sampling)
        #expect(second?.session == SessionID(20))
        table.giveBackTurns([SessionID(20)], of: .sampling)
        table.remove(SessionID(30))
        let rest = [table.takeTurn(.sampling), table.takeTurn(.sampling), table.takeTurn(.sampling)]
        #expect(rest.map { $0?.session } == [SessionID(20), SessionID(10), nil])
        let worker = table.takeTurn(.measuring(0))
        #expect(worker == nil)
        table.checkInvariants()
    }

    @Test func update_windowAndWeights_areCounted() throws {
        var table = try table(3)
        let policy = Digest(of: [1])
        table.update(Readiness(window: 0, policy: policy, reference: policy), of: SessionID(10))
        table.update(Readiness(window: 4, policy: policy, reference: policy), of: SessionID(20))
        #expect(table.available(.sampling) == [InstanceID(2), InstanceID(3)])
        #expect(table.actors(holding: policy) == 2)
        table.checkInvariants()
        table.remove(SessionID(20))
        #expect(table.available(.sampling) == [InstanceID(3)])
        #expect(table.actors(holding: policy) == 1)
        #expect((table.count(of: .actor), table.count(of: .rewardWorker)) == (2, 0))
        table.checkInvariants()
    }

    @Test(arguments: 0..<10)
    func anyInterleaving_findsWhomALookAtAllPeersFinds(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var table = try table(20)
        var now = now
        for step in 0..<300 {
            let number = UInt64.random(in: 1...20, using: &generator)
            let routing = RoutingID(bytes: [UInt8(number), 0, 0])
            now = now.advanced(by: .milliseconds(Int.random(in: 0...300, using: &generator)))
            let deadline = now.advanced(by: .seconds(-5))
            switch Int.random(in: 0..<8, using: &generator) {
            case 0..<4: _ = table.session(at: routing).map { table.heard($0, at: routing, now: now) }
            case 4:
                let expected = table.all.filter { $0.lastHeard < deadline }
                let silent = table.silent(since: deadline)
                #expect(silent == expected)
                for peer in silent where Bool.random(using: &generator) { table.remove(peer.session) }
            case 5:
                let expected = table.all.filter { $0.lastHeard < deadline && $0.lastProbed < deadline }
                let probed = table.probe(silentSince: deadline, now: now)
                #expect(probed.map(\.session) == expected.map(\.session))
            case 6:
                _ = try table.logIn(
                    hello(number), at: routing, session: SessionID(UInt64(step + 1) * 1000 + number), now: now)
            default: table.forgive(.seconds(1), now: now)
            }
            table.checkInvariants()
        }
    }

    @Test func silent_tenThousandPeersThatSpoke_costsAboutWhatTenDo() throws {
        func time(_ table: inout PeerTable) -> Duration {
            (0..<5).map { _ in
                ContinuousClock().measure {
                    for _ in 0..<20 {
                        _ = table.silent(since: now)
                        _ = table.probe(silentSince: now, now: now)
                    }
                }
            }.min() ?? .zero
        }
        var (few, many) = (try table(10), try table(10_000))
        let (short, long) = (time(&few), time(&many))
        #expect(long < short * 50, "\(long) for ten thousand, \(short) for ten")
    }
}
