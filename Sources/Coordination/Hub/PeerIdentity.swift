/// The address of a connection at the hub's router; new with every connection.
package struct RoutingID: Sendable, Hashable {
    package var bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// The name of a login; drawn at random, it is in every message of the peer.
package struct SessionID: Sendable, Hashable, Comparable {
    package var value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }

    package static func < (left: SessionID, right: SessionID) -> Bool { left.value < right.value }
}

/// The name of a process, drawn at random when it starts: it stays the same over its logins.
///
/// Host and process number do not name a process: in containers many are "localhost:1".
package struct InstanceID: Sendable, Hashable {
    package var value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }
}
