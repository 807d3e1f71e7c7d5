/// Work of a version that a peer holds.
package struct HeldWork: Sendable, Hashable {
    /// The peer, such as "reward-worker node3:4711".
    package var holder: String
    /// Units or tasks that this peer holds.
    package var count: Int
    /// How long it has held the oldest.
    package var seconds: Double

    package init(holder: String, count: Int, seconds: Double) {
        self.holder = holder
        self.count = count
        self.seconds = seconds
    }
}
