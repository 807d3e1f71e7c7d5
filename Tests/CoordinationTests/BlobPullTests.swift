import Base
import Coordination
import FleetFixtures
import Foundation
import Protocol
import Testing
import Trajectories

@Suite struct BlobPullTests {
    private let now = Toys.begin
    private let blob = Blob((0..<1000).map { UInt8(truncatingIfNeeded: $0) }, chunkBytes: 64)

    private func store() -> BlobStore {
        var store = BlobStore()
        let reference = Blob([1])
        store.offer(
            Announcement(epoch: 1, run: "r", version: 0, policy: blob.digest, reference: reference.digest),
            policy: blob, reference: reference)
        return store
    }

    /// Answers requests from the store until the pull asks for nothing more.
    private func serve(
        _ pull: inout BlobPull, now: Moment, damage: (inout BlobChunk) -> Void = { _ in }
    ) -> Int {
        let store = store()
        var served = 0
        var requests = pull.requests(now: now)
        while !requests.isEmpty, served < 1000 {
            for request in requests {
                served += 1
                switch request {
                case .manifestRequest(let digest):
                    if let manifest = store.manifest(of: digest) { pull.receive(manifest) }
                case .chunkRequest(let digest, let index):
                    if var chunk = store.chunk(index, of: digest) {
                        damage(&chunk)
                        pull.receive(chunk)
                    }
                default: break
                }
            }
            requests = pull.requests(now: now)
        }
        return served
    }

    @Test func pull_allPieces_givesTheBlob() {
        var pull = BlobPull(digest: blob.digest)
        #expect(serve(&pull, now: now) == 1 + 16)
        #expect(pull.blob?.bytes == blob.bytes)
        #expect(pull.blob?.manifest == blob.manifest)
    }

    @Test func requests_atOnce_areAFew() {
        var pull = BlobPull(digest: blob.digest)
        #expect(pull.requests(now: now) == [.manifestRequest(blob.digest)])
        #expect(pull.requests(now: now).isEmpty)
        pull.receive(blob.manifest)
        #expect(pull.requests(now: now).count == BlobPull.window)
        #expect(pull.requests(now: now).isEmpty)
    }

    @Test func receive_damagedPiece_isAskedForAgain() {
        var pull = BlobPull(digest: blob.digest)
        var damaged = false
        let served = serve(&pull, now: now) { chunk in
            guard chunk.index == 5, !damaged else { return }
            damaged = true
            chunk.bytes[chunk.bytes.startIndex + 3] ^= 1
        }
        #expect(served == 1 + 16 + 1)
        #expect(pull.damagedCount == 1)
        #expect(pull.blob?.bytes == blob.bytes)
    }

    @Test func receive_pieceOfWrongLengthOrUnasked_isNotTaken() {
        var pull = BlobPull(digest: blob.digest)
        pull.receive(BlobChunk(blob: blob.digest, index: 0, bytes: Data([])))
        _ = pull.requests(now: now)
        pull.receive(blob.manifest)
        _ = pull.requests(now: now)
        pull.receive(BlobChunk(blob: blob.digest, index: 15, bytes: Data([1])))
        pull.receive(BlobChunk(blob: blob.digest, index: .max, bytes: Data([1])))
        pull.receive(BlobChunk(blob: Digest(of: [9]), index: 0, bytes: Data([1])))
        #expect(pull.damagedCount == 0)
        pull.receive(BlobChunk(blob: blob.digest, index: 0, bytes: Data([1])))
        #expect(pull.damagedCount == 1)
        _ = serve(&pull, now: now)
        #expect(pull.blob == nil)
        _ = serve(&pull, now: now.advanced(by: BlobPull.patience))
        #expect(pull.blob?.bytes == blob.bytes)
    }

    @Test func receive_tableThatDoesNotMakeTheDigest_startsOver() {
        var pull = BlobPull(digest: blob.digest)
        _ = pull.requests(now: now)
        let other = Blob([UInt8](repeating: 0, count: 10), chunkBytes: 64)
        var forged = other.manifest
        forged.digest = blob.digest
        pull.receive(forged)
        pull.receive(BlobChunk(blob: blob.digest, index: 0, bytes: other.bytes))
        #expect(pull.damagedCount == 1)
        #expect(pull.blob == nil)
        _ = serve(&pull, now: now)
        #expect(pull.blob?.bytes == blob.bytes)
    }

    @Test func receive_piecesOutOfOrder_areCheckedInOrder() {
        var pull = BlobPull(digest: blob.digest)
        _ = pull.requests(now: now)
        pull.receive(blob.manifest)
        var requests = pull.requests(now: now)
        while !requests.isEmpty {
            for case .chunkRequest(_, let index) in requests.reversed() {
                pull.receive(BlobChunk(blob: blob.digest, index: index, bytes: blob.chunk(index)))
            }
            requests = pull.requests(now: now)
        }
        #expect(pull.damagedCount == 0)
        #expect(pull.blob?.bytes == blob.bytes)
    }

    @Test func requests_afterSilence_areMadeAgain() {
        var pull = BlobPull(digest: blob.digest)
        _ = pull.requests(now: now)
        pull.receive(blob.manifest)
        let first = pull.requests(now: now)
        let later = now.advanced(by: BlobPull.patience)
        #expect(pull.requests(now: later) == first)
    }
}
