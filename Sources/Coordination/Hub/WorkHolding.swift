import Base

/// The units or tasks that a peer holds.
struct WorkHolding: Sendable, Hashable {
    private(set) var count = 0
    private(set) var crystals = 0
    /// Since when it has the oldest of them; nil if there is none, or nobody knows.
    private(set) var since: Moment?

    /// Adds a unit or a task.
    ///
    /// - Parameter since: when it got it; nil: nobody knows.
    mutating func add(_ crystals: Int, since: Moment?) {
        count += 1
        self.crystals += crystals
        self.since = [self.since, since].compactMap { $0 }.min()
    }

    mutating func add(_ other: WorkHolding) {
        count += other.count
        crystals += other.crystals
        since = [since, other.since].compactMap { $0 }.min()
    }
}
