package import Base
package import Protocol
package import Trajectories

/// A peer that is logged in.
package struct Peer: Sendable, Hashable {
    package var session: SessionID
    package var routing: RoutingID
    package var instance: InstanceID
    package var description: PeerDescription
    package var lastHeard: Moment
    package var lastProbed: Moment
    package var readiness = Readiness(window: 0)
}

/// Who is logged in, and who has been silent for too long.
///
/// Identity is by login, never by routing id: a peer that reconnects gets a new routing id, and logs in again.
package struct PeerTable: Sendable {
    /// No hub takes more logins than this.
    package static let capacity = 10_000

    private var peers: [SessionID: Peer] = [:]
    private var sessions: [RoutingID: SessionID] = [:]
    private var instances: [InstanceID: SessionID] = [:]

    private let capacity: Int

    /// - Parameter capacity: More logins than this are refused.
    package init(capacity: Int = PeerTable.capacity) {
        self.capacity = min(capacity, Self.capacity)
    }

    package var count: Int { peers.count }

    /// All peers, in the order of their sessions, so that nothing depends on hashing.
    package var all: [Peer] { peers.values.sorted { $0.session.value < $1.session.value } }

    package func count(of role: PeerRole) -> Int {
        peers.values.reduce(0) { $0 + ($1.description.role == role ? 1 : 0) }
    }

    package subscript(session: SessionID) -> Peer? { peers[session] }

    /// The peer of a process.
    package func peer(of instance: InstanceID) -> Peer? { instances[instance].flatMap { peers[$0] } }

    /// The session of a connection.
    package func session(at routing: RoutingID) -> SessionID? { sessions[routing] }

    /// Takes in a peer; returns the earlier login of the same process, which this one replaces.
    ///
    /// - Throws: ``Refusal`` if there is no room.
    package mutating func logIn(
        _ hello: Hello, at routing: RoutingID, session: SessionID, now: Moment
    ) throws(Refusal) -> Peer? {
        let instance = InstanceID(hello.instance)
        let earlier = instances[instance].flatMap { remove($0) } ?? sessions[routing].flatMap { remove($0) }
        guard peers.count < capacity else {
            let limit = capacity < Self.capacity ? "its limit of open files (ulimit -n) allows" : "it takes"
            throw Refusal(code: .full, reason: "the learner has \(peers.count) peers, which is all that \(limit)")
        }
        peers[session] = Peer(
            session: session, routing: routing, instance: instance, description: hello.peer, lastHeard: now,
            lastProbed: now)
        sessions[routing] = session
        instances[instance] = session
        return earlier
    }

    /// Notes that a peer said something; nil if the session is not logged in at this connection.
    package mutating func heard(_ session: SessionID, at routing: RoutingID, now: Moment) -> Peer? {
        guard sessions[routing] == session, peers[session] != nil else { return nil }
        peers[session]?.lastHeard = now
        return peers[session]
    }

    /// Notes what a peer is ready for.
    package mutating func update(_ readiness: Readiness, of session: SessionID) {
        peers[session]?.readiness = readiness
    }

    /// Forgets a peer.
    @discardableResult
    package mutating func remove(_ session: SessionID) -> Peer? {
        guard let peer = peers.removeValue(forKey: session) else { return nil }
        sessions[peer.routing] = nil
        if instances[peer.instance] == session { instances[peer.instance] = nil }
        return peer
    }

    /// The peers silent since before `deadline`.
    package func silent(since deadline: Moment) -> [Peer] {
        all.filter { $0.lastHeard < deadline }
    }

    /// The peers silent, and not probed, since before `deadline`: they are marked as probed now.
    package mutating func probe(silentSince deadline: Moment, now: Moment) -> [Peer] {
        let quiet = all.filter { $0.lastHeard < deadline && $0.lastProbed < deadline }
        for peer in quiet { peers[peer.session]?.lastProbed = now }
        return quiet
    }

    /// Gives all peers credit for a time in which the hub itself did not listen.
    package mutating func forgive(_ pause: Duration, now: Moment) {
        for session in Array(peers.keys) {
            guard let heard = peers[session]?.lastHeard else { continue }
            peers[session]?.lastHeard = min(now, heard.advanced(by: pause))
        }
    }
}
