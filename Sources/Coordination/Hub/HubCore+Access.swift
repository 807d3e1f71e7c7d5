package import Base
internal import Protocol
package import Security
internal import Trajectories

// Keys: who may be what, whose a session is, and what becomes of those who may no longer.
extension HubCore {
    /// Takes another allow-list: whoever is not on it any more, or not as what it is there, is turned away, and its
    /// work goes to others.
    ///
    /// - Returns: the holders whose connections are of no use any more.
    /// - Complexity: O(n log n) in peers.
    @discardableResult
    package mutating func replaceAllowList(by list: AllowList, now: Moment) -> Set<KeyHolder> {
        let before = allowed
        allowed = list
        var shutOut: Set<KeyHolder> = []
        for (name, entry) in before?.entries ?? [:] {
            let holder = KeyHolder(name: name, publicKey: entry.publicKey)
            if list.role(of: holder) == nil { shutOut.insert(holder) }
        }
        for peer in peers.all {
            guard let holder = peer.holder, let reason = obstacle(to: peer.description.role, of: holder) else {
                continue
            }
            counters.refusedPeers += 1
            send(.refusal(Refusal(code: .distrusted, reason: reason)), to: peer.routing)
            drop(peer, .refused(reason), now: now)
        }
        return shutOut
    }

    /// Why a login is not taken; nil if it may go on.
    mutating func refusal(of hello: Hello, from holder: KeyHolder?) -> Refusal? {
        guard allowed != nil else { return nil }
        guard let holder else {
            reject("no-key", detail: "\(hello.peer) came without a key")
            return Refusal(code: .distrusted, reason: "it has no key")
        }
        if let reason = obstacle(to: hello.peer.role, of: holder) {
            reject("key-role", detail: "\(hello.peer): \(reason)")
            return Refusal(code: .distrusted, reason: reason)
        }
        // The process that it claims to be has logged in with another key.
        if let peer = peers.peer(of: InstanceID(hello.instance)), peer.holder != holder {
            reject("foreign-key", detail: "\(hello.peer) claims, with the key \(holder), to be another's process")
            return Refusal(code: .distrusted, reason: "this process has logged in with another key")
        }
        return nil
    }

    /// Whether a session belongs to the holder of a key; if not, what was said under it is counted, and not answered.
    mutating func isOwner(_ holder: KeyHolder?, of session: SessionID) -> Bool {
        guard allowed != nil, let peer = peers[session], peer.holder != holder else { return true }
        let name = holder?.description ?? "no key"
        reject("foreign-key", detail: "a message under the session of \(peer.description) came with \(name)")
        return false
    }

    /// Why a holder may not be this; nil if it may.
    private func obstacle(to role: PeerRole, of holder: KeyHolder) -> String? {
        guard let allowed else { return nil }
        guard let granted = allowed.role(of: holder) else {
            return "its key \(holder.name) was revoked: it is not on the allow-list any more"
        }
        guard !granted.permits(role) else { return nil }
        return "its key \(holder.name) is allowed for the role \(granted.rawValue) alone, not as \(role.rawValue): "
            + "druse keys allow KEYS \(holder.name).pub --role \(role.rawValue)"
    }
}

extension KeyRole {
    /// Whether the holder of a key with this role may be a peer of that one.
    func permits(_ role: PeerRole) -> Bool {
        switch self {
        case .any: true
        case .actor: role == .actor
        case .rewardWorker: role == .rewardWorker
        case .evaluation: role == .evaluation
        case .relay: role == .relay
        case .learner: false
        }
    }
}
