package import Base
package import Protocol
package import Security
package import Trajectories

/// A peer that is logged in.
package struct Peer: Sendable, Hashable {
    package var session: SessionID
    package var routing: RoutingID
    package var instance: InstanceID
    /// Whose connection it logged in by; nil without keys.
    package var holder: KeyHolder?
    package var description: PeerDescription
    /// When it logged in.
    package var since: Moment
    package var lastHeard: Moment
    package var lastProbed: Moment
    package var readiness = Readiness(window: 0)
    /// Which list of further recipes it was told last.
    var toldRecipes = 0
    /// Crystals that were taken from it.
    var delivered = 0
    /// What it said last of itself.
    var report: RoleReport?
}

/// Who is logged in, who has been silent for too long, and who may take work.
///
/// Identity is by login, never by routing id: a peer that reconnects gets a new routing id, and logs in again.
package struct PeerTable: Sendable {
    /// No hub takes more logins than this.
    package static let capacity = 16_384

    /// What is known of the peers of one kind of work together, so that nobody has to look at each of them.
    fileprivate struct Roll: Sendable {
        /// Those that take work at all: with a window.
        var available: Set<InstanceID> = []
        /// How many hold each policy.
        var holders: [Digest: Int] = [:]
        var turns = TurnQueue()
    }

    private var peers: [SessionID: Peer] = [:]
    private var sessions: [RoutingID: SessionID] = [:]
    private var instances: [InstanceID: SessionID] = [:]
    /// The digests of the recipes by which crystals are measured; those of a run, and places for others'.
    private var recipes: [Digest?]
    /// By ``WorkKind/place``.
    private var rolls: [Roll]
    private var counts: [PeerRole: Int] = [:]
    /// When peers are silent, and when they are to be probed, each less a fixed time.
    private var silences = Schedule<SessionID>()
    private var probes = Schedule<SessionID>()

    private let capacity: Int

    /// - Parameters:
    ///   - capacity: More logins than this are refused.
    ///   - recipes: The digests of the recipes by which crystals are measured; that of a run with one need not be told.
    ///   - spare: Places for recipes of others, after those.
    package init(capacity: Int = PeerTable.capacity, recipes: [Digest] = [], spare: Int = 0) {
        self.capacity = min(capacity, Self.capacity)
        self.recipes = recipes + [Digest?](repeating: nil, count: spare)
        rolls = Array(repeating: Roll(), count: 1 + max(1, recipes.count + spare))
    }

    /// Takes recipes into the places from one on; nil for none.
    ///
    /// - Complexity: O(n).
    mutating func assign(_ digests: [Digest?], from place: Int) {
        let peers = all
        for peer in peers { for kind in kinds(of: peer) { rolls[kind.place].remove(peer) } }
        for (offset, digest) in digests.enumerated() {
            recipes[place + offset] = digest
            rolls[WorkKind.measuring(place + offset).place] = Roll()
        }
        for peer in peers { for kind in kinds(of: peer) { rolls[kind.place].add(peer) } }
        giveTurnsToAll()
    }

    /// Notes which list of further recipes a peer was told.
    mutating func note(toldRecipes list: Int, of session: SessionID) { peers[session]?.toldRecipes = list }

    /// Notes crystals that were taken from a peer.
    mutating func note(delivered count: Int, of session: SessionID) { peers[session]?.delivered += count }

    /// Notes what a peer says of itself.
    mutating func note(_ report: RoleReport, of session: SessionID) { peers[session]?.report = report }

    package var count: Int { peers.count }

    /// All peers, in the order of their sessions, so that nothing depends on hashing.
    ///
    /// - Complexity: O(n log n): not for what happens at every message or tick.
    package var all: [Peer] { peers.values.sorted { $0.session < $1.session } }

    package func count(of role: PeerRole) -> Int {
        counts[role] ?? 0
    }

    /// The processes that take work of a kind.
    package func available(_ kind: WorkKind) -> Set<InstanceID> { rolls[kind.place].available }

    /// How many actors hold a policy.
    package func actors(holding policy: Digest) -> Int { rolls[WorkKind.sampling.place].holders[policy] ?? 0 }

    package subscript(session: SessionID) -> Peer? { peers[session] }

    /// The peer of a process.
    package func peer(of instance: InstanceID) -> Peer? { instances[instance].flatMap { peers[$0] } }

    /// The session of a connection.
    package func session(at routing: RoutingID) -> SessionID? { sessions[routing] }

    /// Takes in a peer; returns the earlier login of the same process, which this one replaces.
    ///
    /// - Throws: ``Refusal`` if there is no room.
    /// - Complexity: O(log n), as of all that follows, unless it says otherwise.
    package mutating func logIn(
        _ hello: Hello, at routing: RoutingID, of holder: KeyHolder? = nil, session: SessionID, now: Moment
    ) throws(Refusal) -> Peer? {
        let instance = InstanceID(hello.instance)
        let earlier = instances[instance].flatMap { remove($0) } ?? sessions[routing].flatMap { remove($0) }
        guard peers.count < capacity else {
            let limit = capacity < Self.capacity ? "its limit of open files (ulimit -n) allows" : "it takes"
            throw Refusal(code: .full, reason: "the learner has \(peers.count) peers, which is all that \(limit)")
        }
        let peer = Peer(
            session: session, routing: routing, instance: instance, holder: holder, description: hello.peer,
            since: now, lastHeard: now, lastProbed: now)
        peers[session] = peer
        sessions[routing] = session
        instances[instance] = session
        silences.insert(session, at: now)
        probes.insert(session, at: now)
        counts[hello.peer.role, default: 0] += 1
        for kind in kinds(of: peer) { rolls[kind.place].add(peer) }
        return earlier
    }

    /// Notes that a peer said something; nil if the session is not logged in at this connection.
    package mutating func heard(_ session: SessionID, at routing: RoutingID, now: Moment) -> Peer? {
        guard sessions[routing] == session, peers[session] != nil else { return nil }
        peers[session]?.lastHeard = now
        return peers[session]
    }

    /// Notes what a peer is ready for, and gives it a turn.
    package mutating func update(_ readiness: Readiness, of session: SessionID) {
        guard var peer = peers[session] else { return }
        if peer.readiness != readiness {
            let earlier = kinds(of: peer)
            for kind in earlier { rolls[kind.place].remove(peer) }
            peer.readiness = readiness
            peers[session] = peer
            let kinds = kinds(of: peer)
            for kind in earlier where !kinds.contains(kind) { rolls[kind.place].turns.remove(session) }
            for kind in kinds { rolls[kind.place].add(peer) }
        }
        giveTurn(to: session)
    }

    /// Forgets a peer.
    @discardableResult
    package mutating func remove(_ session: SessionID) -> Peer? {
        guard let peer = peers.removeValue(forKey: session) else { return nil }
        sessions[peer.routing] = nil
        if instances[peer.instance] == session { instances[peer.instance] = nil }
        counts[peer.description.role, default: 0] -= 1
        for kind in kinds(of: peer) {
            rolls[kind.place].remove(peer)
            rolls[kind.place].turns.remove(session)
        }
        return peer
    }

    /// The peers silent since before `deadline`, in the order of their sessions.
    ///
    /// - Complexity: O(k log n), k being the peers that spoke for the last time before `deadline`, or the first after.
    package mutating func silent(since deadline: Moment) -> [Peer] {
        let due = silences.takeDue {
            $0 < deadline
        } moment: { [peers] session, _ in
            peers[session]?.lastHeard
        }
        let quiet = due.sorted().compactMap { peers[$0] }
        for peer in quiet { silences.insert(peer.session, at: peer.lastHeard) }
        return quiet
    }

    /// The peers silent, and not probed, since before `deadline`, in the order of their sessions: they are marked as
    /// probed now.
    ///
    /// - Complexity: As of ``silent(since:)``.
    package mutating func probe(silentSince deadline: Moment, now: Moment) -> [Peer] {
        let due = probes.takeDue {
            $0 < deadline
        } moment: { [peers] session, _ in
            peers[session].map { max($0.lastHeard, $0.lastProbed) }
        }
        let quiet = due.sorted().compactMap { peers[$0] }
        for peer in quiet {
            peers[peer.session]?.lastProbed = now
            probes.insert(peer.session, at: now)
        }
        return quiet
    }

    /// Gives all peers credit for a time in which the hub itself did not listen.
    ///
    /// - Complexity: O(n).
    package mutating func forgive(_ pause: Duration, now: Moment) {
        for session in Array(peers.keys) {
            guard let heard = peers[session]?.lastHeard else { continue }
            peers[session]?.lastHeard = min(now, heard.advanced(by: pause))
        }
    }

    // MARK: - Turns

    /// Lets a peer take its turn when there is work: for whenever it may have got room.
    package mutating func giveTurn(to session: SessionID) {
        guard let peer = peers[session], peer.readiness.window > 0 else { return }
        for kind in kinds(of: peer) { rolls[kind.place].turns.append(session) }
    }

    /// Lets all peers take turns, in the order of their sessions.
    ///
    /// - Complexity: O(n log n).
    package mutating func giveTurnsToAll() {
        for peer in all { giveTurn(to: peer.session) }
    }

    /// The peer whose turn it is for work of a kind; nil if none waits. It has to be given its next turn.
    package mutating func takeTurn(_ kind: WorkKind) -> Peer? {
        while let session = rolls[kind.place].turns.popFirst() {
            if let peer = peers[session] { return peer }
        }
        return nil
    }

    /// Gives back turns that were of no use, in their order, before all others.
    package mutating func giveBackTurns(_ sessions: [SessionID], of kind: WorkKind) {
        guard !sessions.isEmpty else { return }
        rolls[kind.place].turns.prepend(sessions)
    }

    /// Whether a peer waits for its turn of every kind of work of the run that it takes.
    ///
    /// - Parameter recipeCount: of the run.
    func hasTurns(_ peer: Peer, recipeCount: Int) -> Bool {
        kinds(of: peer).filter { $0.place <= recipeCount }.allSatisfy { rolls[$0.place].turns.contains(peer.session) }
    }

    /// The work that a peer takes; a reward worker that names no recipe measures by the one that decides.
    private func kinds(of peer: Peer) -> [WorkKind] {
        switch peer.description.role {
        case .actor: [.sampling]
        case .rewardWorker:
            peer.readiness.recipes.isEmpty
                ? [.measuring(0)]
                : recipes.indices.filter { place in
                    recipes[place].map { peer.readiness.recipes.contains($0) } ?? false
                }.map(WorkKind.measuring)
        case .evaluation, .relay: []
        }
    }

    /// Checks in debug builds that counts and queues are those of the peers.
    ///
    /// - Complexity: O(n log n).
    package func checkInvariants() {
        #if DEBUG
            precondition(sessions.count == peers.count && instances.count == peers.count, "a name leads nowhere")
            for peer in peers.values {
                precondition(sessions[peer.routing] == peer.session, "a connection is not that of its peer")
                precondition(instances[peer.instance] == peer.session, "a process is not that of its peer")
            }
            for role in PeerRole.allCases {
                precondition(
                    count(of: role) == peers.values.count { $0.description.role == role }, "a role is miscounted")
            }
            for kind in [.sampling] + (0..<rolls.count - 1).map(WorkKind.measuring) {
                rolls[kind.place].check(peers.values.filter { kinds(of: $0).contains(kind) })
            }
            check(silences, "silence") { $0.lastHeard }
            check(probes, "probe") { max($0.lastHeard, $0.lastProbed) }
        #endif
    }

    #if DEBUG
        /// Every peer is on the schedule once, and not too late.
        private func check(_ schedule: Schedule<SessionID>, _ name: String, moment: (Peer) -> Moment) {
            let entries = schedule.entries.filter { peers[$0.key] != nil }
            precondition(entries.count == peers.count, "a \(name) is not scheduled, or twice")
            precondition(Set(entries.map(\.key)).count == peers.count, "a \(name) is scheduled twice")
            for entry in entries {
                precondition(peers[entry.key].map { entry.moment <= moment($0) } ?? true, "a \(name) comes too late")
            }
        }
    #endif
}

extension PeerTable.Roll {
    fileprivate mutating func add(_ peer: Peer) {
        if peer.readiness.window > 0 { available.insert(peer.instance) }
        if let policy = peer.readiness.policy { holders[policy, default: 0] += 1 }
    }

    fileprivate mutating func remove(_ peer: Peer) {
        available.remove(peer.instance)
        guard let policy = peer.readiness.policy, let number = holders[policy] else { return }
        holders[policy] = number > 1 ? number - 1 : nil
    }

    #if DEBUG
        fileprivate func check(_ peers: [Peer]) {
            precondition(
                available == Set(peers.filter { $0.readiness.window > 0 }.map(\.instance)),
                "the available peers are not those with a window")
            precondition(
                holders == Dictionary(peers.compactMap(\.readiness.policy).map { ($0, 1) }, uniquingKeysWith: +),
                "the holders of policies are miscounted")
        }
    #endif
}
