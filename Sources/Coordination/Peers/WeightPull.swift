package import Base
package import Protocol
package import Trajectories

/// The pull of one blob of weights, piece by piece, a few pieces in flight.
///
/// Every piece is checked against the table, the whole against the announced digest. Whatever is damaged or does not
/// come is asked for again; nothing is given out before it is whole.
package struct WeightPull: Sendable {
    /// Pieces asked for ahead.
    package static let window = 4
    /// How long a piece may take.
    package static let patience = Duration.seconds(10)

    private enum State: Sendable {
        case table(askedAt: Moment?)
        case pieces(WeightManifest)
        case complete(WeightManifest)
    }

    package let digest: Digest
    private var state = State.table(askedAt: nil)
    private var bytes: [UInt8] = []
    private var nextIndex = 0
    private var again: Set<Int> = []
    private var inFlight: [Int: Moment] = [:]
    private var missing = 0
    /// Pieces and wholes that did not match their digests.
    package private(set) var damagedCount = 0

    package init(digest: Digest) {
        self.digest = digest
    }

    /// The blob, once it is whole and checked.
    package var blob: WeightBlob? {
        guard case .complete(let manifest) = state else { return nil }
        return WeightBlob(verified: bytes, manifest: manifest)
    }

    /// What to ask for now.
    package mutating func requests(now: Moment) -> [PeerMessage] {
        switch state {
        case .complete: return []
        case .table(let askedAt):
            if let askedAt, askedAt.duration(to: now) < Self.patience { return [] }
            state = .table(askedAt: now)
            return [.manifestRequest(digest)]
        case .pieces(let manifest):
            for (index, askedAt) in inFlight where askedAt.duration(to: now) >= Self.patience {
                inFlight[index] = nil
                again.insert(index)
            }
            var requests: [PeerMessage] = []
            while inFlight.count < Self.window, let index = takeNext(of: manifest.chunks.count) {
                inFlight[index] = now
                requests.append(.chunkRequest(digest, index: index))
            }
            return requests
        }
    }

    /// Takes in the table; ignored unless it was asked for.
    package mutating func receive(_ manifest: WeightManifest) {
        guard case .table = state, manifest.digest == digest else { return }
        bytes = [UInt8](repeating: 0, count: manifest.byteCount)
        nextIndex = 0
        again = []
        inFlight = [:]
        missing = manifest.chunks.count
        state = .pieces(manifest)
        if missing == 0 { complete(manifest) }
    }

    /// Takes in a piece; ignored unless it was asked for.
    package mutating func receive(_ chunk: WeightChunk) {
        guard case .pieces(let manifest) = state, chunk.blob == digest, inFlight.removeValue(forKey: chunk.index) != nil
        else { return }
        let range = manifest.range(ofChunk: chunk.index)
        guard chunk.bytes.count == range.count, Digest(of: chunk.bytes) == manifest.chunks[chunk.index] else {
            damagedCount += 1
            again.insert(chunk.index)
            return
        }
        bytes.replaceSubrange(range, with: chunk.bytes)
        missing -= 1
        if missing == 0 { complete(manifest) }
    }

    /// Asks for everything in flight again, after a new login.
    package mutating func restart() {
        again.formUnion(inFlight.keys)
        inFlight = [:]
        if case .table = state { state = .table(askedAt: nil) }
    }

    private mutating func complete(_ manifest: WeightManifest) {
        if Digest(of: bytes) == digest {
            state = .complete(manifest)
        } else {
            damagedCount += 1
            state = .table(askedAt: nil)
        }
    }

    private mutating func takeNext(of count: Int) -> Int? {
        if let index = again.min() {
            again.remove(index)
            return index
        }
        guard nextIndex < count else { return nil }
        defer { nextIndex += 1 }
        return nextIndex
    }
}
