import Base
import Foundation

extension Benchmarks {
    /// A yardstick for the ratios of `Scripts/compare-benchmarks`: plain steps of a generator on one thread.
    func machine() -> BenchmarkRecord {
        let steps = 100_000_000
        var state = UInt64(ThreadClock.seconds * 1e9)
        var best = Double.infinity
        for _ in 0..<5 {
            let start = ThreadClock.seconds
            for _ in 0..<steps {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
            }
            best = min(best, ThreadClock.seconds - start)
        }
        precondition(state != 0)
        var record = BenchmarkRecord(benchmark: "machine", shape: "xorshift", threads: 1, crystals: 0, seconds: best)
        record.stepsPerSecond = Double(steps) / best
        return record
    }
}
