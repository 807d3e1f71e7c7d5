import Base
import Coordination
import Protocol
import Trajectories

/// A version's way from the learner to actors: hashed, cut into pieces, asked for, sent, checked and put together.
struct WeightsBenchmark {
    /// Bytes of the weights; the embedded policy and the published one have about as many.
    static let sizes = [5 << 20, 20 << 20]

    /// Seconds, of the processor, of hashing and cutting, once a version.
    private(set) var offering = 0.0
    /// Seconds of the hub, and of the actors, for all of them.
    private(set) var serving = 0.0
    private(set) var pulling = 0.0
    /// Of frames in both directions.
    private(set) var byteCount = 0

    /// Brings weights to some actors, one after the other.
    ///
    /// - Throws: ``RoleError/work(_:)`` if they do not arrive.
    mutating func run(_ bytes: [UInt8], actors: Int) throws {
        let configuration = LearnerConfiguration(
            run: "benchmark", runSeed: 1, endpoint: try Endpoint("tcp://127.0.0.1:*"), versions: 1,
            crystalsPerBatch: 1, crystalsPerUnit: 1, crystalsPerTask: 1)
        var core = HubCore(configuration: configuration, generator: SystemRandomNumberGenerator())
        let now = Moment.now
        let blob = Self.measure(&offering) { Blob(bytes) }
        core.begin(version: 0, policy: blob, reference: Blob([0]), now: now)
        for index in 0..<actors {
            let routing = RoutingID(bytes: [1, UInt8(truncatingIfNeeded: index), UInt8(truncatingIfNeeded: index >> 8)])
            let description = PeerDescription(
                role: .actor, host: "host", process: index, build: "benchmark", threads: 1)
            let hello = PeerMessage.hello(Hello(peer: description, instance: UInt64(index) + 1))
            var session: UInt64 = 0
            for answer in try exchange(hello, session: 0, at: routing, with: &core, now: now) {
                if case .welcome(let welcome) = try HubMessage.decode(answer) { session = welcome.session }
            }
            var pull = BlobPull(digest: blob.digest)
            while pull.blob == nil {
                let requests = Self.measure(&pulling) { pull.requests(now: now) }
                guard !requests.isEmpty else { throw RoleError.work("the weights did not arrive") }
                for request in requests {
                    for answer in try exchange(request, session: session, at: routing, with: &core, now: now) {
                        try Self.measure(&pulling) {
                            switch try HubMessage.decode(answer) {
                            case .manifest(let manifest): pull.receive(manifest)
                            case .chunk(let chunk): pull.receive(chunk)
                            default: break
                            }
                        }
                    }
                }
            }
        }
    }

    /// What the hub answers to a message, as frames.
    private mutating func exchange(
        _ message: PeerMessage, session: UInt64, at routing: RoutingID, with core: inout HubCore, now: Moment
    ) throws -> [[UInt8]] {
        let frame = try Self.measure(&pulling) { try message.encode(session: session) }
        let answers: [[UInt8]] = try Self.measure(&serving) {
            core.receive(frame, from: routing, now: now)
            return try core.takeEffects().compactMap {
                guard case .send(let answer, routing) = $0 else { return nil }
                return try answer.encode()
            }
        }
        byteCount += answers.reduce(frame.count) { $0 + $1.count }
        return answers
    }

    private static func measure<Value>(_ seconds: inout Double, _ body: () throws -> Value) rethrows -> Value {
        let start = ThreadClock.seconds
        defer { seconds += ThreadClock.seconds - start }
        return try body()
    }
}

extension Benchmarks {
    /// One version to some actors, again and again.
    func weights(byteCount: Int, actors: Int) throws -> BenchmarkRecord {
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        var benchmark = WeightsBenchmark()
        let copy = copySeconds(of: bytes)
        let (calls, seconds) = try measure { try benchmark.run(bytes, actors: actors) }
        // The first call is not counted by `measure`, but by the benchmark.
        let versions = Double(calls + 1)
        let pulls = versions * Double(actors)
        var record = BenchmarkRecord(
            benchmark: "weights", shape: "\(byteCount >> 20) MB, \(actors) actors", threads: 1, crystals: 0,
            seconds: seconds)
        record.weights = BenchmarkRecord.Weights(
            byteCount: byteCount, actors: actors, bytesHashedByLearner: 2 * byteCount,
            bytesHashedPerActor: 2 * byteCount, bytesSentPerActor: Double(benchmark.byteCount) / pulls,
            offerSeconds: benchmark.offering / versions, hubSecondsPerActor: benchmark.serving / pulls,
            actorSeconds: benchmark.pulling / pulls,
            copiesByHub: benchmark.serving / pulls / copy, copiesByActor: benchmark.pulling / pulls / copy)
        return record
    }

    /// The processor time of one copy into memory that is there, seconds.
    private func copySeconds(of bytes: [UInt8]) -> Double {
        var copy = bytes.map { ~$0 }
        let count = 20
        let start = ThreadClock.seconds
        for round in 0..<count {
            copy.withUnsafeMutableBytes { copy in bytes.withUnsafeBytes { copy.copyMemory(from: $0) } }
            precondition(copy[round] == bytes[round])
        }
        return (ThreadClock.seconds - start) / Double(count)
    }
}
