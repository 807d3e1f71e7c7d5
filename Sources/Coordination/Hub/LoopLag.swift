package import Base

/// How long the turns of a loop take, in which it hears nobody.
package struct LoopLag: Sendable, Hashable {
    package private(set) var turns = DurationHistogram(bounds: [0.001, 0.01, 0.1, 1])
    /// The longest since ``resetLongest()``, seconds.
    package private(set) var longest = 0.0

    package init() {}

    package mutating func note(_ turn: Duration) {
        let time = max(0, turn.seconds)
        turns.note(time)
        longest = max(longest, time)
    }

    /// Begins a new search for the longest turn.
    package mutating func resetLongest() { longest = 0 }
}
