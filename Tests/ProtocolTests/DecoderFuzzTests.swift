import Base
import Coordination
import FleetFixtures
import Foundation
import Protocol
import Testing
import Trajectories

/// Messages that were changed at random: decoders refuse them or read something within bounds, and never trap.
///
/// Twenty thousand of each kind by default, a million with DRUSE_SLOW_TESTS=1; a seed is named with what fails.
@Suite struct DecoderFuzzTests {
    private static let isSlow = ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1"
    /// Messages for each seed.
    private static let count = isSlow ? 125_000 : 2500

    /// Changes a message in the ways that reach deep into a decoder: bytes and bits that are others, ends that are
    /// missing, pieces that are there twice or of another message, numbers beyond all bounds.
    private struct Mutator {
        var generator: SeededGenerator
        let frames: [[UInt8]]

        mutating func next() -> [UInt8] {
            var frame = frames.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &generator) { change(&frame) }
            return frame
        }

        private mutating func place(in frame: [UInt8]) -> Int { Int.random(in: 0...frame.count, using: &generator) }

        private mutating func change(_ frame: inout [UInt8]) {
            let start = place(in: frame)
            let end = min(frame.count, start + Int.random(in: 0...16, using: &generator))
            switch Int.random(in: 0..<8, using: &generator) {
            case 0 where start < frame.count: frame[start] = UInt8.random(in: 0...255, using: &generator)
            case 1 where start < frame.count: frame[start] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: frame = Array(frame.prefix(start))
            case 3: frame.removeSubrange(start..<end)
            case 4: frame.insert(contentsOf: frame[start..<end], at: place(in: frame))
            case 5:
                let other = frames.randomElement(using: &generator) ?? []
                let from = place(in: other)
                frame.replaceSubrange(start..<end, with: other[from..<min(other.count, from + 16)])
            case 6:
                // A length or a number of 64 bits.
                let huge = [UInt8](repeating: 0xff, count: Int.random(in: 1...9, using: &generator)) + [0x01]
                frame.insert(contentsOf: huge, at: start)
            default:
                let noise = (0..<end - start).map { _ in UInt8.random(in: 0...255, using: &generator) }
                frame.insert(contentsOf: noise, at: start)
            }
        }
    }

    /// Decodes changed messages, of which some have to be messages still: what is read can be written, and is read as
    /// the same.
    private func fuzz<Message: Equatable>(
        _ frames: [[UInt8]], seed: UInt64, decode: ([UInt8]) throws -> Message, encode: (Message) throws -> [UInt8]
    ) throws {
        var mutator = Mutator(generator: SeededGenerator(seed: seed), frames: frames)
        var readable = 0
        for _ in 0..<Self.count {
            guard let message = try? decode(mutator.next().resealed) else { continue }
            readable += 1
            let again = try decode(encode(message))
            guard again != message else { continue }
            // Numbers that are none are equal to nothing; a dump shows all there are.
            var (before, after) = ("", "")
            dump(message, to: &before)
            dump(again, to: &after)
            #expect(before.contains("nan"), "seed \(seed): \(before) became \(after)")
        }
        // The changes are not all of the kind that the first byte refuses.
        #expect((Self.count / 100..<Self.count).contains(readable), "seed \(seed): \(readable)")
    }

    @Test(arguments: 100..<UInt64(108)) func peerMessages_changedAtRandom_neverTrap(seed: UInt64) throws {
        try fuzz(
            SampleMessages.peer().map { try $0.encode(session: 1) }, seed: seed,
            decode: { try PeerMessage.decode($0).message }, encode: { try $0.encode(session: 1) })
    }

    @Test(arguments: 200..<UInt64(208)) func hubMessages_changedAtRandom_neverTrap(seed: UInt64) throws {
        try fuzz(
            SampleMessages.hub().map { try $0.encode() }, seed: seed, decode: { try HubMessage.decode($0) },
            encode: { try $0.encode() })
    }

    /// A hub that is told them, by peers that are logged in, keeps its peers' accounts and goes on.
    @Test(arguments: 300..<UInt64(304)) func hub_toldThem_keepsItsInvariants(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var configuration = try Toys.configuration()
        configuration.peerCapacity = 8
        var hub = HubCore(configuration: configuration, generator: SeededGenerator(seed: seed))
        hub.begin(version: 2, policy: Blob([1]), reference: Blob([2]), now: Toys.begin)
        var sessions: [UInt64] = [0]
        let messages = try SampleMessages.peer()
        for turn in 0..<Self.count / 2 {
            let routing = RoutingID(bytes: [UInt8.random(in: 0...3, using: &generator)])
            let session = sessions.suffix(8).randomElement(using: &generator) ?? 0
            let frame = try messages.randomElement(using: &generator)?.encode(session: session) ?? []
            var mutator = Mutator(generator: SeededGenerator(seed: generator.next()), frames: [frame])
            let isChanged = Bool.random(using: &generator)
            hub.receive(
                isChanged ? mutator.next().resealed : frame, from: routing,
                now: Toys.begin.advanced(by: .milliseconds(turn)))
            if turn % 50 == 0 { hub.tick(now: Toys.begin.advanced(by: .milliseconds(turn))) }
            for case .send(.welcome(let welcome), _) in hub.takeEffects() { sessions.append(welcome.session) }
        }
        #expect(sessions.count > 1 && hub.peerCount <= 8)
        #expect(hub.counters.rejectedMessages.values.reduce(0, +) > 0)
    }
}
