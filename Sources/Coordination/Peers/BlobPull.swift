package import Base
internal import Foundation
package import Protocol
package import Trajectories

/// The pull of one blob, piece by piece, a few pieces in flight.
///
/// Pieces are put where they belong as they come, and checked in their order against the table, the last of them
/// against the announced digest. Whatever is damaged or does not come is asked for again; nothing is given out before
/// it is whole. The table is the learner's; pieces may come from a relay, which the table convicts of a wrong one.
package struct BlobPull: Sendable {
    /// Pieces asked for ahead.
    package static let window = 4
    /// How long a piece may take that the learner was asked for.
    package static let patience = Duration.seconds(10)

    /// What to ask for now, and whom.
    struct Requests: Sendable {
        var toLearner: [PeerMessage] = []
        var toRelay: [PeerMessage] = []
        /// A piece that the relay was asked for has not come in time.
        var isRelayLate = false
    }

    /// What became of a piece.
    enum Reception: Sendable, Hashable {
        case taken
        /// Nobody was asked for it.
        case ignored
        /// It, or one before it that only now could be checked, is not what the table says.
        case damaged(BlobSource)
    }

    private struct Asked: Sendable {
        var at: Moment
        var from: BlobSource
    }

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
        /// Pieces beyond the first that is not checked, and where they are from.
        var unchecked: [Int: BlobSource] = [:]
        /// The first piece that was not yet asked for.
        var nextIndex = 0
        /// Pieces to ask for again.
        var again: Set<Int> = []
        var inFlight: [Int: Asked] = [:]

        init(_ manifest: BlobManifest) {
            self.manifest = manifest
            bytes = Data(count: manifest.byteCount)
        }

        /// Checks what follows what is checked; where a damaged piece is from, if there is one.
        mutating func check() -> BlobSource? {
            while let source = unchecked.removeValue(forKey: checkedCount) {
                var extended = hash
                extended.update(bytes.piece(manifest.range(ofChunk: checkedCount)))
                guard extended.finalize() == manifest.runningDigests[checkedCount] else {
                    again.insert(checkedCount)
                    return source
                }
                hash = extended
                checkedCount += 1
            }
            return nil
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

    /// The table, once it is here.
    var manifest: BlobManifest? {
        switch state {
        case .table: nil
        case .pieces(let assembly): assembly.manifest
        case .complete(let blob): blob.manifest
        }
    }

    /// How many pieces, from the first, are checked.
    var checkedCount: Int {
        switch state {
        case .table: 0
        case .pieces(let assembly): assembly.checkedCount
        case .complete(let blob): blob.manifest.chunkCount
        }
    }

    /// A copy of the bytes of a checked piece.
    func checkedPiece(_ index: Int) -> Data {
        switch state {
        case .table: Data()
        case .pieces(let assembly): Data([UInt8](assembly.bytes.piece(assembly.manifest.range(ofChunk: index))))
        case .complete(let blob): blob.chunk(index)
        }
    }

    /// How far it has come, in words.
    var progress: String {
        switch state {
        case .table: "the learner has not said yet how large it is"
        case .pieces(let assembly): "\(assembly.checkedCount) of \(assembly.manifest.chunkCount) pieces are here"
        case .complete: "it is here"
        }
    }

    /// What to ask the learner for now, if there is nobody else to ask.
    package mutating func requests(now: Moment) -> [PeerMessage] { requests(from: .learner, now: now).toLearner }

    /// What to ask for now.
    ///
    /// - Parameters:
    ///   - source: of pieces; nil: none is asked for.
    ///   - relayPatience: how long a piece may take that the relay was asked for.
    mutating func requests(
        from source: BlobSource?, relayPatience: Duration = BlobPull.patience, now: Moment
    ) -> Requests {
        var requests = Requests()
        switch state {
        case .complete: break
        case .table(let askedAt):
            if let askedAt, askedAt.duration(to: now) < Self.patience { break }
            state = .table(askedAt: now)
            requests.toLearner = [.manifestRequest(digest)]
        case .pieces(var assembly):
            // One owner at a time: the bytes are not copied.
            state = .table(askedAt: nil)
            defer { state = .pieces(assembly) }
            for (index, asked) in assembly.inFlight {
                let patience = asked.from == .relay ? relayPatience : Self.patience
                guard asked.at.duration(to: now) >= patience else { continue }
                if asked.from == .relay { requests.isRelayLate = true }
                assembly.inFlight[index] = nil
                assembly.again.insert(index)
            }
            guard let source, !(source == .relay && requests.isRelayLate) else { break }
            while assembly.inFlight.count < Self.window, let index = assembly.takeNext() {
                assembly.inFlight[index] = Asked(at: now, from: source)
                let request = PeerMessage.chunkRequest(digest, index: index)
                if source == .relay { requests.toRelay.append(request) } else { requests.toLearner.append(request) }
            }
        }
        return requests
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

    /// Takes in a piece; ignored unless its sender was asked for it.
    @discardableResult
    mutating func receive(_ chunk: BlobChunk, from source: BlobSource) -> Reception {
        guard chunk.blob == digest, case .pieces(var assembly) = state else { return .ignored }
        // One owner at a time: the bytes are not copied.
        state = .table(askedAt: nil)
        defer {
            state =
                assembly.isWhole
                ? .complete(Blob(verified: assembly.bytes, manifest: assembly.manifest)) : .pieces(assembly)
        }
        guard assembly.inFlight[chunk.index]?.from == source else { return .ignored }
        assembly.inFlight[chunk.index] = nil
        let range = assembly.manifest.range(ofChunk: chunk.index)
        guard chunk.bytes.count == range.count else {
            damagedCount += 1
            assembly.again.insert(chunk.index)
            return .damaged(source)
        }
        assembly.bytes.replaceSubrange(range, with: chunk.bytes)
        assembly.unchecked[chunk.index] = source
        guard let liar = assembly.check() else { return .taken }
        damagedCount += 1
        return .damaged(liar)
    }

    /// Takes in a piece of the learner.
    package mutating func receive(_ chunk: BlobChunk) { receive(chunk, from: .learner) }

    /// Gives up the relay: what it was asked for is asked for again, and so is what it sent and is not checked, if it
    /// has sent a wrong piece.
    mutating func leaveRelay(isLiar: Bool = false) {
        guard case .pieces(var assembly) = state else { return }
        // One owner at a time: the bytes are not copied.
        state = .table(askedAt: nil)
        defer { state = .pieces(assembly) }
        for (index, asked) in assembly.inFlight where asked.from == .relay {
            assembly.inFlight[index] = nil
            assembly.again.insert(index)
        }
        guard isLiar else { return }
        for (index, source) in assembly.unchecked where source == .relay {
            assembly.unchecked[index] = nil
            assembly.again.insert(index)
        }
    }

    /// Asks for everything in flight again, after a new login.
    package mutating func restart() {
        switch state {
        case .complete: break
        case .table: state = .table(askedAt: nil)
        case .pieces(var assembly):
            // One owner at a time: the bytes are not copied.
            state = .table(askedAt: nil)
            assembly.again.formUnion(assembly.inFlight.keys)
            assembly.inFlight = [:]
            state = .pieces(assembly)
        }
    }
}
