package import Base

/// Finds out that a crystal makes no progress for longer than a limit.
///
/// Only time that the observer and the observed both had counts: a pause of the observer (a suspended machine, SIGSTOP)
/// counts as one interval between two looks at most.
package struct StallWatch: Sendable {
    private let limit: Duration
    private let interval: Duration
    private var last: Moment
    private var position: Int?
    private var stalled = Duration.zero

    /// - Parameters:
    ///   - limit: how long a crystal may take.
    ///   - interval: how often the observer means to look.
    package init(limit: Duration, interval: Duration, now: Moment) {
        self.limit = limit
        self.interval = interval
        last = now
    }

    /// Takes in a look at the work.
    ///
    /// - Parameters:
    ///   - position: the index of the crystal in hand; nil if none is.
    ///   - isStopped: whether the process that works is stopped by a signal.
    /// - Returns: whether the crystal has had its time.
    package mutating func exceeds(position: Int?, isStopped: Bool, now: Moment) -> Bool {
        let passed = last.duration(to: now)
        last = now
        if position != self.position || position == nil {
            self.position = position
            stalled = .zero
            return false
        }
        if !isStopped { stalled = stalled + min(passed, interval * 2) }
        return stalled > limit
    }
}
