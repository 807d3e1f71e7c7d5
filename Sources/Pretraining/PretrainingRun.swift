internal import Archive
internal import Base
internal import Configuration
internal import Foundation
internal import Policy
package import PolicyOptimization
internal import Telemetry
internal import Trajectories

/// Maximum-likelihood training on a data set, from start or checkpoint to the last step.
package struct PretrainingRun {
    private let configuration: PretrainingConfiguration
    private let directory: URL
    private let shouldStop: @Sendable () -> Bool

    /// - Parameters:
    ///   - configuration: with paths that are absolute or relative to the current folder.
    ///   - shouldStop: asked between steps; when true the run writes a checkpoint and returns.
    package init(_ configuration: PretrainingConfiguration, shouldStop: @escaping @Sendable () -> Bool) {
        self.configuration = configuration
        directory = URL(filePath: configuration.runDirectory)
        self.shouldStop = shouldStop
    }

    /// One line of `metrics.jsonl`.
    package struct Record: Codable, Sendable {
        package var step: Int
        package var epoch: Double
        package var learningRate: Double
        package var gradientNorm: Double
        package var train: LikelihoodLoss
        package var validation: LikelihoodLoss
        package var crystalsPerSecond: Double
        package var seconds: Double
        package var best: Bool
        /// Steps since the record before that were not taken, since a number was not finite; nil if all were.
        package var skipped: Int?

        private enum CodingKeys: String, CodingKey {
            case step, epoch, train, validation, seconds, best, skipped
            case learningRate = "learning_rate"
            case gradientNorm = "gradient_norm"
            case crystalsPerSecond = "crystals_per_second"
        }
    }

    /// How far a run is when it ends.
    package enum Ending: Sendable, Hashable {
        /// All steps are made, the last of them now.
        case done(steps: Int)
        /// All steps were made before: nothing was done.
        case wasDone(steps: Int)
        case stopped(step: Int)
    }

    /// So many steps in a row that are not finite end the run.
    static let skippedStepsLimit = 5

    private var latest: URL { directory.appending(path: "latest.safetensors") }
    private var configurationFile: URL { directory.appending(path: "config.yaml") }
    private var manifestFile: URL { directory.appending(path: PretrainingManifest.fileName) }

    /// Runs until the last step, or until told to stop.
    ///
    /// - Parameter resume: goes on from `latest.safetensors` of the run directory.
    /// - Returns: how far it is; a resumed one may have been done before.
    /// - Throws: `ConfigurationError` if the run to go on with is another one, with every key that differs;
    ///   `RoleError.cannotServe(_:)` if training diverges: the newest checkpoint is then the last good one.
    @discardableResult
    package func run(resume: Bool) throws -> Ending {
        let threads = configuration.threads > 0 ? configuration.threads : ThreadTeam.availableCores
        if resume { try checkConfiguration() } else { try checkIsNew() }
        let set = try trainingSet(threads: threads)
        let lock = try resume ? RunLock(url: directory.appending(path: "lock")) : beginDirectory(set)
        defer { lock.release() }
        if resume { try check(PretrainingManifest(set)) }
        let validation =
            configuration.validationLimit > 0
            ? Array(set.validation.prefix(configuration.validationLimit)) : set.validation
        var checkpoint = try PretrainingCheckpoint(contentsOf: latest, settings: optimiserSettings)
        let progress = TerminalProgress(title: "pretraining", total: configuration.steps, unit: "steps")
        guard checkpoint.step < configuration.steps else { return .wasDone(steps: checkpoint.step) }
        let useful = GradientTeam.usefulThreads(crystals: configuration.batchSize)
        progress.message(
            "\(set.train.count) crystals to train on, \(validation.count) to validate, \(set.skippedSummary); "
                + "\(set.spaceGroupCounts.count) space groups, "
                + "\(set.spaceGroupCounts[1] ?? 0) of \(set.train.count) without symmetry (P1); "
                + "\(checkpoint.weights.layout.parameterCount) parameters, \(threads) threads"
                + (threads > useful ? ", of which a step of \(configuration.batchSize) crystals uses \(useful)" : ""))
        for summary in [set.searchSummary, set.sharedSummary].compactMap(\.self) { progress.message(summary) }
        let metrics = try JSONLinesWriter(url: directory.appending(path: "metrics.jsonl"))
        let trainer = MaximumLikelihoodTrainer(
            weights: checkpoint.weights, optimiser: checkpoint.optimiser, threads: threads)
        let schedule = LearningRateSchedule.cosine(
            rate: configuration.learningRate, warmup: configuration.warmupSteps, total: configuration.steps,
            floor: configuration.finalRateShare)
        var order = EpochOrder(count: set.train.count, seed: configuration.seed)
        var window = Window()
        var skippedInARow = 0
        var saved = checkpoint.step
        while checkpoint.step < configuration.steps {
            if shouldStop() { break }
            let step = checkpoint.step
            let crystals = (0..<configuration.batchSize).map { set.train[order[step * configuration.batchSize + $0]] }
            let rate = schedule.rate(at: step)
            let result = try trainer.step(crystals, learningRate: rate)
            checkpoint.step += 1
            skippedInARow = result.isTaken ? 0 : skippedInARow + 1
            if result.isTaken {
                window.add(result.loss, gradientNorm: result.gradientNorm, crystals: crystals.count)
            } else {
                window.skipped += 1
                progress.message(
                    "step \(step) is not taken: loss, gradient or update is not finite"
                        + (result.notFinite.isEmpty ? "" : ", \(result.notFinite.count) crystals have no likelihood"))
                if skippedInARow >= Self.skippedStepsLimit {
                    throw diverged("\(skippedInARow) steps in a row are not finite", at: step, saved: saved)
                }
                // Weights that may be of no use are not saved; a later step decides.
                if checkpoint.step < configuration.steps { continue }
            }
            progress.update(
                checkpoint.step,
                note: "loss \(HumanFormat.number(result.loss.total)), \(HumanFormat.number(window.rate)) crystals/s")
            guard checkpoint.step % configuration.validateEvery == 0 || checkpoint.step == configuration.steps else {
                continue
            }
            let loss = try trainer.validationLoss(validation)
            guard loss.total.isFinite else {
                throw diverged("the validation loss is not finite", at: step, saved: saved)
            }
            let isBest = loss.total < checkpoint.bestValidationLoss
            checkpoint.weights = trainer.weights
            checkpoint.optimiser = trainer.optimiser
            if isBest {
                checkpoint.bestValidationLoss = loss.total
                try DurableFile.replace(
                    directory.appending(path: "best.safetensors"), with: checkpoint.weights.encoded())
            }
            try checkpoint.write(to: latest)
            saved = checkpoint.step
            let record = window.record(
                step: checkpoint.step,
                epoch: Double(checkpoint.step * configuration.batchSize) / Double(set.train.count), rate: rate,
                validation: loss, isBest: isBest)
            try metrics.append(record)
            progress.message(Self.line(record))
            window = Window()
        }
        if saved != checkpoint.step, skippedInARow == 0 {
            checkpoint.weights = trainer.weights
            checkpoint.optimiser = trainer.optimiser
            try checkpoint.write(to: latest)
        }
        progress.finish()
        return checkpoint.step < configuration.steps ? .stopped(step: checkpoint.step) : .done(steps: checkpoint.step)
    }

    private func diverged(_ what: String, at step: Int, saved: Int) -> RoleError {
        .cannotServe(
            "pretraining diverges: at step \(step) \(what). \(latest.path) is the last good checkpoint, of step "
                + "\(saved). Begin again in another run_dir with a lower learning_rate (it is "
                + "\(configuration.learningRate)) or a longer warmup_steps")
    }

    private func trainingSet(threads: Int) throws -> TrainingSet {
        try TrainingSet.read(
            configuration.data.map { URL(filePath: $0) },
            validation: configuration.validationData.map { URL(filePath: $0) },
            maximumSites: configuration.policy.maximumSites, symmetryTolerance: configuration.symmetryTolerance,
            threads: threads)
    }

    /// Checks all that a run needs, its data included, and changes nothing.
    ///
    /// - Returns: what would run, a line each.
    /// - Throws: what ``run(resume:)`` would.
    package func check(resume: Bool) throws -> [String] {
        let threads = configuration.threads > 0 ? configuration.threads : ThreadTeam.availableCores
        if resume { try checkConfiguration() } else { try checkIsNew() }
        try RunDirectory.checkWritable(at: directory)
        try RunLock.checkFree(at: directory.appending(path: "lock"))
        let set = try trainingSet(threads: threads)
        var step = 0
        if resume {
            try check(PretrainingManifest(set))
            step = try PretrainingCheckpoint(contentsOf: latest, settings: optimiserSettings).step
        }
        return [
            "\(resume ? "goes on with" : "begins") the pretraining in \(directory.path): steps \(step) to "
                + "\(configuration.steps) of \(configuration.batchSize) crystals, \(threads) threads",
            "\(set.train.count) crystals to train on, \(set.validation.count) to validate, left out: \(set.skipped)",
        ] + [set.sharedSummary].compactMap(\.self)
    }

    // MARK: The run directory

    private var optimiserSettings: Adam.Settings {
        var settings = Adam.Settings()
        settings.clipNorm = configuration.clipNorm
        settings.weightDecay = Float(configuration.weightDecay)
        return settings
    }

    /// What a pretraining makes beside its checkpoint `latest.safetensors`.
    private var names: ReservedNames {
        ReservedNames(
            in: directory, begun: ["config.yaml", PretrainingManifest.fileName],
            later: ["best.safetensors", "metrics.jsonl"])
    }

    private func checkIsNew() throws {
        guard FileManager.default.fileExists(atPath: latest.path) else { return try names.check() }
        throw ConfigurationError(
            source: directory.path, problems: ["already holds a run; give --resume to go on, or another run_dir"])
    }

    /// Begins a run: its checkpoint of step 0 comes last, and says that all else is there.
    private func beginDirectory(_ set: TrainingSet) throws -> RunLock {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let lock = try RunLock(url: directory.appending(path: "lock"))
        try checkIsNew()
        try names.claim()
        try DurableFile.replace(configurationFile, with: Data(ConfigurationText.yaml(configuration).utf8))
        try PretrainingManifest(set).write(to: manifestFile)
        var weights = PolicyWeights(random: configuration.seed, configuration: configuration.policy)
        weights.metadata[SpaceGroupDistribution.metadataKey] = SpaceGroupDistribution.metadataText(
            counts: set.spaceGroupCounts)
        let optimiser = Adam(parameterCount: weights.layout.parameterCount, settings: optimiserSettings)
        try PretrainingCheckpoint(weights: weights, optimiser: optimiser, step: 0, bestValidationLoss: .infinity)
            .write(to: latest)
        names.complete()
        return lock
    }

    private func checkConfiguration() throws {
        guard FileManager.default.fileExists(atPath: latest.path) else {
            throw ConfigurationError(
                source: directory.path, problems: ["holds no run to go on with; begin one without --resume"])
        }
        let stored = try ConfigurationLoader.load(PretrainingConfiguration.self, from: configurationFile)
        // Data are compared by content, once they are read.
        var given = configuration
        (given.data, given.validationData) = (stored.data, stored.validationData)
        try refuse(given.obstacles(toResuming: stored), [PretrainingConfiguration.resumeAdvice])
    }

    private func check(_ manifest: PretrainingManifest) throws {
        try refuse(manifest.problems(against: PretrainingManifest(contentsOf: manifestFile)))
    }

    private func refuse(_ problems: [String], _ advice: [String] = []) throws {
        guard !problems.isEmpty else { return }
        throw ConfigurationError(
            source: "\(directory.path) cannot go on", problems: problems,
            advice: advice + ["Resume with what the run was begun with, or begin another in another run_dir"])
    }

    private static func line(_ record: Record) -> String {
        func parts(_ loss: LikelihoodLoss) -> String {
            "\(HumanFormat.number(loss.total)) (w \(HumanFormat.number(loss.w)), a \(HumanFormat.number(loss.a)), "
                + "xyz \(HumanFormat.number(loss.xyz)), l \(HumanFormat.number(loss.l)))"
        }
        return "step \(record.step), epoch \(HumanFormat.number(record.epoch)): "
            + "train \(HumanFormat.number(record.train.total)), validation "
            + "\(parts(record.validation))\(record.best ? ", best" : "")"
    }
}

/// Means since the last record.
private struct Window {
    private let start = ContinuousClock.now
    private var losses: [LikelihoodLoss] = []
    private var norms = 0.0
    private var crystals = 0
    /// Steps that were not taken.
    var skipped = 0

    mutating func add(_ loss: LikelihoodLoss, gradientNorm: Double, crystals: Int) {
        losses.append(loss)
        norms += gradientNorm
        self.crystals += crystals
    }

    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    var rate: Double { Double(crystals) / max(seconds, 1e-9) }

    func record(step: Int, epoch: Double, rate learningRate: Double, validation: LikelihoodLoss, isBest: Bool)
        -> PretrainingRun.Record
    {
        let n = Double(max(1, losses.count))
        let mean = LikelihoodLoss([
            LogProbabilities(
                w: -losses.reduce(0) { $0 + $1.w } / n, a: -losses.reduce(0) { $0 + $1.a } / n,
                xyz: -losses.reduce(0) { $0 + $1.xyz } / n, l: -losses.reduce(0) { $0 + $1.l } / n)
        ])
        return PretrainingRun.Record(
            step: step, epoch: epoch, learningRate: learningRate, gradientNorm: norms / n, train: mean,
            validation: validation, crystalsPerSecond: rate, seconds: seconds, best: isBest,
            skipped: skipped > 0 ? skipped : nil)
    }
}
