package import Archive
internal import Base
package import Engines
package import Fleet
package import Foundation
package import Policy
internal import PolicyOptimization
internal import Rewards
package import Trajectories

/// Learns from scored batches by clipped policy gradients and keeps all state in checkpoints.
package final class PolicyTrainer: BatchTrainer {
    private var judge: RewardJudge
    private let settings: PolicyGradientSettings
    private let reference: Blob
    private let store: CheckpointStore
    private var trainer: PolicyGradientTrainer
    private var version: PolicyVersion
    private var blob: Blob
    /// Steps in a row until now that left the weights as they were, since a number was not finite.
    private var skippedInARow: Int
    /// What is held for the next step, as the last batch says.
    private var gathering: GatheringState?
    private let learningRate: Double
    private let engine: EngineDigests
    /// So many steps in a row that leave the weights as they were end this run.
    private let skippedLimit: Int

    /// So many steps in a row that leave the weights as they were end a run: it has diverged, and other crystals do not
    /// help. A shorter run ends if all of its steps are so.
    static let skippedStepsLimit = 5

    /// - Parameters:
    ///   - initial: the policy of version 0.
    ///   - reference: the bytes of the frozen policy of the KL term.
    ///   - constraint: that under which crystals are drawn.
    ///   - engine: potential and hull of the run, which stand in its checkpoints.
    ///   - resume: goes on from the newest complete checkpoint if there is one.
    package init(
        configuration: RunConfiguration, initial: PolicyWeights, reference: Data, constraint: Constraint = .none,
        engine: EngineDigests = EngineDigests(), store: CheckpointStore, resume: Bool, problem: (String) -> Void
    ) throws {
        self.engine = engine
        skippedLimit = min(Self.skippedStepsLimit, configuration.versions)
        var settings = configuration.objective.settings
        settings.constraint = constraint
        settings.sampledFormat = configuration.weightsOnTheWire
        self.settings = settings
        self.reference = Blob(reference)
        self.store = store
        learningRate = configuration.objective.learningRate
        let threads = configuration.threads > 0 ? configuration.threads : ThreadTeam.availableCores
        var state = TrainingCheckpoint(
            version: 0, weights: initial,
            optimiser: Adam(parameterCount: initial.layout.parameterCount, settings: settings.adam),
            baseline: RunningBaseline(memory: configuration.objective.baselineMemory))
        if resume,
            let newest = try TrainingCheckpoint.newest(
                in: store, settings: settings.adam, engine: engine,
                problem: { problem("a checkpoint is damaged, the one before it is taken: \($0)") })
        {
            state = newest
        }
        judge = try RewardJudge(configuration.reward, state: state.judging)
        version = state.version
        skippedInARow = state.skippedInARow
        gathering = state.gathering
        blob = Blob(try state.weights.encoded(as: settings.sampledFormat))
        trainer = PolicyGradientTrainer(
            weights: state.weights, settings: settings, optimiser: state.optimiser, baseline: state.baseline,
            reference: try PolicyWeights(encoded: reference), threads: threads)
        let batch = settings.minibatch > 0 ? settings.minibatch : configuration.batchSize
        let useful = GradientTeam.usefulThreads(crystals: batch)
        if threads > useful {
            problem(
                "training uses \(useful) of \(threads) threads: a step has \(batch) crystals, "
                    + "\(GradientTeam.pieceSize) for each thread")
        }
    }

    /// The sizes of the policy.
    var policyConfiguration: PolicyConfiguration { trainer.weights.configuration }

    package func start() throws -> TrainingStart {
        var start = TrainingStart(version: version, policy: blob, reference: reference)
        start.gathering = gathering
        return start
    }

    /// - Throws: `RoleError.cannotServe(_:)` when step after step gives numbers that are not finite,
    ///   ``RoleError/trainer(_:)`` for the batch of a step that does not begin with the version that was made last.
    package func train(_ batch: ScoredBatch) throws -> TrainedVersion {
        guard batch.step == version.nextStep else {
            throw RoleError.trainer("it is given the batch of step \(batch.step) at version \(version)")
        }
        gathering = batch.gathering
        let judgement: Judgement
        do throws(JudgingError) {
            judgement = try judge.judge(batch.crystals.map { ($0.sampled.crystal, $0.outcome) })
        } catch { throw RoleError.cannotServe("\(error)") }
        let learnt = zip(batch.crystals, judgement.verdicts).compactMap { item, verdict in
            verdict.reward.map { (crystal: item, reward: $0) }
        }
        // With nothing but invalid crystals, or none that has a verdict, there is nothing to compare: the next version
        // has the same weights.
        guard !ScoringFailures(batch).nothingToLearn, !learnt.isEmpty else {
            version = batch.step.madeVersion
            var trained = TrainedVersion(version: version, policy: blob, statistics: [:])
            trained.statistics["hypervolume"] = judgement.hypervolume
            trained.verdicts = judgement.verdicts
            trained.notes = judgement.notes
            if learnt.isEmpty {
                trained.notes.append(
                    "nothing learnt in step \(batch.step): all \(batch.crystals.count) crystals abstain ("
                        + judgement.tally.abstained.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                        .joined(separator: ", ") + ")")
            }
            return trained
        }
        let statistics = try trainer.train(
            learnt.map { ($0.crystal.sampled, $0.reward) }, version: batch.step.startVersion)
        skippedInARow = statistics.isSkipped ? skippedInARow + 1 : 0
        var notes = judgement.notes
        if statistics.isSkipped {
            let names = Self.names(statistics.notFinite.map { learnt[$0].crystal })
            notes.append(
                "nothing learnt in step \(batch.step): a loss, gradient or update is not finite"
                    + (names.isEmpty ? "" : " (\(names))") + "; weights, optimiser and baseline stay as they were")
        }
        if !statistics.unusable.isEmpty {
            let names = Self.names(statistics.unusable.map { learnt[$0].crystal })
            notes.append("left out of step \(batch.step), since the policy cannot learn from them: \(names)")
        }
        if skippedInARow >= skippedLimit {
            let newest =
                try store.versions().isEmpty
                ? "There is no checkpoint, since no version was made. "
                : "The newest checkpoint, version \(version), holds the last good weights. "
            let count = skippedInARow == 1 ? "the only step" : "\(skippedInARow) steps in a row"
            throw RoleError.cannotServe(
                "training diverges: \(count) gave numbers that are not finite (" + notes.joined(separator: "; ")
                    + "). " + newest + "Begin a run with a lower objective.learning_rate (it is \(learningRate)); "
                    + "--resume tries again from version \(version)")
        }
        version = batch.step.madeVersion
        blob = Blob(try trainer.encodedWeights())
        var trained = TrainedVersion(version: version, policy: blob, statistics: Self.table(statistics))
        trained.statistics["hypervolume"] = judgement.hypervolume
        trained.verdicts = judgement.verdicts
        if !statistics.isSkipped {
            let unusable = Set(statistics.unusable)
            trained.trainedOn = learnt.indices.filter { !unusable.contains($0) }.map { learnt[$0].crystal.sampled.id }
        }
        trained.notFinite = statistics.notFinite.map { learnt[$0].crystal.sampled.id }
        trained.distrusted = Set(statistics.claimsOff.map { learnt[$0].crystal.sampledBy }).sorted()
        for name in trained.distrusted {
            let count = statistics.claimsOff.count { learnt[$0].crystal.sampledBy == name }
            notes.append(
                "\(name) claims log-probabilities that are not the policy's for \(count) crystals of step "
                    + "\(batch.step); the learner trains with its own values")
        }
        trained.notes = notes
        return trained
    }

    /// The ids of crystals, some of them if there are many.
    private static func names(_ crystals: [ScoredCrystal]) -> String {
        let shown = crystals.prefix(8).map { "crystal \($0.sampled.id)" }
        let rest = crystals.count - shown.count
        return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    package func checkpoint() throws {
        let state = TrainingCheckpoint(
            version: version, weights: trainer.weights, optimiser: trainer.optimiser, baseline: trainer.baseline,
            skippedInARow: skippedInARow, engine: engine, gathering: gathering,
            judging: judge.state)
        try store.save(
            Checkpoint(
                version: version.number, referenceDigest: store.referenceDigest,
                parts: try state.parts(
                    // What is learnt is kept as it is, whatever actors pull.
                    policyBytes: settings.sampledFormat == .float32 ? blob.bytes : state.weights.encoded())))
    }

    /// The names under which statistics travel to the observer.
    private static func table(_ statistics: PolicyGradientStatistics) -> [String: Double] {
        var table = [
            "objective": statistics.objective, "kl_reference": statistics.klReference,
            "ratio_mean": statistics.ratioMean, "ratio_min": statistics.ratioMinimum,
            "ratio_max": statistics.ratioMaximum, "ratio_ess": statistics.effectiveSampleShare,
            "gradient_norm": statistics.gradientNorm, "learning_rate": statistics.learningRate,
            "baseline": statistics.baseline, "skipped": statistics.isSkipped ? 1 : 0,
            "unusable": Double(statistics.unusable.count), "claims_off": Double(statistics.claimsOff.count),
        ]
        if let importance = statistics.importance {
            table["importance_mean"] = importance.mean
            table["importance_max"] = importance.maximum
            table["importance_ess"] = importance.effectiveSampleShare
            table["importance_truncated"] = importance.truncated
        }
        // Nothing was measured where no step counts.
        if statistics.steps == 0 {
            for key in ["objective", "kl_reference", "ratio_mean", "ratio_min", "ratio_max", "ratio_ess"]
                + ["gradient_norm", "learning_rate"]
            { table[key] = nil }
            return table
        }
        let names = statistics.clipFraction.count == 4 ? ["w", "a", "xyz", "l"] : ["whole"]
        for (name, share) in zip(names, statistics.clipFraction) { table["clip_\(name)"] = share }
        return table
    }
}
