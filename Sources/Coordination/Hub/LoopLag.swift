internal import Base

/// How long the turns of a loop take, in which it hears nobody.
package struct LoopLag: Sendable, Hashable {
    /// The upper bounds of the counts but the last, seconds.
    package static let bounds = [0.001, 0.01, 0.1, 1]

    /// Turns by how long they took: up to each bound, and longer.
    package private(set) var counts = [Int](repeating: 0, count: LoopLag.bounds.count + 1)
    /// All of them together, seconds.
    package private(set) var seconds = 0.0
    /// The longest since the last ``takeLongest()``, seconds.
    package private(set) var longest = 0.0

    package init() {}

    package mutating func note(_ turn: Duration) {
        let time = max(0, turn.seconds)
        counts[Self.bounds.firstIndex { time <= $0 } ?? Self.bounds.count] += 1
        seconds += time
        longest = max(longest, time)
    }

    /// Begins a new search for the longest turn.
    package mutating func resetLongest() { longest = 0 }
}
