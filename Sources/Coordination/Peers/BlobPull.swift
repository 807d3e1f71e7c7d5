package import Base
internal import Foundation
package import Protocol
package import Trajectories

/// The pull of one blob, piece by piece, a few pieces in flight.
///
/// Pieces are put where they belong as they come, and checked in their order against the table, the last of them
/// against the announced digest. Whatever is damaged or does not come is asked for again; nothing is given out before
/// it is whole.
package struct BlobPull: Sendable {
    /// Pieces asked for ahead.
    package static let window = 4
    /// How long a piece may take.
    package static let patience = Duration.seconds(10)

    private enum State: Sendable {
        case table(askedAt: Moment?)
        case pieces(Assembly)
        case complete(Blob)
    }

    /// A blob that is being put together.
    private struct Assembly: Sendable {
        let manifest: BlobManifest
        var bytes: Data
        /// Of the pieces up to the first that is not checked.
        var hash = SHA256()
        var checkedCount = 0
        /// Pieces beyond the first that is not checked.
        var unchecked: Set<Int> = []
        /// The first piece that was not yet asked for.
        var nextIndex = 0
        /// Pieces to ask for again.
        var again: Set<Int> = []
        var inFlight: [Int: Moment] = [:]

        init(_ manifest: BlobManifest) {
            self.manifest = manifest
            bytes = Data(count: manifest.byteCount)
        }

        /// Checks what follows what is checked; false if a piece is damaged.
        mutating func check() -> Bool {
            while unchecked.remove(checkedCount) != nil {
                var extended = hash
                extended.update(bytes.piece(manifest.range(ofChunk: checkedCount)))
                guard extended.finalize() == manifest.runningDigests[checkedCount] else {
                    again.insert(checkedCount)
                    return false
                }
                hash = extended
                checkedCount += 1
            }
            return true
        }

        var isWhole: Bool { checkedCount == manifest.chunkCount }

        mutating func takeNext() -> Int? {
            if let index = again.min() {
                again.remove(index)
                return index
            }
            guard nextIndex < manifest.chunkCount else { return nil }
            defer { nextIndex += 1 }
            return nextIndex
        }
    }

    package let digest: Digest
    private var state = State.table(askedAt: nil)
    /// Pieces and tables that did not match their digests.
    package private(set) var damagedCount = 0

    package init(digest: Digest) {
        self.digest = digest
    }

    /// The blob, once it is whole and checked.
    package var blob: Blob? {
        guard case .complete(let blob) = state else { return nil }
        return blob
    }

    /// How far it has come, in words.
    var progress: String {
        switch state {
        case .table: "the learner has not said yet how large it is"
        case .pieces(let assembly): "\(assembly.checkedCount) of \(assembly.manifest.chunkCount) pieces are here"
        case .complete: "it is here"
        }
    }

    /// What to ask for now.
    package mutating func requests(now: Moment) -> [PeerMessage] {
        switch state {
        case .complete: return []
        case .table(let askedAt):
            if let askedAt, askedAt.duration(to: now) < Self.patience { return [] }
            state = .table(askedAt: now)
            return [.manifestRequest(digest)]
        case .pieces(var assembly):
            // One owner at a time: the bytes are not copied.
            state = .table(askedAt: nil)
            defer { state = .pieces(assembly) }
            for (index, askedAt) in assembly.inFlight where askedAt.duration(to: now) >= Self.patience {
                assembly.inFlight[index] = nil
                assembly.again.insert(index)
            }
            var requests: [PeerMessage] = []
            while assembly.inFlight.count < Self.window, let index = assembly.takeNext() {
                assembly.inFlight[index] = now
                requests.append(.chunkRequest(digest, index: index))
            }
            return requests
        }
    }

    /// Takes in the table; ignored unless it was asked for.
    package mutating func receive(_ manifest: BlobManifest) {
        guard case .table = state, manifest.digest == digest else { return }
        guard manifest.runningDigests.last ?? Digest(of: [UInt8]()) == digest else {
            damagedCount += 1
            state = .table(askedAt: nil)
            return
        }
        let assembly = Assembly(manifest)
        state = assembly.isWhole ? .complete(Blob(verified: assembly.bytes, manifest: manifest)) : .pieces(assembly)
    }

    /// Takes in a piece; ignored unless it was asked for.
    package mutating func receive(_ chunk: BlobChunk) {
        guard chunk.blob == digest, case .pieces(var assembly) = state else { return }
        // One owner at a time: the bytes are not copied.
        state = .table(askedAt: nil)
        defer {
            state =
                assembly.isWhole
                ? .complete(Blob(verified: assembly.bytes, manifest: assembly.manifest)) : .pieces(assembly)
        }
        guard assembly.inFlight.removeValue(forKey: chunk.index) != nil else { return }
        let range = assembly.manifest.range(ofChunk: chunk.index)
        guard chunk.bytes.count == range.count else {
            damagedCount += 1
            assembly.again.insert(chunk.index)
            return
        }
        assembly.bytes.replaceSubrange(range, with: chunk.bytes)
        assembly.unchecked.insert(chunk.index)
        if !assembly.check() { damagedCount += 1 }
    }

    /// Asks for everything in flight again, after a new login.
    package mutating func restart() {
        switch state {
        case .complete: break
        case .table: state = .table(askedAt: nil)
        case .pieces(var assembly):
            state = .table(askedAt: nil)
            assembly.again.formUnion(assembly.inFlight.keys)
            assembly.inFlight = [:]
            state = .pieces(assembly)
        }
    }
}
