internal import Archive
package import Foundation
internal import Kernels
package import Logging
internal import Messaging
package import Policy
internal import Potentials
internal import Rewards
internal import Stability
internal import Telemetry

/// The learner's side of a run: its directory, its state, its hub.
package struct FineTuningRun {
    private let configuration: RunConfiguration
    private let directory: RunDirectory
    private let lock: RunLock
    private let logger: Logger
    /// How long the version in hand may take when asked to stop.
    package var grace = HubTiming().grace
    /// Whether the learner may listen where other machines can reach it.
    package var isInsecure = false

    /// What the learner says where it listens: the content of `endpoint.json`.
    package struct EndpointFile: Codable, Sendable {
        package var endpoint: String
        package var run: String
        package var process: Int32
    }

    /// The name of the file in the run directory that says where the learner listens.
    package static let endpointFileName = "endpoint.json"
    /// The reference policy, kept with the run.
    package static let referenceFileName = "reference.safetensors"

    /// Begins a new run, or opens one to go on with.
    ///
    /// With `resume`, a directory that holds no run yet begins one, so that a supervisor can always ask to resume.
    ///
    /// - Parameters:
    ///   - configuration: with paths resolved; nil, when resuming, for the one the run was begun with.
    ///   - build: of this program, for the record.
    package init(
        configuration: RunConfiguration?, directory url: URL?, resume: Bool, build: String, logger: Logger
    ) throws {
        self.logger = logger
        guard let folder = url ?? configuration.map({ URL(filePath: $0.runDirectory) }) else {
            throw ConfigurationError(source: "learner", problems: ["needs --config, or --run-dir with --resume"])
        }
        if resume, configuration == nil || RunDirectory.holdsRun(at: folder) {
            let (directory, lock) = try RunDirectory.resume(at: folder)
            self.directory = directory
            self.lock = lock
            let stored = try ConfigurationLoader.load(RunConfiguration.self, from: directory.configuration)
            self.configuration = try Self.merged(stored: stored, given: configuration, logger: logger)
            return
        }
        guard let configuration else { throw ConfigurationError(source: "--config", problems: ["is missing"]) }
        let initial = try Self.policy(named: configuration.policy)
        let reference = try configuration.reference.map(Self.policy(named:)) ?? initial
        guard reference.configuration.maximumSites >= initial.configuration.maximumSites else {
            throw ConfigurationError(
                source: "reference",
                problems: ["takes fewer sites (n_max) than the policy, so it cannot judge all of its crystals"])
        }
        let bytes = try reference.encoded()
        let manifest = RunManifest(
            build: build, seed: configuration.seed, referenceDigest: SHA256.hash(bytes).hexadecimal)
        let (directory, lock) = try RunDirectory.create(
            at: folder, manifest: manifest,
            configuration: ConfigurationLoader.text(configuration))
        try DurableFile.replace(directory.url.appending(path: Self.referenceFileName), with: bytes)
        self.directory = directory
        self.lock = lock
        self.configuration = configuration
    }

    /// A resumed run keeps what decides its results; only the number of versions and where it runs may be given anew.
    private static func merged(
        stored: RunConfiguration, given: RunConfiguration?, logger: Logger
    ) throws -> RunConfiguration {
        guard let given else { return stored }
        var merged = given
        merged.runDirectory = stored.runDirectory
        merged.versions = stored.versions
        merged.listen = stored.listen
        merged.threads = stored.threads
        merged.keepCheckpoints = stored.keepCheckpoints
        merged.unitLeaseSeconds = stored.unitLeaseSeconds
        merged.taskLeaseSeconds = stored.taskLeaseSeconds
        merged.livenessSeconds = stored.livenessSeconds
        guard try ConfigurationLoader.text(merged) == ConfigurationLoader.text(stored) else {
            throw ConfigurationError(
                source: "--config",
                problems: [
                    "differs from the run's own configuration in more than versions, listen, threads, leases and kept checkpoints; "
                        + "resume with --run-dir alone, or begin a new run"
                ])
        }
        var result = stored
        result.versions = given.versions
        result.listen = given.listen
        result.threads = given.threads
        result.keepCheckpoints = given.keepCheckpoints
        result.unitLeaseSeconds = given.unitLeaseSeconds
        result.taskLeaseSeconds = given.taskLeaseSeconds
        result.livenessSeconds = given.livenessSeconds
        return result
    }

    package static func policy(named name: String) throws -> PolicyWeights {
        try PolicySource.load(path: name == "base" ? nil : name)
    }

    /// Trains until the last version or until told to stop.
    ///
    /// - Parameter say: takes readable lines for a terminal.
    package func run(resume: Bool, stop: StopToken, say: @escaping @Sendable (String) -> Void) throws -> LearnerSummary
    {
        let store = try CheckpointStore(
            directory: directory.checkpoints, referenceDigest: directory.manifest.referenceDigest,
            keeping: configuration.keepCheckpoints)
        let reference = try referenceBytes()
        let trainer = try PolicyTrainer(
            configuration: configuration, initial: Self.policy(named: configuration.policy), reference: reference,
            store: store, resume: resume, problem: { logger.warning("\($0)") })
        let engine = try ScoringEngine(potential: configuration.potential, hull: configuration.hull)
        let archive = try RunArchive(url: directory.archive)
        let start = try trainer.start()
        if resume { try archive.removeVersions(from: start.version) }
        let file = directory.url.appending(path: Self.endpointFileName)
        let runID = directory.manifest.runID
        let recorder = RunRecorder(
            context: .init(
                seed: configuration.seed, potential: "\(engine.potential.name) \(engine.potential.digest)",
                hull: engine.hull.digest,
                stableBelow: configuration.stableBelow, reward: configuration.reward), archive: archive,
            metrics: try JSONLinesWriter(url: directory.metrics), roles: try JSONLinesWriter(url: directory.roles),
            logger: logger, say: say,
            announce: { endpoints in
                let content = EndpointFile(
                    endpoint: "\(endpoints.peers)", run: runID, process: ProcessInfo.processInfo.processIdentifier)
                try DurableFile.replace(file, with: JSONEncoder().encode(content))
            })
        recorder.policyChanged(digest: start.policy.digest.hexadecimal)
        say(
            "run \(runID) in \(directory.url.path): version \(start.version) of \(configuration.versions), "
                + "\(configuration.batchSize) crystals each")
        defer {
            try? archive.close()
            try? FileManager.default.removeItem(at: file)
        }
        var learner = try learnerConfiguration(engine: engine)
        learner.admission = Admission(policy: trainer.policyConfiguration, shape: configuration.reward.shape)
        let role = try LearnerRole(configuration: learner, observer: recorder)
        let summary = try role.run(trainer: NotifyingTrainer(base: trainer, recorder: recorder), stop: stop)
        lock.release()
        return summary
    }

    private func referenceBytes() throws -> Data {
        let url = directory.url.appending(path: Self.referenceFileName)
        let isThere = FileManager.default.fileExists(atPath: url.path)
        // A run that was killed in its first moments lacks the file: it is made again where its source is the same.
        let bytes =
            try isThere
            ? Data(contentsOf: url) : Self.policy(named: configuration.reference ?? configuration.policy).encoded()
        let digest = SHA256.hash(bytes).hexadecimal
        guard digest == directory.manifest.referenceDigest else {
            throw ConfigurationError(
                source: url.path,
                problems: [
                    "is not the reference policy this run was begun with (digest \(digest), expected "
                        + "\(directory.manifest.referenceDigest)); restore the file"
                ])
        }
        if !isThere { try DurableFile.replace(url, with: bytes) }
        return bytes
    }

    private func learnerConfiguration(engine: ScoringEngine) throws -> LearnerConfiguration {
        var learner = LearnerConfiguration(
            run: directory.manifest.runID, runSeed: configuration.seed, endpoint: try Endpoint(configuration.listen),
            versions: configuration.versions, crystalsPerBatch: configuration.batchSize)
        learner.crystalsPerUnit = configuration.unitSize
        learner.crystalsPerTask = configuration.taskSize
        learner.settings = [
            .actor: try PeerSettings.text(SamplingSettings(spaceGroups: configuration.spaceGroups)),
            .rewardWorker: try PeerSettings.text(
                ScoringSettings(
                    reward: configuration.reward, potential: configuration.potential,
                    potentialDigest: engine.potential.digest,
                    hull: configuration.hull, hullDigest: engine.hull.digest)),
        ]
        learner.timing.grace = grace
        learner.isInsecure = isInsecure
        learner.peerCapacity = PeerCapacity.peers(descriptors: StandardDescriptors.limit)
        learner.timing.unitLease = .seconds(configuration.unitLeaseSeconds)
        learner.timing.taskLease = .seconds(configuration.taskLeaseSeconds)
        learner.timing.liveness = .seconds(configuration.livenessSeconds)
        return learner
    }
}

/// Tells the recorder which policy draws the next batch.
private struct NotifyingTrainer: BatchTrainer {
    let base: PolicyTrainer
    let recorder: RunRecorder

    func start() throws -> TrainingStart { try base.start() }

    func train(_ batch: ScoredBatch) throws -> TrainedVersion { try base.train(batch) }

    func checkpoint() throws {
        try base.checkpoint()
        recorder.policyChanged(digest: try base.start().policy.digest.hexadecimal)
    }
}
