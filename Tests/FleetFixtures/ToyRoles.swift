package import Base
package import Coordination
package import Fleet
internal import Foundation
internal import Logging
package import Synchronization
package import Trajectories

/// Samples crystals that depend on the weights, so that wrong or damaged weights show.
package final class ToySampler: UnitSampler {
    private let weights = Mutex<[UInt8]>([])
    package let loads = Atomic<Int>(0)

    package func load(policy: Blob, reference: Blob, version: PolicyVersion) throws {
        weights.withLock { $0 = [UInt8](policy.bytes) }
        loads.add(1, ordering: .relaxed)
    }

    package func sample(_ unit: WorkUnit) throws -> [SampledCrystal] {
        try Toys.crystals(of: unit, weights: weights.withLock { $0 })
    }
}

package struct ToyMeasurer: CrystalMeasurer {
    package func measure(_ items: [WorkItem]) -> [MeasuringResult] {
        items.map { MeasuringResult(outcome: Toys.outcome(of: $0), seconds: 0.001) }
    }
}

/// Makes each version's weights from all that was in the batch: two runs that differ anywhere end differently.
package final class ToyTrainer: BatchTrainer {
    package var version: Int
    package var weights: [UInt8]
    package private(set) var checkpoints: [Int: [UInt8]] = [:]
    package private(set) var batches: [ScoredBatch] = []
    package var afterCheckpoint: (Int) -> Void = { _ in }

    package init(version: Int = 0, weights: [UInt8] = Array(repeating: 5, count: 300_000)) {
        self.version = version
        self.weights = weights
    }

    package func start() throws -> TrainingStart {
        TrainingStart(version: PolicyVersion(version), policy: Blob(weights), reference: Blob([1, 2, 3]))
    }

    package func train(_ batch: ScoredBatch) throws -> TrainedVersion {
        batches.append(batch)
        var hash = SHA256()
        for crystal in batch.crystals {
            hash.update(Array("\(crystal.sampled)\(crystal.outcome)".utf8))
        }
        let digest = hash.finalize().bytes
        weights = (0..<300_000).map { digest[$0 % 32] &+ UInt8(truncatingIfNeeded: $0 >> 16) }
        version += 1
        var trained = TrainedVersion(
            version: PolicyVersion(version), policy: Blob(weights), statistics: ["crystals": 50])
        trained.trainedOn = batch.crystals.map(\.sampled.id)
        return trained
    }

    package func checkpoint() throws {
        checkpoints[version] = weights
        afterCheckpoint(version)
    }
}

/// Collects what the run tells.
package final class RecordingObserver: RunObserver {
    package init() {}

    package struct Record {
        package var endpoint: Endpoint?
        package var joined: [PeerDescription] = []
        package var left: [PeerDeparture] = []
        package var steps: [StepReport] = []
        package var roleReports: [RoleReport] = []
        package var hubReports: [HubReport] = []
        package var problems: [String] = []
    }

    private let state = Mutex(Record())
    private let started = Mailbox<Endpoint>(capacity: 1)
    private let joins = Mailbox<PeerDescription>(capacity: 100)

    package var record: Record { state.withLock { $0 } }

    package func awaitStart() -> Endpoint? { started.receive(timeout: .seconds(20)) }
    package func awaitJoin() -> PeerDescription? { joins.receive(timeout: .seconds(20)) }

    package func hubStarted(_ endpoint: Endpoint) {
        state.withLock { $0.endpoint = endpoint }
        _ = started.post(endpoint)
    }

    package func stepFinished(_ report: StepReport) { state.withLock { $0.steps.append(report) } }
    package func roleReported(_ report: RoleReport, from peer: PeerDescription) {
        state.withLock { $0.roleReports.append(report) }
    }
    package func hubReported(_ report: HubReport) { state.withLock { $0.hubReports.append(report) } }
    package func peerJoined(_ peer: PeerDescription) {
        state.withLock { $0.joined.append(peer) }
        _ = joins.post(peer)
    }
    package func peerLeft(_ peer: PeerDescription, reason: PeerDeparture) { state.withLock { $0.left.append(reason) } }
    package func problem(_ text: String) { state.withLock { $0.problems.append(text) } }
}

/// Runs a role on a thread of its own, and tells how it ended.
package final class Running<Value: Sendable>: Sendable {
    private let results = Mailbox<Result<Value, any Error>>(capacity: 1)

    package init(_ body: @escaping @Sendable () throws -> Value) {
        let results = results
        _ = RoleThread(name: "test") { _ = results.post(Result(catching: body)) }
    }

    /// The value, or what was thrown.
    package func value() throws -> Value {
        guard let result = results.receive(timeout: .seconds(30)) else { throw ToyError.missing }
        return try result.get()
    }
}

package enum ToyRoles {
    package static func peer(_ endpoint: Endpoint, process: Int = 1, threads: Int = 1) -> PeerConfiguration {
        var configuration = PeerConfiguration(endpoint: endpoint, build: "test", host: "test", process: process)
        configuration.threads = threads
        configuration.report = .milliseconds(100)
        return configuration
    }

    package static func actor(
        _ configuration: PeerConfiguration, stop: StopToken = StopToken(), sampler: any UnitSampler = ToySampler()
    ) -> Running<Void> {
        Running {
            _ = try ActorRole(
                configuration: configuration,
                logger: Logger(label: "actor", factory: { _ in SwiftLogNoOpLogHandler() }),
                makeSampler: { _ in sampler }
            )
            .run(stop: stop)
        }
    }

    package static func worker(
        _ configuration: PeerConfiguration, stop: StopToken = StopToken(),
        makeMeasurer: @escaping @Sendable (String) throws -> any CrystalMeasurer = { _ in ToyMeasurer() }
    ) -> Running<Void> {
        Running {
            _ = try RewardWorkerRole(
                configuration: configuration,
                logger: Logger(label: "worker", factory: { _ in SwiftLogNoOpLogHandler() }), makeMeasurer: makeMeasurer
            )
            .run(stop: stop)
        }
    }
}
