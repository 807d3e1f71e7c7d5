import DequeModule

/// The peers of a role that may have room for work, in the order in which they take turns; each is in it once.
struct TurnQueue: Sendable {
    private var order = Deque<SessionID>()
    /// Those in the queue: what else is in `order` has left.
    private var members: Set<SessionID> = []

    func contains(_ session: SessionID) -> Bool { members.contains(session) }

    /// Puts a peer at the end, unless it is waiting already.
    ///
    /// - Complexity: O(1), amortised.
    mutating func append(_ session: SessionID) {
        guard members.insert(session).inserted else { return }
        order.append(session)
    }

    /// Puts peers back at the front, in their order.
    mutating func prepend(_ sessions: [SessionID]) {
        for session in sessions.reversed() where members.insert(session).inserted { order.prepend(session) }
    }

    /// Takes the peer whose turn it is; nil if none waits.
    ///
    /// - Complexity: O(1), amortised.
    mutating func popFirst() -> SessionID? {
        while let session = order.popFirst() {
            if members.remove(session) != nil { return session }
        }
        return nil
    }

    /// Forgets a peer.
    ///
    /// - Complexity: O(1), amortised: those that left are swept out when they are more than those that wait.
    mutating func remove(_ session: SessionID) {
        guard members.remove(session) != nil else { return }
        if order.count > 2 * members.count + 64 { order.removeAll { !members.contains($0) } }
    }
}
