import Base
import Coordination
import FleetFixtures
import Foundation
import Protocol
import Testing
import Trajectories

/// An actor with a relay, message by message: whom it asks for the pieces of its weights.
@Suite struct RelayUseTests {
    private let now = Toys.begin
    private let policy = Blob((0..<1000).map { UInt8(truncatingIfNeeded: $0) }, chunkBytes: 64)
    private let reference = Blob([4])

    /// Digest and number of a piece that was asked for.
    private struct Piece: Hashable {
        var blob: Digest
        var index: Int
    }

    private struct Asked {
        var learner: [Piece] = []
        var relay: [Piece] = []
        var tables = 0
        var logs: [String] = []
    }

    /// An actor that is logged in, has its sampler, and knows of weights.
    private func makeActor() throws -> ActorCore {
        var configuration = PeerConfiguration(
            endpoint: try Endpoint("tcp://127.0.0.1:5555"), build: "test", host: "test", process: 1)
        configuration.relay = try RelayPlace(text: "tcp://127.0.0.1:5556")
        var core = ActorCore(SamplingWork(), configuration: configuration, generator: SeededGenerator(seed: 1))
        core.start(now: now)
        let weights = Announcement(
            epoch: 1, run: "r", version: 3, policy: policy.digest, reference: reference.digest)
        core.receive(
            .welcome(
                Welcome(
                    session: 1, epoch: 1, run: "r", heartbeat: .seconds(1), liveness: .seconds(1000), settings: "{}",
                    weights: weights)), now: now)
        core.finished(.prepared(settings: "{}", problem: nil), now: now)
        return core
    }

    private func asked(by core: inout ActorCore) -> Asked {
        var asked = Asked()
        for effect in core.takeEffects() {
            switch effect {
            case .send(.chunkRequest(let blob, let index), _): asked.learner.append(Piece(blob: blob, index: index))
            case .send(.manifestRequest, _): asked.tables += 1
            case .askRelay(.chunkRequest(let blob, let index)): asked.relay.append(Piece(blob: blob, index: index))
            case .askRelay: Issue.record("a relay is asked for pieces alone")
            case .log(let text): asked.logs.append(text)
            case .send, .connect, .leave: break
            }
        }
        return asked
    }

    private func chunk(_ piece: Piece) -> BlobChunk {
        let blob = piece.blob == policy.digest ? policy : reference
        return BlobChunk(blob: piece.blob, index: piece.index, bytes: blob.chunk(piece.index))
    }

    /// Serves whatever is asked for until the weights can be loaded; how many pieces each side served.
    private func serve(
        _ core: inout ActorCore, now: Moment, tamper: (inout BlobChunk) -> Void = { _ in }
    ) -> (learner: Int, relay: Int, logs: [String]) {
        var (learner, relay, logs): (Int, Int, [String]) = (0, 0, [])
        var asked = asked(by: &core)
        for _ in 0..<200 {
            logs += asked.logs
            if asked.tables > 0 {
                core.receive(.manifest(policy.manifest), now: now)
                core.receive(.manifest(reference.manifest), now: now)
            }
            for piece in asked.learner {
                learner += 1
                core.receive(.chunk(chunk(piece)), now: now)
            }
            for piece in asked.relay {
                relay += 1
                var chunk = chunk(piece)
                tamper(&chunk)
                core.receiveFromRelay(.chunk(chunk), now: now)
            }
            asked = self.asked(by: &core)
            if asked.learner.isEmpty, asked.relay.isEmpty, asked.tables == 0 { break }
        }
        return (learner, relay, logs + asked.logs)
    }

    private func loads(_ core: inout ActorCore) -> Bool {
        core.takeJobs().contains { job in
            if case .load(let policy, _, _) = job { policy.bytes == self.policy.bytes } else { false }
        }
    }

    @Test func relayThatServes_sparesTheLearnerAllPieces() throws {
        var core = try makeActor()
        core.note(.connected, now: now)
        let served = serve(&core, now: now)
        #expect(served.learner == 0)
        #expect(served.relay == 16 + 1)
        #expect(loads(&core))
    }

    /// While the connection is being made nobody is asked; after the grace the learner is.
    @Test func relayThatDoesNotAnswer_isWaitedForAWhile() throws {
        var core = try makeActor()
        #expect(asked(by: &core).tables == 1)
        core.receive(.manifest(policy.manifest), now: now)
        #expect(asked(by: &core).learner.isEmpty)
        let later = now.advanced(by: .seconds(2))
        core.tick(now: later)
        #expect(asked(by: &core).learner.count == BlobPull.window)
        // It comes late, and is used for the rest.
        core.note(.connected, now: later)
        core.receive(.chunk(chunk(Piece(blob: policy.digest, index: 0))), now: later)
        let asked = asked(by: &core)
        #expect(asked.learner.isEmpty && asked.relay == [Piece(blob: policy.digest, index: 4)])
        #expect(asked.logs == ["connected to the relay at tcp://127.0.0.1:5556: weights and files come from it"])
    }

    @Test(arguments: [0, 3, 15]) func relayThatLies_isFoundOutAndNotAskedAgain(index: Int) throws {
        var core = try makeActor()
        core.note(.connected, now: now)
        var lies = 0
        let served = serve(&core, now: now) { chunk in
            guard chunk.index == index, chunk.blob == policy.digest else { return }
            lies += 1
            chunk.bytes[chunk.bytes.startIndex] ^= 1
        }
        #expect(lies == 1)
        #expect(served.learner > 0)
        #expect(served.logs.count { $0.contains("is not what the learner says: it is not asked again") } == 1)
        #expect(loads(&core))
        // Not for the next version either.
        core.note(.lost, now: now)
        core.note(.connected, now: now)
        #expect(asked(by: &core).relay.isEmpty)
    }

    @Test func relayThatSendsWrongLengths_isFoundOut() throws {
        var core = try makeActor()
        core.note(.connected, now: now)
        let served = serve(&core, now: now) { chunk in chunk.bytes = Data() }
        #expect(served.relay <= BlobPull.window && served.learner >= 16)
        #expect(loads(&core))
    }

    @Test func relayThatIsLate_restsAndServesAgain() throws {
        var core = try makeActor()
        core.note(.connected, now: now)
        _ = asked(by: &core)
        core.receive(.manifest(policy.manifest), now: now)
        let first = asked(by: &core)
        #expect(first.relay.count == BlobPull.window && first.learner.isEmpty)
        let late = now.advanced(by: .seconds(5))
        core.tick(now: late)
        let second = asked(by: &core)
        #expect(Set(second.learner) == Set(first.relay) && second.relay.isEmpty)
        #expect(second.logs.contains { $0.contains("has not sent a piece for 5000 ms") })
        // What it sends now nobody has asked it for.
        for piece in first.relay { core.receiveFromRelay(.chunk(chunk(piece)), now: late) }
        #expect(asked(by: &core).learner.isEmpty)
        let rested = late.advanced(by: .seconds(30))
        for piece in second.learner { core.receive(.chunk(chunk(piece)), now: rested) }
        #expect(asked(by: &core).relay.count == BlobPull.window)
    }

    @Test func relayThatGoesAway_isReplacedByTheLearnerAtOnce() throws {
        var core = try makeActor()
        core.note(.connected, now: now)
        _ = asked(by: &core)
        core.receive(.manifest(policy.manifest), now: now)
        let first = asked(by: &core)
        core.note(.lost, now: now)
        let second = asked(by: &core)
        #expect(Set(second.learner) == Set(first.relay))
        #expect(second.logs == ["the relay at tcp://127.0.0.1:5556 is gone: weights and files come from the learner"])
        for piece in second.learner { core.receive(.chunk(chunk(piece)), now: now) }
        _ = serve(&core, now: now)
        #expect(loads(&core))
    }

    @Test func relayThatLacksABlob_isAskedForTheNextOne() throws {
        var core = try makeActor()
        core.note(.connected, now: now)
        _ = asked(by: &core)
        core.receive(.manifest(policy.manifest), now: now)
        let first = asked(by: &core)
        core.receiveFromRelay(.blobUnavailable(policy.digest, newest: nil), now: now)
        let second = asked(by: &core)
        #expect(Set(second.learner) == Set(first.relay))
        for piece in second.learner { core.receive(.chunk(chunk(piece)), now: now) }
        let served = serve(&core, now: now)
        #expect(served.learner == 12 && served.relay == 1)
        #expect(loads(&core))
    }

    /// A relay says nothing that counts beside pieces.
    @Test func relayThatPlaysTheLearner_isNotHeard() throws {
        var core = try makeActor()
        core.note(.connected, now: now)
        _ = asked(by: &core)
        core.receiveFromRelay(.manifest(policy.manifest), now: now)
        core.receiveFromRelay(.shutdown("now"), now: now)
        core.receiveFromRelay(
            .announcement(
                Announcement(epoch: 1, run: "r", version: 9, policy: Digest(of: [1]), reference: Digest(of: [1]))),
            now: now)
        let asked = asked(by: &core)
        #expect(asked.learner.isEmpty && asked.relay.isEmpty && asked.tables == 0 && asked.logs.isEmpty)
        _ = serve(&core, now: now)
        core.receive(.manifest(policy.manifest), now: now)
        _ = serve(&core, now: now)
        #expect(loads(&core))
    }

    @Test func place_isAnAddressOrAFile() throws {
        #expect(try RelayPlace(text: "tcp://rack1:5556").endpoint == Endpoint("tcp://rack1:5556"))
        #expect(try RelayPlace(text: "runs/relay.json").file == "runs/relay.json")
        for text in ["", "tcp://rack1", "tcp://*:5556", "http://rack1:80"] {
            #expect(throws: RoleError.self) { try RelayPlace(text: text) }
        }
    }
}
