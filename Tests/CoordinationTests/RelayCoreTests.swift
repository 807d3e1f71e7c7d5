import Base
import Coordination
import FleetFixtures
import Foundation
import Protocol
import Testing
import Trajectories

/// What a relay answers its peers.
@Suite struct RelayCoreTests {
    private let now = Toys.begin
    private let blob = Blob((0..<1000).map { UInt8(truncatingIfNeeded: $0) }, chunkBytes: 64)
    private let first = RoutingID(bytes: [1])
    private let second = RoutingID(bytes: [2])

    private func frame(_ message: PeerMessage) throws -> [UInt8] { try message.encode(session: 0) }

    private func ask(_ core: inout RelayCore, _ index: Int, of digest: Digest, _ routing: RoutingID) throws {
        let isServed = core.receive(try frame(.chunkRequest(digest, index: index)), from: routing, now: now)
        #expect(isServed)
    }

    private func piece(_ index: Int, of blob: Blob) -> RelayWork.Delivery {
        .piece(BlobChunk(blob: blob.digest, index: index, bytes: blob.chunk(index)), of: blob.manifest)
    }

    /// The effects in short.
    private func sketch(_ core: inout RelayCore) -> [String] {
        core.takeEffects().map { effect in
            switch effect {
            case .send(.chunk(let chunk), let routing): "\(chunk.index) to \(routing.bytes[0])"
            case .send(.blobUnavailable, let routing): "lacking to \(routing.bytes[0])"
            case .send(.refusal(let refusal), let routing): "\(refusal.code) to \(routing.bytes[0])"
            case .send: "other"
            case .tell(.wanted): "wanted"
            case .tell(.dropped): "dropped"
            }
        }
    }

    /// Pieces go on as they come: nobody waits for the whole.
    @Test func pieces_goOnAsTheyCome() throws {
        var core = RelayCore(capacity: 10_000)
        for index in 0..<4 { try ask(&core, index, of: blob.digest, first) }
        try ask(&core, 0, of: blob.digest, second)
        #expect(sketch(&core) == ["wanted"])
        core.take(piece(0, of: blob))
        #expect(sketch(&core) == ["0 to 1", "0 to 2"])
        core.take(piece(1, of: blob))
        #expect(sketch(&core) == ["1 to 1"])
        try ask(&core, 1, of: blob.digest, second)
        #expect(sketch(&core) == ["1 to 2"])
        for index in 2..<16 { core.take(piece(index, of: blob)) }
        #expect(sketch(&core) == ["2 to 1", "3 to 1"])
        for index in 0..<16 { try ask(&core, index, of: blob.digest, second) }
        #expect(sketch(&core) == (0..<16).map { "\($0) to 2" })
        #expect(core.counters.bytesPulled == 1000)
        #expect(core.counters.piecesServed == 3 + 1 + 2 + 16)
    }

    @Test func blobThatTheLearnerLacks_isSaidToBeLacking() throws {
        var core = RelayCore(capacity: 10_000)
        try ask(&core, 0, of: blob.digest, first)
        try ask(&core, 1, of: blob.digest, second)
        core.take(.lacking(blob.digest))
        #expect(sketch(&core).sorted() == ["lacking to 1", "lacking to 2", "wanted"])
        // Whoever asks again has the learner asked again.
        try ask(&core, 0, of: blob.digest, first)
        #expect(sketch(&core) == ["wanted"])
    }

    @Test func pieceBeyondTheEnd_isLacking() throws {
        var core = RelayCore(capacity: 10_000)
        core.take(piece(0, of: blob))
        try ask(&core, 16, of: blob.digest, first)
        #expect(sketch(&core) == ["lacking to 1"])
    }

    /// Whoever asks for everything is told that it is not there; the others go on.
    @Test func peerThatAsksForEverything_costsABoundedNumberOfPlaces() throws {
        var core = RelayCore(capacity: 10_000)
        for index in 0..<1000 { try ask(&core, index, of: blob.digest, first) }
        for index in 0..<1000 { try ask(&core, 0, of: Digest(of: [UInt8(index % 256), UInt8(index / 256)]), second) }
        let answers = sketch(&core)
        #expect(answers.count { $0 == "lacking to 1" } == 1000 - 32)
        #expect(answers.count { $0 == "wanted" } == 1 + 32)
        // It is gone: its places are free.
        core.undeliverable(to: second)
        try ask(&core, 0, of: Digest(of: [9, 9, 9]), second)
        #expect(sketch(&core) == ["wanted"])
    }

    @Test func cache_dropsWhatWasNotAskedForTheLongest() throws {
        let blobs = (0..<3).map { seed in Blob((0..<100).map { UInt8(truncatingIfNeeded: $0 + seed) }, chunkBytes: 64) }
        var core = RelayCore(capacity: 250)
        for blob in blobs.prefix(2) { for index in 0..<2 { core.take(piece(index, of: blob)) } }
        try ask(&core, 0, of: blobs[0].digest, first)
        #expect(sketch(&core) == ["0 to 1"])
        for index in 0..<2 { core.take(piece(index, of: blobs[2])) }
        #expect(sketch(&core) == ["dropped"])
        try ask(&core, 0, of: blobs[1].digest, first)
        #expect(sketch(&core) == ["wanted"])
        try ask(&core, 0, of: blobs[0].digest, first)
        #expect(sketch(&core) == ["0 to 1"])
    }

    /// A worker that has its files asks for nothing; its connection stays all the same.
    @Test func heartbeat_saysThatAPeerIsThere() throws {
        var core = RelayCore(capacity: 10_000)
        let isServed = core.receive(try frame(.heartbeat(Readiness(window: 0))), from: first, now: now)
        #expect(isServed && sketch(&core).isEmpty && core.counters.rejected == 0)
    }

    @Test func whateverElseIsSent_isCountedAndNeverServed() throws {
        var core = RelayCore(capacity: 10_000)
        let hello = PeerMessage.hello(Hello(peer: Toys.peer(.actor), instance: 7))
        for frame in [try frame(hello), try frame(.goodbye("x")), [1, 2, 3]] {
            let isServed = core.receive(frame, from: first, now: now)
            #expect(!isServed)
        }
        let request = try frame(.chunkRequest(blob.digest, index: 0))
        let isServed = core.receive(request, from: first, refusal: "no key", now: now)
        #expect(!isServed)
        #expect(core.counters.rejected == 4)
        #expect(sketch(&core) == ["hello to 1", "distrusted to 1"])
        var generator = SeededGenerator(seed: 4)
        let good = try frame(.chunkRequest(blob.digest, index: 3))
        for _ in 0..<20_000 {
            var frame = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                frame[Int.random(in: 0..<frame.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { frame.removeLast(Int.random(in: 0...frame.count, using: &generator)) }
            _ = core.receive(frame, from: second, now: now)
            _ = core.takeEffects()
        }
        core.take(piece(0, of: blob))
        try ask(&core, 0, of: blob.digest, first)
        #expect(sketch(&core) == ["0 to 1"])
    }
}
