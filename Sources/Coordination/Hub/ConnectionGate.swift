package import Base
package import Security

/// Which connections of a listening socket to cut, so that they do not use up the descriptors of the process: those
/// that did not log in in time, and the oldest of those that did not if there are too many, so that a newcomer has a
/// chance.
///
/// A value that knows connections by their descriptors; the hub tells it what it sees. A connection of a peer is never
/// cut: how many there are, the table of the peers decides.
package struct ConnectionGate: Sendable {
    /// How long a connection may stay without a login.
    static let loginTime = Duration.seconds(10)
    /// A longer time between two looks is one in which the hub stood still: nobody could log in.
    private static let longestLook = Duration.seconds(3)

    private struct Connection: Sendable {
        var since: Moment
        var order: Int
        var isPeer = false
        var holder: KeyHolder?
        var isCut = false
    }

    private let capacity: Int
    private var connections: [Int32: Connection] = [:]
    private var opened = 0
    private var lastLook: Moment?

    /// - Parameter capacity: the most connections.
    package init(capacity: Int) { self.capacity = capacity }

    /// Connections that are there and not being cut.
    package var count: Int { connections.values.reduce(0) { $0 + ($1.isCut ? 0 : 1) } }

    /// A connection was taken.
    package mutating func open(_ descriptor: Int32, now: Moment) {
        connections[descriptor] = Connection(since: now, order: opened)
        opened += 1
    }

    /// A connection is gone.
    package mutating func close(_ descriptor: Int32) { connections[descriptor] = nil }

    /// A connection turned out to be a peer's.
    ///
    /// - Parameter holder: whose key it was made with.
    package mutating func recognise(_ descriptor: Int32, of holder: KeyHolder? = nil) {
        connections[descriptor]?.isPeer = true
        connections[descriptor]?.holder = holder
    }

    /// The connections of these holders are strangers' from now on: they have been told, and have the time of a login
    /// to go.
    package mutating func demote(_ holders: Set<KeyHolder>, now: Moment) {
        guard !holders.isEmpty else { return }
        for (descriptor, connection) in connections {
            guard let holder = connection.holder, holders.contains(holder) else { continue }
            connections[descriptor]?.isPeer = false
            connections[descriptor]?.since = now
        }
    }

    /// The connections to cut now, each named once.
    ///
    /// - Complexity: O(n log n) in the number of connections if there is something to cut, else O(n).
    package mutating func takeExcess(now: Moment) -> [Int32] {
        forgive(now: now)
        let open = connections.filter { !$0.value.isCut }
        let strangers = open.filter { !$0.value.isPeer }
        let late = strangers.filter { $0.value.since.duration(to: now) > Self.loginTime }
        var cut = Array(late.keys)
        let excess = open.count - late.count - capacity
        if excess > 0 {
            let oldest = strangers.filter { late[$0.key] == nil }.sorted { $0.value.order < $1.value.order }
            cut += oldest.prefix(excess).map(\.key)
        }
        for descriptor in cut { connections[descriptor]?.isCut = true }
        return cut
    }

    /// Gives all connections the time in which the hub stood still.
    private mutating func forgive(now: Moment) {
        defer { lastLook = now }
        guard let pause = lastLook?.duration(to: now), pause > Self.longestLook else { return }
        for descriptor in Array(connections.keys) {
            guard let since = connections[descriptor]?.since else { continue }
            connections[descriptor]?.since = min(now, since.advanced(by: pause))
        }
    }
}
