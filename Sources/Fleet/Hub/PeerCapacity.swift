import Coordination

/// How many connections a hub can have: of peers, and of strangers that have not logged in.
package struct PeerCapacity: Sendable, Hashable {
    /// Descriptors for everything that is not a connection: files, database, the library's own, and some to spare for
    /// connections that are taken before the hub can turn to them.
    package static func reserve(descriptors: Int) -> Int { max(48, descriptors / 8) }

    /// The most peers.
    package let peers: Int
    /// The most connections that have not logged in, beyond those that the peers leave free.
    package let strangers: Int

    /// - Parameter descriptors: files and sockets that the process may have open at once.
    package init(descriptors: Int) {
        let free = descriptors - Self.reserve(descriptors: descriptors)
        strangers = max(4, min(1024, free / 8))
        peers = max(1, min(PeerTable.capacity, free - strangers))
    }
}
