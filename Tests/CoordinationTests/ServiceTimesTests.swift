import Base
import Coordination
import Testing

/// What is learned from how long tasks take.
@Suite struct ServiceTimesTests {
    private let fast = InstanceID(1)
    private let slow = InstanceID(2)
    private let lease = Duration.seconds(120)

    private func times(_ seconds: [Double], of instance: InstanceID) -> ServiceTimes {
        var times = ServiceTimes()
        for number in seconds { times.note(.seconds(number), of: instance) }
        return times
    }

    @Test func deadline_beforeSomeResults_isAsConfigured() {
        var times = times(Array(repeating: 2, count: ServiceTimes.needed - 1), of: fast)
        #expect(times.deadline(of: fast, atMost: lease) == lease && times.lateness == nil)
        times.note(.seconds(2), of: fast)
        #expect(times.deadline(of: fast, atMost: lease) == .seconds(8) && times.lateness == .seconds(4))
    }

    @Test func deadline_neverAboveTheLeaseNorBelowTheShortest() {
        #expect(times(Array(repeating: 50, count: 20), of: fast).deadline(of: fast, atMost: lease) == lease)
        let quick = times(Array(repeating: 0.01, count: 20), of: fast)
        #expect(quick.deadline(of: fast, atMost: lease) == .seconds(3) && quick.lateness == .seconds(1))
        #expect(quick.deadline(of: fast, atMost: .seconds(2)) == .seconds(2))
    }

    /// A worker that just came may be loading a model; one that is slow by nature is not stuck.
    @Test func deadline_ofAWorker_followsItsOwnResults() {
        var times = times(Array(repeating: 1, count: 40), of: fast)
        #expect(times.deadline(of: slow, atMost: lease) == lease)
        for _ in 0..<ServiceTimes.neededOfWorker { times.note(.seconds(10), of: slow) }
        #expect(times.deadline(of: slow, atMost: lease) == .seconds(40))
        #expect(times.deadline(of: fast, atMost: lease) < .seconds(41))
        times.forget(slow)
        #expect(times.deadline(of: slow, atMost: lease) == lease)
    }

    /// One result in twenty may take any time.
    @Test func lateness_ofASpreadOfTimes_isOfTheirUpperPart() {
        var seconds: [Double] = []
        for number in 0..<100 { seconds.append(number % 50 == 0 ? 1000 : 1 + Double(number % 10) / 10) }
        let times = times(seconds, of: fast)
        #expect(times.usual == 1.9)
        #expect(times.lateness == .seconds(3.8))
    }

    /// What was usual at first is forgotten.
    @Test func usual_afterTasksBecomeSlower_followsThem() {
        var times = times(Array(repeating: 1, count: 200), of: fast)
        for _ in 0..<128 { times.note(.seconds(7), of: fast) }
        #expect(times.usual == 7)
    }
}
