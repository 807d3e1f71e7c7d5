/// The running average of mean rewards that is subtracted from rewards (arXiv 2504.02367, appendix A).
///
/// b = mean of the first batch, then η b + (1 - η) mean; the batch at hand is counted before its advantages are taken,
/// as in the reference.
package struct RunningBaseline: Sendable, Hashable, Codable {
    /// η
    package var memory: Double
    /// nil before the first batch.
    package var value: Double?

    package init(memory: Double = 0.95, value: Double? = nil) {
        self.memory = memory
        self.value = value
    }

    /// Takes in a batch and returns the baseline for its advantages.
    package mutating func update(meanReward: Double) -> Double {
        let next = value.map { memory * $0 + (1 - memory) * meanReward } ?? meanReward
        value = next
        return next
    }
}
