import Coordination

/// How many peers a hub can have.
package enum PeerCapacity {
    /// Descriptors for everything that is no connection: files, database, the library's own, those who are being turned
    /// away.
    static let reserve = 48
    /// Connections of a peer: its messages, and the announcements.
    static let connectionsPerPeer = 2

    /// - Parameter descriptors: files and sockets that the process may have open at once.
    package static func peers(descriptors: Int) -> Int {
        max(1, min(PeerTable.capacity, (descriptors - reserve) / connectionsPerPeer))
    }
}
