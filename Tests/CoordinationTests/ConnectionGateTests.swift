import Base
import Coordination
import FleetFixtures
import Testing

@Suite struct ConnectionGateTests {
    private let now = Toys.begin

    private func after(_ seconds: Double) -> Moment { now.advanced(by: .seconds(seconds)) }

    @Test func strangers_areCutAfterTheLoginTimeAndPeersStay() {
        var gate = ConnectionGate(capacity: 10)
        gate.open(5, now: now)
        gate.open(6, now: now)
        gate.recognise(6)
        var cut: [Int32: Int] = [:]
        for second in 0..<60 {
            for descriptor in gate.takeExcess(now: after(Double(second))) { cut[descriptor] = second }
        }
        #expect(cut == [5: 11])
        #expect(gate.count == 1)
        // The number is used again for another connection.
        gate.close(5)
        gate.open(5, now: after(60))
        #expect(gate.count == 2)
        #expect(gate.takeExcess(now: after(61)).isEmpty)
    }

    @Test func tooMany_theOldestStrangersAreCutOnce() {
        var gate = ConnectionGate(capacity: 4)
        for descriptor in Int32(1)...8 { gate.open(descriptor, now: now) }
        gate.recognise(1)
        #expect(gate.takeExcess(now: now) == [2, 3, 4, 5])
        #expect(gate.takeExcess(now: now).isEmpty)
        #expect(gate.count == 4)
    }

    /// A suspended laptop: nobody could log in meanwhile.
    @Test func timeThatTheHubStoodStill_countsForNothing() {
        var gate = ConnectionGate(capacity: 2)
        _ = gate.takeExcess(now: now)
        gate.open(1, now: after(0.5))
        #expect(gate.takeExcess(now: after(1)).isEmpty)
        #expect(gate.takeExcess(now: after(3600)).isEmpty)
        gate.recognise(1)
        #expect(gate.takeExcess(now: after(7200)).isEmpty)
    }
}
