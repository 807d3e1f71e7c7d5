import Archive
import Base
import Configuration
import Engines
import FineTuning
import Fleet
import Foundation
import Policy
import Potentials
import ProgramFixtures
import Rewards
import Trajectories

/// A run without processes, sockets and threads, one crystal after the other: what every run of the same seed must come
/// to.
enum SequentialRun {
    /// The energies of the run's crystals.
    static let table = EngineTable()
    /// The final policy of the run of ``TestCluster``; from then on the table is complete.
    static var finalPolicy: Data {
        get async throws { try await undisturbed.value }
    }
    private static let undisturbed = Task { try await policy(versions: TestCluster.versions) }

    /// The policy of a version.
    static func policy(versions: Int) async throws -> Data {
        try await OwnThread.run { try run(TestCluster(threads: 1, versions: versions)) }
    }

    private static func run(_ cluster: TestCluster) throws -> Data {
        let file = URL(filePath: cluster.configurationFile)
        let configuration = try ConfigurationLoader.load(RunConfiguration.self, from: file)
        return try run(configuration, in: cluster.folder) { table.noting($0) }
    }

    /// The share of stable crystals among the measured ones of each batch in half a quickstart.
    ///
    /// - Parameter stride: one evaluation of so many fails, whatever the crystal; 0: none.
    static func stableFractions(failing stride: UInt64) async throws -> [Double] {
        try await OwnThread.run { try fractions(failing: stride) }
    }

    private static func fractions(failing stride: UInt64) throws -> [Double] {
        let quickstart = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Configs/quickstart.yaml")
        var configuration = try ConfigurationLoader.load(RunConfiguration.self, from: quickstart)
        configuration.versions = 12
        var generator = Philox(seed: 17, domain: .testing, stream: (0, 0, 0))
        var fractions: [Double] = []
        _ = try run(
            configuration, in: TemporaryFolder(), evaluator: { $0 },
            change: { batch in
                for index in batch.indices where stride > 0 && generator.next() % stride == 0 {
                    batch[index].outcome = .failed(.engineCrashed)
                }
                let heights = batch.compactMap { item in
                    if case .measured(let measurement) = item.outcome { measurement[.energyAboveHull] } else { nil }
                }
                let measured = batch.count { if case .failed = $0.outcome { false } else { true } }
                fractions.append(Double(heights.count { $0 < configuration.stableBelow }) / Double(max(1, measured)))
            })
        return fractions
    }

    private static func run(
        _ configuration: RunConfiguration, in folder: TemporaryFolder,
        evaluator: (any PotentialEvaluator) -> any PotentialEvaluator,
        change: (inout [ScoredCrystal]) -> Void = { _ in }
    ) throws -> Data {
        let initial = try FineTuningRun.policy(named: configuration.policy)
        let standard = try MeasuringStandard(potential: configuration.potential, hull: configuration.hull)
        let elements = try configuration.elements.choice(for: standard, policy: initial.configuration)
        let trainer = try PolicyTrainer(
            configuration: configuration, initial: initial, reference: initial.encoded(),
            constraint: elements.constraint,
            store: CheckpointStore(directory: folder.url.appending(path: "store"), referenceDigest: ""),
            resume: false, problem: { _ in })
        let settings = SamplingSettings(
            spaceGroups: configuration.spaceGroups, constraint: elements.constraint)
        let sampler = try PolicyUnitSampler(settings: PeerSettings.text(settings))
        let engine = try ScoringEngine(potential: configuration.potential, hull: configuration.hull)
        let measurer = StabilityMeasurer(
            evaluator: evaluator(engine.potential.makeEvaluator()), hull: engine.hull,
            limits: configuration.reward.limits)
        let start = try trainer.start()
        var policy = start.policy
        for version in 0..<configuration.versions {
            try sampler.load(policy: policy, reference: start.reference, version: PolicyVersion(version))
            var crystals: [ScoredCrystal] = []
            for first in stride(from: 0, to: configuration.batchSize, by: configuration.unitSize) {
                let unit = WorkUnit(
                    runSeed: configuration.seed, version: PolicyVersion(version), unit: first / configuration.unitSize,
                    crystalCount: min(configuration.unitSize, configuration.batchSize - first))
                for sampled in try sampler.sample(unit) {
                    let result = measurer.measure(sampled.crystal, isTerminated: sampled.isTerminated)
                    crystals.append(
                        ScoredCrystal(
                            sampled: sampled, policy: policy.digest, outcome: result.outcome, scoringSeconds: 0,
                            sampledBy: "",
                            scoredBy: ""))
                }
            }
            change(&crystals)
            policy = try trainer.train(ScoredBatch(step: Step(version), crystals: crystals, seconds: 1)).policy
        }
        return Data(policy.bytes)
    }
}
