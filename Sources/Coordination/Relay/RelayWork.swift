package import Base
package import Protocol
package import Trajectories

/// The work of a relay at its learner: it pulls the newest weights as soon as they are announced, and whatever its
/// peers ask for, and hands on each piece that it has checked.
package struct RelayWork: PeerWork {
    /// What is handed on to those who serve the relay's peers.
    package enum Delivery: Sendable {
        /// A checked piece; pieces of a blob come in their order.
        case piece(BlobChunk, of: BlobManifest)
        /// The learner does not have this blob.
        case lacking(Digest)
        /// Nobody needs this blob any more.
        case retired(Digest)
    }

    /// What those who serve the relay's peers tell.
    package enum Wish: Sendable {
        case wanted(Digest)
        /// It is not kept any more.
        case dropped(Digest)
    }

    package typealias Job = Never
    package typealias Output = Wish

    private struct Pulling: Sendable {
        var pull: BlobPull
        /// Pieces that were handed on.
        var delivered = 0
    }

    package static let role = PeerRole.relay
    /// Blobs that are pulled at a time.
    private static let width = 2
    /// Policies that are kept: the newest, and those before, which somebody may still be pulling.
    private static let policyCount = 2

    private let deliver: @Sendable (Delivery) -> Bool
    private var pulls: [Digest: Pulling] = [:]
    /// Of the pulls, the next one first.
    private var order: [Digest] = []
    /// Blobs that were handed on whole.
    private var held: Set<Digest> = []
    private var policies: [Digest] = []
    private var newest: Announcement?
    /// To be handed on when there is room.
    private var news: [Delivery] = []

    /// - Parameter deliver: takes what is handed on; false: it has no room now.
    package init(deliver: @escaping @Sendable (Delivery) -> Bool) { self.deliver = deliver }

    // MARK: - Messages

    package mutating func joined(_ welcome: Welcome, _ session: inout PeerSession) {
        for digest in order { pulls[digest]?.pull.restart() }
        consider(welcome.weights)
    }

    package mutating func receive(_ message: HubMessage, _ session: inout PeerSession) {
        switch message {
        case .announcement(let weights): consider(weights)
        case .heartbeatReply(let weights): consider(weights)
        case .manifest(let manifest): pulls[manifest.digest]?.pull.receive(manifest)
        case .chunk(let chunk): pulls[chunk.blob]?.pull.receive(chunk)
        case .blobUnavailable(let digest, let newest):
            if pulls[digest] != nil {
                forget(digest)
                news.append(.lacking(digest))
            }
            consider(newest)
        default: break
        }
    }

    private mutating func consider(_ announcement: Announcement?) {
        guard let announcement, announcement != newest else { return }
        newest = announcement
        ask(announcement.reference)
        ask(announcement.policy, isUrgent: true)
        policies.removeAll { $0 == announcement.policy }
        policies.append(announcement.policy)
        while policies.count > Self.policyCount {
            let old = policies.removeFirst()
            guard old != announcement.reference else { continue }
            forget(old)
            held.remove(old)
            news.append(.retired(old))
        }
    }

    private mutating func ask(_ digest: Digest, isUrgent: Bool = false) {
        guard !held.contains(digest), pulls[digest] == nil else { return }
        pulls[digest] = Pulling(pull: BlobPull(digest: digest))
        order.insert(digest, at: isUrgent ? 0 : order.count)
    }

    private mutating func forget(_ digest: Digest) {
        pulls[digest] = nil
        order.removeAll { $0 == digest }
    }

    package mutating func finished(_ output: Wish, _ session: inout PeerSession) {
        switch output {
        case .wanted(let digest): ask(digest)
        case .dropped(let digest): held.remove(digest)
        }
    }

    package mutating func giveBack(_ session: inout PeerSession) {}

    // MARK: - Work

    package mutating func takeJobs(_ session: inout PeerSession, now: Moment) -> [Never] {
        while let next = news.first, deliver(next) { news.removeFirst() }
        for digest in order.prefix(Self.width) {
            // One owner at a time: the bytes are not copied.
            guard var pulling = pulls.removeValue(forKey: digest) else { continue }
            for request in pulling.pull.requests(now: now) { session.send(request) }
            if handOn(&pulling) {
                order.removeAll { $0 == digest }
                held.insert(digest)
            } else {
                pulls[digest] = pulling
            }
        }
        return []
    }

    /// Hands on the pieces that are checked; whether all are.
    private func handOn(_ pulling: inout Pulling) -> Bool {
        guard let manifest = pulling.pull.manifest else { return false }
        while pulling.delivered < pulling.pull.checkedCount {
            let index = pulling.delivered
            let chunk = BlobChunk(blob: manifest.digest, index: index, bytes: pulling.pull.checkedPiece(index))
            guard deliver(.piece(chunk, of: manifest)) else { return false }
            pulling.delivered += 1
        }
        return pulling.delivered == manifest.chunkCount
    }

    package mutating func dueResults(now: Moment) -> [PeerMessage] { [] }

    // MARK: - State

    package func readiness(threads: Int) -> Readiness { Readiness(window: 0) }

    package func wait(_ session: PeerSession) -> PeerWait? {
        guard let digest = order.first, let pulling = pulls[digest] else { return nil }
        return PeerWait(what: "the blob \(digest)", progress: pulling.pull.progress)
    }

    package var load: PeerLoad {
        PeerLoad(version: newest?.version ?? 0, waiting: 0, working: 0, unacknowledged: 0, resent: 0)
    }
}

package typealias RelayClientCore = PeerCore<RelayWork>
