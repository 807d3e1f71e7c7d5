import Base
import Coordination
import FleetFixtures
import Protocol
import Testing
import Trajectories

@Suite struct WeightPullTests {
    private let now = Toys.begin
    private let blob = WeightBlob((0..<1000).map { UInt8(truncatingIfNeeded: $0) }, chunkBytes: 64)

    private func store() -> WeightStore {
        var store = WeightStore()
        let reference = WeightBlob([1])
        store.offer(
            Announcement(epoch: 1, run: "r", version: 0, policy: blob.digest, reference: reference.digest),
            policy: blob, reference: reference)
        return store
    }

    /// Answers requests from the store until the pull asks for nothing more.
    private func serve(
        _ pull: inout WeightPull, now: Moment, damage: (inout WeightChunk) -> Void = { _ in }
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
        var pull = WeightPull(digest: blob.digest)
        #expect(serve(&pull, now: now) == 1 + 16)
        #expect(pull.blob?.bytes == blob.bytes)
        #expect(pull.blob?.manifest == blob.manifest)
    }

    @Test func requests_atOnce_areAFew() {
        var pull = WeightPull(digest: blob.digest)
        #expect(pull.requests(now: now) == [.manifestRequest(blob.digest)])
        #expect(pull.requests(now: now).isEmpty)
        pull.receive(blob.manifest)
        #expect(pull.requests(now: now).count == WeightPull.window)
        #expect(pull.requests(now: now).isEmpty)
    }

    @Test func receive_damagedPiece_isAskedForAgain() {
        var pull = WeightPull(digest: blob.digest)
        var damaged = false
        let served = serve(&pull, now: now) { chunk in
            guard chunk.index == 5, !damaged else { return }
            damaged = true
            chunk.bytes[3] ^= 1
        }
        #expect(served == 1 + 16 + 1)
        #expect(pull.damagedCount == 1)
        #expect(pull.blob?.bytes == blob.bytes)
    }

    @Test func receive_pieceOfWrongLengthOrUnasked_isNotTaken() {
        var pull = WeightPull(digest: blob.digest)
        pull.receive(WeightChunk(blob: blob.digest, index: 0, bytes: []))
        _ = pull.requests(now: now)
        pull.receive(blob.manifest)
        _ = pull.requests(now: now)
        pull.receive(WeightChunk(blob: blob.digest, index: 15, bytes: [1]))
        pull.receive(WeightChunk(blob: blob.digest, index: .max, bytes: [1]))
        pull.receive(WeightChunk(blob: Digest(of: [9]), index: 0, bytes: [1]))
        #expect(pull.damagedCount == 0)
        pull.receive(WeightChunk(blob: blob.digest, index: 0, bytes: [1]))
        #expect(pull.damagedCount == 1)
        _ = serve(&pull, now: now)
        #expect(pull.blob == nil)
        _ = serve(&pull, now: now.advanced(by: WeightPull.patience))
        #expect(pull.blob?.bytes == blob.bytes)
    }

    @Test func receive_tableThatDoesNotMakeTheDigest_startsOver() {
        var pull = WeightPull(digest: blob.digest)
        _ = pull.requests(now: now)
        let other = WeightBlob([UInt8](repeating: 0, count: 10), chunkBytes: 64)
        var forged = other.manifest
        forged.digest = blob.digest
        pull.receive(forged)
        _ = pull.requests(now: now)
        pull.receive(WeightChunk(blob: blob.digest, index: 0, bytes: other.bytes))
        #expect(pull.damagedCount == 1)
        #expect(pull.blob == nil)
        _ = serve(&pull, now: now)
        #expect(pull.blob?.bytes == blob.bytes)
    }

    @Test func requests_afterSilence_areMadeAgain() {
        var pull = WeightPull(digest: blob.digest)
        _ = pull.requests(now: now)
        pull.receive(blob.manifest)
        let first = pull.requests(now: now)
        let later = now.advanced(by: WeightPull.patience)
        #expect(pull.requests(now: later) == first)
    }
}
