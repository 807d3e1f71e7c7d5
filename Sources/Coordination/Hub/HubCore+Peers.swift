package import Base
internal import Protocol
package import Security
internal import Trajectories

// Logins, heartbeats and weights: what the hub answers to any peer.
extension HubCore {
    /// Takes in a frame from a connection. Whatever it holds, it is answered, or counted and dropped.
    ///
    /// - Parameter holder: whose key the connection was made with; nil without keys.
    package mutating func receive(
        _ frame: [UInt8], from routing: RoutingID, of holder: KeyHolder? = nil, now: Moment
    ) {
        let session: SessionID
        let message: PeerMessage
        do {
            let decoded = try PeerMessage.decode(frame)
            (session, message) = (SessionID(decoded.session), decoded.message)
        } catch {
            refuse(error, from: routing, now: now)
            return
        }
        if case .hello(let hello) = message {
            logIn(hello, at: routing, of: holder, now: now)
            return
        }
        guard isOwner(holder, of: session) else { return }
        guard let peer = peers.heard(session, at: routing, now: now) else {
            // So are all peers of a learner that was started again, once: they are told, and log in.
            count(rejected: "unknown-session")
            send(.refusal(Refusal(code: .unknownSession, reason: "log in first")), to: routing)
            return
        }
        handle(message, from: peer, now: now)
    }

    private mutating func refuse(_ error: WireError, from routing: RoutingID, now: Moment) {
        switch error {
        case .protocolVersion(let version):
            reject("protocol-version", detail: "\(error)")
            let reason =
                "it speaks protocol version \(version), the learner version \(WireLimits.protocolVersion); "
                + "use the same release of druse on both sides"
            send(.refusal(Refusal(code: .protocolVersion, reason: reason)), to: routing)
        case .damaged:
            // No fault of the sender, who says again what matters.
            reject("damaged", detail: "\(error)")
        case .malformed(let what):
            reject("malformed", detail: what)
            guard let peer = peers.session(at: routing).flatMap({ peers[$0] }) else { return }
            offended(peer, "a message that makes no sense: \(what)", now: now)
        }
    }

    /// Notes that a peer sent what no honest one does; the third time it is turned away.
    mutating func offended(_ peer: Peer, _ what: String, now: Moment) {
        let count = misconduct.note(peer.instance)
        emit(.event(.problem("\(peer.description) sent \(what) (\(count) of \(Misconduct.limit))")))
        if count >= Misconduct.limit { refuse(peer, "it sent \(what), the last of \(count) such things", now: now) }
    }

    /// Turns away all processes of this name ("host:process"), now and when they log in again.
    package mutating func refusePeers(named name: String, reason: String, now: Moment) {
        for peer in peers.all where peer.description.name == name { refuse(peer, reason, now: now) }
    }

    mutating func refuse(_ peer: Peer, _ reason: String, now: Moment) {
        guard misconduct.refusal(of: peer.instance) == nil else { return }
        misconduct.refuse(peer.instance, reason)
        counters.refusedPeers += 1
        send(.refusal(Refusal(code: .distrusted, reason: reason)), to: peer.routing)
        if peers[peer.session] != nil { drop(peer, .refused(reason), now: now) }
    }

    private mutating func logIn(_ hello: Hello, at routing: RoutingID, of holder: KeyHolder?, now: Moment) {
        if let refusal = refusal(of: hello, from: holder) {
            send(.refusal(refusal), to: routing)
            return
        }
        if case .finished(let reason) = phase {
            send(.shutdown(reason), to: routing)
            return
        }
        if let reason = misconduct.refusal(of: InstanceID(hello.instance)) {
            reject("refused-peer", detail: "\(hello.peer) was turned away: \(reason)")
            send(.refusal(Refusal(code: .distrusted, reason: reason)), to: routing)
            return
        }
        if let difference = configuration.build.flatMap({ hello.peer.difference(fromBuild: $0) }) {
            reject("other-build", detail: difference)
            send(.refusal(Refusal(code: .hello, reason: difference)), to: routing)
            return
        }
        if configuration.measuresAlone, hello.peer.role == .actor {
            reject("wrong-role", detail: "\(hello.peer) has nothing to sample here")
            let reason = "this is an evaluation, which draws its crystals itself: it takes reward workers alone"
            send(.refusal(Refusal(code: .hello, reason: reason)), to: routing)
            return
        }
        if hello.peer.role == .evaluation, let refusal = refusal(ofEvaluation: hello.instance) {
            send(.refusal(refusal), to: routing)
            return
        }
        let session = makeSession()
        let earlier: Peer?
        do {
            earlier = try peers.logIn(hello, at: routing, of: holder, session: session, now: now)
        } catch {
            reject("full", detail: error.reason)
            send(.refusal(error), to: routing)
            return
        }
        if let earlier { drop(earlier, .replaced, now: now) }
        if hello.peer.role == .evaluation { client = WorkClient(session: session) }
        let welcome = Welcome(
            session: session.value, epoch: epoch, run: configuration.run, heartbeat: configuration.timing.heartbeat,
            liveness: configuration.timing.liveness,
            settings: configuration.settings(for: hello.peer.role), weights: weights.newest)
        send(.welcome(welcome), to: routing)
        emit(.event(.peerJoined(hello.peer)))
    }

    private mutating func handle(_ message: PeerMessage, from peer: Peer, now: Moment) {
        switch (message, peer.description.role) {
        case (.hello, _): return
        case (.heartbeat(let readiness), _): beat(readiness, from: peer, now: now)
        case (.goodbye(let reason), _): drop(peer, .goodbye(reason), now: now)
        case (.report(let report), _):
            peers.note(report, of: peer.session)
            roleTimes[peer.description.role, default: RoleTime()].add(report, threads: peer.description.threads)
            emit(.event(.roleReport(report, peer.description)))
        case (.manifestRequest(let digest), _):
            if let manifest = weights.manifest(of: digest) {
                send(.manifest(manifest), to: peer.routing)
            } else {
                send(.blobUnavailable(digest, newest: weights.newest), to: peer.routing)
            }
        case (.chunkRequest(let digest, let index), _):
            if let chunk = weights.chunk(index, of: digest) {
                counters.blobBytes += chunk.bytes.count
                send(.chunk(chunk), to: peer.routing)
            } else {
                send(.blobUnavailable(digest, newest: weights.newest), to: peer.routing)
            }
        case (.unitResult(let result), .actor): take(result, from: peer, now: now)
        case (.unitReturn(let unit), .actor): takeBack(unit, from: peer, now: now)
        case (.taskResult(let result), .rewardWorker): take(result, from: peer, now: now)
        case (.taskReturn(let task), .rewardWorker): takeBack(task, from: peer, now: now)
        case (.workRecipes(let recipes), .evaluation): takeRecipes(recipes, from: peer, now: now)
        case (.work(let items), .evaluation): takeWork(items, from: peer, now: now)
        case (.unitResult, _), (.unitReturn, _), (.taskResult, _), (.taskReturn, _), (.workRecipes, _), (.work, _):
            reject("wrong-role", detail: "\(peer.description) sent what its role does not send")
        }
    }

    private mutating func beat(_ readiness: Readiness, from peer: Peer, now: Moment) {
        if case .finished(let reason) = phase {
            send(.shutdown(reason), to: peer.routing)
            return
        }
        guard bindEngine(of: readiness, from: peer, now: now) else { return }
        peers.update(readiness, of: peer.session)
        send(.heartbeatReply(weights.newest), to: peer.routing)
        switch peer.description.role {
        case .actor: grantUnits(now: now)
        case .rewardWorker:
            tellRecipes(to: peer)
            leaseTasks(now: now)
        case .evaluation, .relay: break
        }
    }
}
