internal import Crystals
package import Foundation
internal import Kernels
internal import Policy
package import PolicyOptimization
internal import Telemetry

/// Maximum-likelihood training on a data set, from start or checkpoint to the last step.
package struct PretrainingRun {
    private let configuration: PretrainingConfiguration
    private let dataFiles: [URL]
    private let directory: URL
    private let shouldStop: @Sendable () -> Bool

    /// - Parameters:
    ///   - configurationFile: paths of data are relative to its folder.
    ///   - shouldStop: asked between steps; when true the run writes a checkpoint and returns.
    package init(
        _ configuration: PretrainingConfiguration, configurationFile: URL, shouldStop: @escaping @Sendable () -> Bool
    ) {
        self.configuration = configuration
        let folder = configurationFile.deletingLastPathComponent()
        dataFiles = configuration.data.map { URL(filePath: $0, relativeTo: folder).absoluteURL }
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

        private enum CodingKeys: String, CodingKey {
            case step, epoch, train, validation, seconds, best
            case learningRate = "learning_rate"
            case gradientNorm = "gradient_norm"
            case crystalsPerSecond = "crystals_per_second"
        }
    }

    /// Runs until the last step, or until told to stop.
    ///
    /// - Parameter resume: goes on from `latest.safetensors` of the run directory.
    package func run(resume: Bool) throws {
        let threads = configuration.threads > 0 ? configuration.threads : ThreadTeam.availableCores
        let latest = directory.appending(path: "latest.safetensors")
        if !resume, FileManager.default.fileExists(atPath: latest.path) {
            throw ConfigurationError(
                source: directory.path,
                problems: ["already holds a run; give --resume to go on, or another run_dir"])
        }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try ConfigurationLoader.text(configuration).write(
            to: directory.appending(path: "config.yaml"), atomically: true, encoding: .utf8)
        let set = try TrainingSet.read(dataFiles, maximumSites: configuration.policy.maximumSites, threads: threads)
        let validation =
            configuration.validationLimit > 0
            ? Array(set.validation.prefix(configuration.validationLimit)) : set.validation
        var checkpoint = try start(resume: resume, latest: latest, set: set)
        let progress = TerminalProgress(title: "pretraining", total: configuration.steps, unit: "steps")
        progress.message(
            "\(set.train.count) crystals to train on, \(validation.count) to validate, left out: \(set.skipped); "
                + "\(checkpoint.weights.layout.parameterCount) parameters, \(threads) threads")
        let metrics = try JSONLinesWriter(url: directory.appending(path: "metrics.jsonl"))
        let trainer = MaximumLikelihoodTrainer(
            weights: checkpoint.weights, optimiser: checkpoint.optimiser, threads: threads)
        let schedule = LearningRateSchedule.cosine(
            rate: configuration.learningRate, warmup: configuration.warmupSteps, total: configuration.steps,
            floor: configuration.finalRateShare)
        var order = EpochOrder(count: set.train.count, seed: configuration.seed)
        var window = Window()
        while checkpoint.step < configuration.steps {
            if shouldStop() { break }
            let step = checkpoint.step
            let crystals = (0..<configuration.batchSize).map { set.train[order[step * configuration.batchSize + $0]] }
            let rate = schedule.rate(at: step)
            let result = try trainer.step(crystals, learningRate: rate)
            window.add(result.loss, gradientNorm: result.gradientNorm, crystals: crystals.count)
            checkpoint.step += 1
            progress.update(
                checkpoint.step,
                note: "loss \(HumanFormat.number(result.loss.total)), \(HumanFormat.number(window.rate)) crystals/s")
            guard checkpoint.step % configuration.validateEvery == 0 || checkpoint.step == configuration.steps else {
                continue
            }
            let loss = try trainer.validationLoss(validation)
            let isBest = loss.total < checkpoint.bestValidationLoss
            checkpoint.weights = trainer.weights
            checkpoint.optimiser = trainer.optimiser
            if isBest {
                checkpoint.bestValidationLoss = loss.total
                try checkpoint.weights.encoded().write(
                    to: directory.appending(path: "best.safetensors"), options: .atomic)
            }
            try checkpoint.write(to: latest)
            let record = window.record(
                step: checkpoint.step,
                epoch: Double(checkpoint.step * configuration.batchSize) / Double(set.train.count), rate: rate,
                validation: loss, isBest: isBest)
            try metrics.append(record)
            progress.message(Self.line(record))
            window = Window()
        }
        checkpoint.weights = trainer.weights
        checkpoint.optimiser = trainer.optimiser
        try checkpoint.write(to: latest)
        progress.finish()
    }

    private func start(resume: Bool, latest: URL, set: TrainingSet) throws -> PretrainingCheckpoint {
        var settings = Adam.Settings()
        settings.clipNorm = configuration.clipNorm
        settings.weightDecay = Float(configuration.weightDecay)
        if resume {
            let checkpoint = try PretrainingCheckpoint(contentsOf: latest, settings: settings)
            guard checkpoint.weights.configuration == configuration.policy else {
                throw ConfigurationError(
                    source: latest.path, problems: ["was made with other policy sizes than the configuration's"])
            }
            return checkpoint
        }
        var weights = PolicyWeights(random: configuration.seed, configuration: configuration.policy)
        weights.metadata[SpaceGroupDistribution.metadataKey] = SpaceGroupDistribution.metadataText(
            counts: set.spaceGroupCounts)
        return PretrainingCheckpoint(
            weights: weights, optimiser: Adam(parameterCount: weights.layout.parameterCount, settings: settings),
            step: 0,
            bestValidationLoss: .infinity)
    }

    private static func line(_ record: Record) -> String {
        func parts(_ loss: LikelihoodLoss) -> String {
            "\(HumanFormat.number(loss.total)) (w \(HumanFormat.number(loss.w)), a \(HumanFormat.number(loss.a)), "
                + "xyz \(HumanFormat.number(loss.xyz)), l \(HumanFormat.number(loss.l)))"
        }
        return "step \(record.step), epoch \(HumanFormat.number(record.epoch)): "
            + "train \(HumanFormat.number(record.train.total)), validation \(parts(record.validation))\(record.best ? ", best" : "")"
    }
}

/// Means since the last record.
private struct Window {
    private let start = ContinuousClock.now
    private var losses: [LikelihoodLoss] = []
    private var norms = 0.0
    private var crystals = 0

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
            validation: validation, crystalsPerSecond: rate, seconds: seconds, best: isBest)
    }
}
