import Archive
import Base
import Crystals
import FineTuning
import Foundation
import Logging
import Policy
import Telemetry
import Trajectories

/// What the learner does between a complete batch and the announcement of the version made of it, part by part, with
/// the files that a run writes.
struct StepBenchmark {
    /// Crystals of a batch and passes over it, as in the quickstart.
    private static let batchSize = 512
    private static let epochs = 5

    private let folder: URL
    private let trainer: PolicyTrainer
    private let recorder: RunRecorder
    private let weights: PolicyWeights
    private let crystals: [Crystal]
    private var version: PolicyVersion = 0
    private var storing: [Double] = []
    private var training: [Double] = []
    private var saving: [Double] = []
    private var offering: [Double] = []

    /// - Parameter crystals: at least one; each is in a batch once or more often.
    init(_ weights: PolicyWeights, crystals: [Crystal], threads: Int) throws {
        (self.weights, self.crystals) = (weights, crystals)
        folder = FileManager.default.temporaryDirectory.appending(path: "druse-step-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var configuration = RunConfiguration()
        (configuration.batchSize, configuration.threads, configuration.versions) = (Self.batchSize, threads, 1_000)
        (configuration.objective.epochs, configuration.objective.learningRate) = (Self.epochs, 1e-6)
        let store = try CheckpointStore(directory: folder.appending(path: "checkpoints"), referenceDigest: "")
        trainer = try PolicyTrainer(
            configuration: configuration, initial: weights, reference: weights.encoded(), store: store,
            resume: false, problem: { _ in })
        recorder = RunRecorder(
            context: .init(seed: 1, potential: "chgnet", hull: "default", stableBelow: 0.1),
            archive: try RunArchive(url: folder.appending(path: "archive.sqlite")),
            metrics: try JSONLinesWriter(url: folder.appending(path: "metrics.jsonl")),
            roles: try JSONLinesWriter(url: folder.appending(path: "roles.jsonl")),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, say: { _ in }, announce: { _ in })
    }

    /// Removes the files.
    func close() { try? FileManager.default.removeItem(at: folder) }

    /// Makes a step; the first one is not counted.
    mutating func makeStep() throws {
        let batch = batch()
        let begin = Self.seconds
        try recorder.batchCompleted(batch)
        let stored = Self.seconds
        _ = try trainer.train(batch)
        let trained = Self.seconds
        try trainer.checkpoint()
        let saved = Self.seconds
        _ = Blob(try weights.encoded())
        let offered = Self.seconds
        if version.number > 0 {
            storing.append(stored - begin)
            training.append(trained - stored)
            saving.append(saved - trained)
            offering.append(offered - saved)
        }
        version = batch.step.madeVersion
    }

    /// Medians of the steps made.
    func figures() -> BenchmarkRecord.Step {
        func median(_ times: [Double]) -> Double { times.isEmpty ? 0 : times.sorted()[times.count / 2] }
        return BenchmarkRecord.Step(
            storeBatch: median(storing), train: median(training), checkpoint: median(saving), offer: median(offering),
            // Weights and two moments, four bytes each.
            checkpointBytes: 12 * weights.layout.parameterCount)
    }

    private static var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
    private static let start = ContinuousClock.now

    private func batch() -> ScoredBatch {
        let scored = (0..<Self.batchSize).map { index -> ScoredCrystal in
            let id = CrystalID(version: version, unit: index / 32, index: index % 32)
            let sampled = SampledCrystal(
                id: id, crystal: crystals[index % crystals.count], isTerminated: true,
                logProbability: LogProbabilities(w: -1, a: -2, xyz: -3, l: -4),
                referenceLogProbability: LogProbabilities(w: -1, a: -2, xyz: -3, l: -4))
            let measurement = Measurement(energyPerAtom: -3, energyAboveHull: 0.01 * Double(index % 17))
            return ScoredCrystal(
                sampled: sampled, policy: Digest(of: [1]), outcome: .measured(measurement), scoringSeconds: 0.001,
                sampledBy: "host:1", scoredBy: "host:2")
        }
        return ScoredBatch(step: version.nextStep, crystals: scored, seconds: 1)
    }

    /// The number of crystals that a step trains on.
    static var crystalsPerStep: Int { batchSize }
}

extension Benchmarks {
    /// The learner's step with a policy, by the clock.
    func step(_ name: String, _ weights: PolicyWeights, crystals: [Crystal], threads: Int) throws -> BenchmarkRecord {
        var benchmark = try StepBenchmark(weights, crystals: crystals, threads: threads)
        defer { benchmark.close() }
        try benchmark.makeStep()
        let start = ContinuousClock.now
        var steps = 0
        repeat {
            try benchmark.makeStep()
            steps += 1
        } while (ContinuousClock.now - start) / .seconds(1) < minimumSeconds
        var record = BenchmarkRecord(
            benchmark: "step", shape: name, threads: threads, crystals: steps * StepBenchmark.crystalsPerStep,
            seconds: (ContinuousClock.now - start) / .seconds(1))
        record.parameters = weights.layout.parameterCount
        record.step = benchmark.figures()
        return record
    }
}
