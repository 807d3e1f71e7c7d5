/// Why a peer left that did all it was asked for.
package enum PeerLeave: Sendable, Hashable {
    /// The learner told it that there is nothing left to do.
    case dismissed
    /// Whoever started it asked it to stop.
    case stopped
}
