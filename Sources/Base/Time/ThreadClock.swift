private import Foundation

/// The processor time of the calling thread, which other work on the machine does not lengthen.
package enum ThreadClock {
    /// Seconds.
    package static var seconds: Double { processorSeconds(CLOCK_THREAD_CPUTIME_ID) }

    /// How long the calling thread computes for something; what other threads do for it does not count.
    package static func measure(_ body: () throws -> Void) rethrows -> Duration {
        let start = seconds
        try body()
        return .seconds(seconds - start)
    }
}

/// The processor time of all threads of the process.
package enum ProcessClock {
    /// Seconds.
    package static var seconds: Double { processorSeconds(CLOCK_PROCESS_CPUTIME_ID) }
}

private func processorSeconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
