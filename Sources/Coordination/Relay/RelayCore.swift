package import Base
internal import Foundation
package import Protocol
internal import Security
internal import Trajectories

/// What a relay knows and answers its peers: the pieces of blobs, as far as they are here.
///
/// It has no logins: a peer asks for a piece, and is sent it, now or when it comes from the learner. Without sockets
/// and clock of its own.
package struct RelayCore: Sendable {
    package enum Effect: Sendable {
        case send(HubMessage, to: RoutingID)
        case tell(RelayWork.Wish)
    }

    /// What it did so far.
    package struct Counters: Sendable, Hashable {
        package var piecesServed = 0
        package var bytesServed = 0
        /// Bytes that came from the learner.
        package var bytesPulled = 0
        /// Requests for what is not there.
        package var unavailable = 0
        /// Messages that make no sense here.
        package var rejected = 0

        package init() {}
    }

    /// What it has done and holds, for its metrics.
    package struct Figures: Sendable, Hashable {
        package var counters = Counters()
        /// Of all pieces that it keeps.
        package var cachedBytes = 0
        /// Peers that are connected, and others.
        package var connections = 0
        /// When it looked around last.
        package var moment: Moment

        package init(moment: Moment) { self.moment = moment }
    }

    private struct Entry: Sendable {
        let manifest: BlobManifest
        var pieces: [Data] = []
        var lastUse: UInt64

        var isWhole: Bool { pieces.count == manifest.chunkCount }
    }

    private struct Waiting: Sendable {
        var routing: RoutingID
        var since: Moment
    }

    /// Pieces that a peer can wait for: a pull asks for four.
    private static let piecesPerPeer = 32
    /// Blobs that are not here and that somebody waits for.
    private static let blobsAtATime = 64
    /// After so long nobody waits any more.
    private static let patience = Duration.seconds(60)

    private let capacity: Int
    private var entries: [Digest: Entry] = [:]
    private var waiting: [Digest: [Int: [Waiting]]] = [:]
    private var waitingCounts: [RoutingID: Int] = [:]
    private var uses: UInt64 = 0
    private var effects: [Effect] = []
    private var nextPurge: Moment?
    package private(set) var counters = Counters()

    /// What it has done and holds, but for its connections.
    package func figures(now: Moment) -> Figures {
        var figures = Figures(moment: now)
        figures.counters = counters
        figures.cachedBytes = entries.values.reduce(0) { $0 + $1.pieces.reduce(0) { $0 + $1.count } }
        return figures
    }

    /// - Parameter capacity: Bytes of whole blobs that are kept; one is kept whatever its size.
    package init(capacity: Int) { self.capacity = capacity }

    package mutating func takeEffects() -> [Effect] {
        defer { effects.removeAll(keepingCapacity: true) }
        return effects
    }

    // MARK: - Peers

    /// Takes in a frame from a connection; false if it is none that a peer sends a relay.
    ///
    /// - Parameter refusal: why its sender is not served; nil if it is.
    package mutating func receive(
        _ frame: [UInt8], from routing: RoutingID, refusal: String? = nil, now: Moment
    ) -> Bool {
        let message: PeerMessage
        do { message = try PeerMessage.decode(frame).message } catch {
            counters.rejected += 1
            if case .protocolVersion(let version) = error {
                refuse(
                    routing, .protocolVersion,
                    "it speaks protocol version \(version), the relay version \(WireLimits.protocolVersion)")
            }
            return false
        }
        if let refusal {
            counters.rejected += 1
            refuse(routing, .distrusted, refusal)
            return false
        }
        switch message {
        case .chunkRequest(let digest, let index):
            ask(for: index, of: digest, routing, now: now)
            return true
        // It is there, and may ask for something by and by.
        case .heartbeat: return true
        case .hello:
            counters.rejected += 1
            let reason = "this is a relay, which has no work: name it with --relay, and the learner as before"
            refuse(routing, .hello, reason)
            return false
        default:
            counters.rejected += 1
            return false
        }
    }

    private mutating func refuse(_ routing: RoutingID, _ code: Refusal.Code, _ reason: String) {
        effects.append(.send(.refusal(Refusal(code: code, reason: reason)), to: routing))
    }

    private mutating func ask(for index: Int, of digest: Digest, _ routing: RoutingID, now: Moment) {
        uses += 1
        entries[digest]?.lastUse = uses
        if let entry = entries[digest] {
            if entry.pieces.indices.contains(index) {
                serve(entry.pieces[index], index, of: digest, to: routing)
                return
            }
            guard (0..<entry.manifest.chunkCount).contains(index) else {
                lack(digest, routing)
                return
            }
        }
        let isNew = waiting[digest] == nil
        guard waitingCounts[routing, default: 0] < Self.piecesPerPeer, index >= 0, index < WireLimits.chunks,
            !isNew || waiting.count < Self.blobsAtATime
        else {
            lack(digest, routing)
            return
        }
        guard !(waiting[digest]?[index]?.contains { $0.routing == routing } ?? false) else { return }
        waiting[digest, default: [:]][index, default: []].append(Waiting(routing: routing, since: now))
        waitingCounts[routing, default: 0] += 1
        if isNew, entries[digest] == nil { effects.append(.tell(.wanted(digest))) }
    }

    private mutating func serve(_ bytes: Data, _ index: Int, of digest: Digest, to routing: RoutingID) {
        counters.piecesServed += 1
        counters.bytesServed += bytes.count
        effects.append(.send(.chunk(BlobChunk(blob: digest, index: index, bytes: bytes)), to: routing))
    }

    private mutating func lack(_ digest: Digest, _ routing: RoutingID) {
        counters.unavailable += 1
        effects.append(.send(.blobUnavailable(digest, newest: nil), to: routing))
    }

    /// A message could not be delivered: the connection is gone.
    package mutating func undeliverable(to routing: RoutingID) {
        guard waitingCounts[routing] != nil else { return }
        removeWaiting { $0.routing == routing }
    }

    /// Forgets who has waited for too long.
    package mutating func tick(now: Moment) {
        if let nextPurge, now < nextPurge { return }
        nextPurge = now.advanced(by: .seconds(1))
        let before = now.advanced(by: .zero - Self.patience)
        removeWaiting { $0.since < before }
    }

    /// - Complexity: O(n) in those who wait.
    private mutating func removeWaiting(_ isGone: (Waiting) -> Bool) {
        for (digest, pieces) in waiting {
            for (index, list) in pieces {
                for peer in list where isGone(peer) { countDown(peer.routing) }
                let rest = list.filter { !isGone($0) }
                waiting[digest]?[index] = rest.isEmpty ? nil : rest
            }
            if waiting[digest]?.isEmpty ?? false { waiting[digest] = nil }
        }
    }

    private mutating func countDown(_ routing: RoutingID) {
        let left = waitingCounts[routing, default: 1] - 1
        waitingCounts[routing] = left > 0 ? left : nil
    }

    // MARK: - The learner's

    /// Takes what came from the learner.
    package mutating func take(_ delivery: RelayWork.Delivery) {
        switch delivery {
        case .piece(let chunk, let manifest): take(chunk, of: manifest)
        case .lacking(let digest), .retired(let digest):
            entries[digest] = nil
            for peer in (waiting.removeValue(forKey: digest) ?? [:]).values.joined() {
                countDown(peer.routing)
                lack(digest, peer.routing)
            }
        }
    }

    private mutating func take(_ chunk: BlobChunk, of manifest: BlobManifest) {
        uses += 1
        var entry = entries.removeValue(forKey: chunk.blob) ?? Entry(manifest: manifest, lastUse: uses)
        // A blob that was dropped on its way begins again.
        if chunk.index == 0 { entry.pieces.removeAll() }
        guard chunk.index == entry.pieces.count else {
            entries[chunk.blob] = entry
            return
        }
        entry.pieces.append(chunk.bytes)
        entry.lastUse = uses
        counters.bytesPulled += chunk.bytes.count
        entries[chunk.blob] = entry
        for peer in waiting[chunk.blob]?.removeValue(forKey: chunk.index) ?? [] {
            countDown(peer.routing)
            serve(chunk.bytes, chunk.index, of: chunk.blob, to: peer.routing)
        }
        if waiting[chunk.blob]?.isEmpty ?? false { waiting[chunk.blob] = nil }
        if entry.isWhole { makeRoom(beside: chunk.blob) }
    }

    /// Drops blobs that were not asked for the longest, until the rest fits.
    private mutating func makeRoom(beside digest: Digest) {
        var bytes = entries.values.reduce(0) { $0 + ($1.isWhole ? $1.manifest.byteCount : 0) }
        while bytes > capacity,
            let oldest = entries.filter({ $0.value.isWhole && $0.key != digest }).min(by: {
                $0.value.lastUse < $1.value.lastUse
            })
        {
            bytes -= oldest.value.manifest.byteCount
            entries[oldest.key] = nil
            effects.append(.tell(.dropped(oldest.key)))
        }
    }
}
