/// How long something took, in few classes.
package struct DurationHistogram: Codable, Sendable, Hashable {
    /// The upper bounds of the classes but the last, seconds.
    package let bounds: [Double]
    package private(set) var counts: [Int]
    /// Of all, seconds.
    package private(set) var sum = 0.0

    /// - Parameter bounds: growing, seconds.
    package init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// What was counted elsewhere.
    ///
    /// - Parameter counts: one more than there are bounds.
    package init(bounds: [Double], counts: [Int], sum: Double) {
        self.init(bounds: bounds)
        guard counts.count == self.counts.count else { return }
        self.counts = counts
        self.sum = sum
    }

    /// Of a unit or a task.
    package static let work = DurationHistogram(bounds: [0.1, 0.3, 1, 3, 10, 30, 100, 300])
    /// Of a step.
    package static let step = DurationHistogram(bounds: [1, 3, 10, 30, 100, 300, 1000, 3000])

    /// Counts a time; one that is not a number, or negative, is left out.
    package mutating func note(_ seconds: Double) {
        guard seconds.isFinite, seconds >= 0 else { return }
        counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
        sum += seconds
    }
}
