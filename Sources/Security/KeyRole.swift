/// What the holder of a key may be.
package enum KeyRole: String, Sendable, Hashable, Codable, CaseIterable {
    /// Whatever takes part in a run beside the learner.
    case any
    case actor
    case rewardWorker = "reward-worker"
    case evaluation
    /// Hands on weights and files to others, which know it by this key.
    case relay
    /// The key by which peers know their learner; on no allow-list.
    case learner

    /// Those that an allow-list can have.
    package static let ofPeers = allCases.filter { $0 != .learner }
}
