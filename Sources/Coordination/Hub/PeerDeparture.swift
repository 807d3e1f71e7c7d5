/// Why a peer is gone.
package enum PeerDeparture: Sendable, Hashable {
    /// It said goodbye.
    case goodbye(String)
    /// It was silent for too long, or its connection is gone.
    case lost
    /// The same process logged in again.
    case replaced
    /// It was turned away, for this reason.
    case refused(String)
}
