internal import Archive
package import Base
internal import Configuration
package import Coordination
internal import Engines
package import Fleet
package import Foundation
internal import Kernels
package import Logging
package import Monitoring
package import Policy
internal import Potentials
internal import Rewards
package import Security
internal import Stability
internal import Synchronization
internal import Telemetry
internal import TensorBoard
internal import Trajectories

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
    /// By what the learner is known, and whom it lets in; nil: whoever connects. No part of the run: neither kept with
    /// it nor told to anybody.
    package var credentials: LearnerCredentials?
    /// Where to listen in this process, in place of what the configuration says; it is not kept with the run.
    package var place: Endpoint?
    /// Where its status is put up; nil: nobody looks, and nothing is made of it.
    package var board: StatusBoard?
    /// Where its metrics are served, for the run directory; nil: nowhere.
    package var metrics: ServedAddress?
    /// Called when no more is recorded, before the archive becomes one file: whoever reads it meanwhile has to leave.
    package var willClose: @Sendable () -> Void = {}
    private let standard: MeasuringStandard
    private let judges: [MeasuringStandard]
    private let properties: PropertyStandard
    private let inputs: RunInputs
    /// The configuration that takes the place of the one before; nil: it stays.
    private let changedConfiguration: String?
    /// Whether this process made the directory.
    private let isNew: Bool

    package typealias EndpointFile = Coordination.EndpointFile

    /// The name of the file in the run directory that says where the learner listens.
    package static let endpointFileName = "endpoint.json"
    /// The reference policy, kept with the run.
    package static let referenceFileName = RunInputs.referenceFileName

    /// Begins a new run, or opens one to go on with.
    ///
    /// With `resume`, a directory that holds no run yet begins one, so that a supervisor can always ask to resume. A
    /// run that cannot be begun leaves nothing behind; one that cannot go on is left as it is.
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
            inputs = try RunInputs(directory)
            standard = try inputs.standard()
            judges = try inputs.judgeStandards()
            properties = try inputs.propertyStandard()
            self.configuration = try Self.merged(inputs, given: configuration)
            _ = try Self.startVersion(directory, engine: standard.digests, given: configuration)
            if directory.manifest.build != build {
                logger.warning(
                    """
                    the run was begun by the build \(directory.manifest.build), this one is \(build): results may \
                    differ in the last bits
                    """
                )
            }
            if let difference = directory.manifest.difference(fromKernels: BLAS.coreName) {
                logger.warning("\(difference)")
            }
            let text = ConfigurationText.yaml(self.configuration)
            changedConfiguration = text == ConfigurationText.yaml(inputs.configuration) ? nil : text
            self.directory = directory
            self.lock = lock
            isNew = false
            return
        }
        guard let configuration else { throw ConfigurationError(source: "--config", problems: ["is missing"]) }
        let (initial, reference) = try Self.policies(of: configuration)
        standard = try configuration.standard()
        judges = try configuration.judgeStandards()
        _ = try configuration.elements.choice(for: standard, policy: initial.configuration)
        properties = try configuration.propertyStandard()
        let (policyBytes, referenceBytes) = (try initial.encoded(), try reference.encoded())
        var manifest = RunManifest(
            build: build, seed: configuration.seed, referenceDigest: Digest(of: referenceBytes).hexadecimal)
        manifest.policyDigest = Digest(of: policyBytes).hexadecimal
        manifest.kernels = BLAS.coreName
        manifest.potentialDigest = standard.potentialDigest
        manifest.hullDigest = standard.hullDigest
        let models = judges.map { RunManifest.Models(potential: $0.potentialDigest, hull: $0.hullDigest) }
        manifest.judges =
            judges.isEmpty
            ? nil : Dictionary(zip(configuration.judges.map(\.name), models), uniquingKeysWith: { $1 })
        manifest.properties = properties.manifest
        manifest.stableBelow = configuration.stableBelow
        manifest.maximumStaleness = configuration.mode == .asynchronous ? configuration.maxStaleness : nil
        try configuration.checkJudges(beside: properties)
        let kept = try RunInputs.kept(configuration: configuration, policy: policyBytes, reference: referenceBytes)
        manifest.knownDigests = kept.knownDigests
        let (directory, lock) = try RunDirectory.create(
            at: folder, manifest: manifest, configuration: ConfigurationText.yaml(configuration),
            files: kept.contents, copies: kept.copies)
        self.directory = directory
        self.lock = lock
        self.configuration = configuration
        isNew = true
        changedConfiguration = nil
        inputs = try RunInputs(directory)
    }

    /// The policy at the start and the reference of a new run.
    static func policies(of configuration: RunConfiguration) throws -> (
        initial: PolicyWeights, reference: PolicyWeights
    ) {
        let initial = try initialPolicy(of: configuration)
        guard !configuration.spaceGroups.isEmpty || SpaceGroupDistribution.isKnown(metadata: initial.metadata) else {
            throw ConfigurationError(
                source: "policy",
                problems: [
                    "\(configuration.policy) does not know how often to sample which space group: name the table of "
                        + "its training data in space_groups_from, or groups in space_groups"
                ])
        }
        let reference = try configuration.reference.map { try policy(named: $0) } ?? initial
        guard reference.configuration.maximumSites >= initial.configuration.maximumSites else {
            throw ConfigurationError(
                source: "reference",
                problems: ["takes fewer sites (n_max) than the policy, so it cannot judge all of its crystals"])
        }
        return (initial, reference)
    }

    /// A resumed run keeps what decides its results; only the number of versions and where it runs may be given anew.
    ///
    /// Files are compared by what is in them, wherever they are.
    static func merged(_ inputs: RunInputs, given: RunConfiguration?) throws -> RunConfiguration {
        let (stored, manifest) = (inputs.configuration, inputs.directory.manifest)
        guard var given else { return stored }
        let changeable = given
        if given.policy != stored.policy || given.spaceGroupsFrom != stored.spaceGroupsFrom,
            let digest = manifest.policyDigest,
            try Digest(of: initialPolicy(of: given).encoded()).hexadecimal == digest
        {
            (given.policy, given.spaceGroupsFrom) = (stored.policy, stored.spaceGroupsFrom)
        }
        if given.reference != stored.reference,
            try Digest(of: referencePolicy(of: changeable).encoded()).hexadecimal == manifest.referenceDigest
        {
            given.reference = stored.reference
        }
        if given.potential != stored.potential, let digest = manifest.potentialDigest,
            try MeasuringStandard.digest(ofPotential: given.potential) == digest
        {
            given.potential = stored.potential
        }
        if given.hull != stored.hull, let digest = manifest.hullDigest,
            try HullSource.load(given.hull).digest == digest
        {
            given.hull = stored.hull
        }
        if given.properties != stored.properties,
            try given.propertyStandard().manifest == manifest.properties
        {
            given.properties = stored.properties
        }
        given.reward.terms = try inputs.indexes.named(given.reward.terms)
        for index in given.judges.indices where index < stored.judges.count {
            try given.judges[index].adoptNames(
                of: stored.judges[index], with: manifest.judges?[stored.judges[index].name])
        }
        given.reward.limits.adoptAtomicLimits(of: stored.reward.limits)
        given.elements.adopt(stored.elements)
        given.reward.guards.adopt(stored.reward.guards)
        given.objective.adoptKLBaseline(of: stored.objective)
        let obstacles = given.obstacles(toResuming: stored)
        guard obstacles.isEmpty else {
            throw ConfigurationError(
                source: "going on with \(inputs.directory.url.path)", problems: obstacles,
                advice: [
                    RunConfiguration.resumeAdvice,
                    "Leave such values out (of --config, --set and options of their own), or begin a new run",
                ])
        }
        return stored.takingChangeableKeys(from: changeable)
    }

    /// The version that a run goes on from, held against the versions that are asked for.
    static func startVersion(_ directory: RunDirectory, engine: EngineDigests, given: RunConfiguration?) throws -> Int {
        let made = try newestVersion(directory, engine: engine)
        if let given, given.versions < made {
            throw ConfigurationError(
                source: "versions",
                problems: [
                    "is \(given.versions), but the run has made \(made) versions already: give \(made) or more, or "
                        + "begin a new run"
                ])
        }
        return made
    }

    /// The version that a run goes on from; 0 if it has made none.
    ///
    /// - Throws: ``ArchiveError`` for a run that has versions but no checkpoint to go on from: it would begin anew over
    ///   its own results.
    private static func newestVersion(_ directory: RunDirectory, engine: EngineDigests) throws -> Int {
        let store = CheckpointStore(
            reading: directory.checkpoints, referenceDigest: directory.manifest.referenceDigest,
            run: directory.manifest.mark)
        var damaged: [Checkpoint.Damage] = []
        let newest = try TrainingCheckpoint.newest(in: store, engine: engine) { damaged.append($0) }
        if let newest { return newest.version.number }
        var (versions, crystals) = (damaged.isEmpty ? 0 : try store.versions().last ?? 0, 0)
        if FileManager.default.fileExists(atPath: directory.archive.path) {
            let archive = try RunArchive(url: directory.archive, access: .readOnly)
            versions = max(versions, try archive.stepRecords().count, try archive.versionRange()?.upperBound ?? 0)
            crystals = try archive.crystalCount()
        }
        guard versions > 0 else { return 0 }
        throw ArchiveError.noUsableCheckpoint(
            path: directory.checkpoints.path, versions: versions, crystals: crystals, damaged: damaged)
    }

    /// The policy that `base` or a file's name stands for.
    ///
    /// - Parameter spaceGroups: a table whose frequencies of space groups it takes over.
    package static func policy(named name: String, spaceGroups: String? = nil) throws -> PolicyWeights {
        try PolicySource.load(path: name, spaceGroups: spaceGroups)
    }

    private static func initialPolicy(of configuration: RunConfiguration) throws -> PolicyWeights {
        try policy(named: configuration.policy, spaceGroups: configuration.spaceGroupsFrom)
    }

    private static func referencePolicy(of configuration: RunConfiguration) throws -> PolicyWeights {
        try configuration.reference.map { try policy(named: $0) } ?? initialPolicy(of: configuration)
    }

    /// Trains until the last version or until told to stop.
    ///
    /// A new run that fails before it listens leaves nothing behind.
    ///
    /// - Parameter say: takes readable lines for a terminal.
    package func run(resume: Bool, stop: StopToken, say: @escaping @Sendable (String) -> Void) throws -> LearnerSummary
    {
        let listens = Atomic(false)
        do {
            return try train(
                resume: resume, stop: stop, say: say, listening: { listens.store(true, ordering: .relaxed) })
        } catch {
            if isNew, !listens.load(ordering: .relaxed) { directory.discard() }
            throw error
        }
    }

    private func train(
        resume: Bool, stop: StopToken, say: @escaping @Sendable (String) -> Void,
        listening: @escaping @Sendable () -> Void
    ) throws -> LearnerSummary {
        let reference = try referenceBytes()
        let store = try CheckpointStore(
            directory: directory.checkpoints, referenceDigest: directory.manifest.referenceDigest,
            run: directory.manifest.mark, keeping: configuration.keepCheckpoints)
        let initial = try inputs.policy()
        let elements = try configuration.elements.choice(for: standard, policy: initial.configuration)
        var judging = configuration
        judging.reward = try inputs.reward(configuration.reward)
        let trainer = try PolicyTrainer(
            configuration: judging, initial: initial, reference: reference,
            constraint: elements.constraint, engine: standard.digests, store: store, resume: resume,
            problem: { logger.warning("\($0)") })
        if NetworkFileSystem.holds(directory.url) {
            logger.notice("\(directory.url.path) is on a network file system: the archive is kept without WAL")
        }
        let room = RoomWait(directory: directory.url, stop: stop, tell: { [logger] in logger.warning("\($0)") })
        let start = try trainer.start()
        let tensorBoard = try TensorBoardLog(folder: directory.tensorBoard, parameters: configuration.deciding)
        let (archive, metrics, roles): (RunArchive, JSONLinesWriter, JSONLinesWriter)
        do {
            (archive, metrics, roles) = try openRecords(
                resume: resume, next: start.version.nextStep, store, tensorBoard, room)
        } catch let reason as StepGivenUp {
            logger.warning("\(reason)")
            return LearnerSummary(version: start.version, isComplete: false, counters: HubCounters())
        }
        let file = directory.url.appending(path: Self.endpointFileName)
        let runID = directory.manifest.runID
        let asked = try place ?? Endpoint(configuration.listen)
        let potential = standard.potentialLabel
        var context = RunRecorder.Context(
            seed: configuration.seed, potential: potential, hull: standard.hullDigest,
            stableBelow: configuration.stableBelow, uncertaintyLimit: configuration.reward.limits.maximumUncertainty)
        if configuration.mode == .asynchronous { context.maximumStaleness = configuration.maxStaleness }
        context.isComplete = start.version.number >= configuration.versions
        let files = self.metrics.map { address in
            MonitoringFiles(
                directory: directory.url, run: runID, address: address, host: ProcessInfo.processInfo.hostName,
                problem: { [logger] in logger.warning("\($0)") })
        }
        defer { files?.end() }
        let keeper = board.map { board in
            StatusKeeper(
                status(at: start.version), board: board, isStopping: { stop.isStopped },
                waitsForRoom: { room.isWaiting },
                seen: { files?.note($0.fleet) })
        }
        let conventions = Mutex(try EngineConventions(directory))
        let recorder = RunRecorder(
            context: context, archive: archive, metrics: metrics, roles: roles, tensorBoard: tensorBoard, room: room,
            logger: logger,
            say: say,
            announce: { endpoint in
                listening()
                let others = asked.furtherWays(port: endpoint.port).filter { $0 != endpoint }
                let content = EndpointFile(
                    endpoint: "\(endpoint)", also: others.isEmpty ? nil : others.map { "\($0)" }, run: runID,
                    process: ProcessInfo.processInfo.processIdentifier)
                try DurableFile.replace(file, with: JSONEncoder().encode(content))
            }, recorded: { keeper?.note($0) },
            engineBound: { engine in
                try conventions.withLock { try $0.note(engine.convention, of: engine.name) }
            })
        let isAsynchronous = configuration.mode == .asynchronous
        let restored =
            resume && isAsynchronous
            ? try archive.waitingCrystals(
                versions: max(0, start.version.number - configuration.maxStaleness)...start.version.number,
                potential: potential, hull: standard.hullDigest) : []
        if !restored.isEmpty { logger.notice("\(restored.count) crystals with their outcomes wait for a step") }
        let known =
            resume && !isAsynchronous
            ? try archive.knownOutcomes(
                version: start.version, policy: start.policy.digest.hexadecimal, potential: potential,
                hull: standard.hullDigest) : [:]
        if !known.isEmpty { logger.notice("\(known.count) crystals of version \(start.version) are measured already") }
        say(
            "run \(runID) in \(directory.url.path): version \(start.version) of \(configuration.versions), "
                + "\(configuration.batchSize) crystals each")
        if let words = elements.words { say(words) }
        defer {
            recorder.end()
            sayEnd(archive, store, say)
            willClose()
            do { try archive.close() } catch {
                logger.warning("\(error); archive.sqlite-wal beside it belongs to it: leave it there")
            }
            try? FileManager.default.removeItem(at: file)
        }
        var learner = try learnerConfiguration(drawing: elements)
        learner.admission = Admission(policy: trainer.policyConfiguration, constraint: elements.constraint)
        learner.watchesFleet = keeper != nil
        let role = try LearnerRole(
            configuration: learner, observer: keeper.map { RunObservers([$0.early, recorder, $0]) } ?? recorder)
        let summary: LearnerSummary
        do {
            summary = try role.run(
                trainer: try KeepingTrainer(
                    trainer, store: store, known: known, restored: restored, room: room, configuration: configuration,
                    logger: logger,
                    checkPlace: { [lock] in
                        try lock.checkPlace()
                        try archive.checkPlace()
                    }), stop: stop)
        } catch {
            keeper?.end(.failed, reason: "\(error)")
            throw error
        }
        keeper?.end(summary.isComplete ? .finished : .stopped)
        for line in summary.counters.judgeLines { say(line) }
        let pulled = HumanFormat.bytes(summary.counters.blobBytes)
        logger.info("peers pulled \(pulled) of weights and files from the learner")
        lock.release()
        do { try tensorBoard.end(isComplete: summary.isComplete) } catch { logger.warning("\(error)") }
        return summary
    }

    /// What the status of the run begins with.
    private func status(at version: PolicyVersion) -> RunStatus {
        var status = RunStatus(run: directory.manifest.runID, directory: directory.url.path, state: .waiting)
        status.host = ProcessInfo.processInfo.hostName
        status.process = Int(ProcessInfo.processInfo.processIdentifier)
        status.build = RoleProcess.build
        status.startedAt = status.time
        status.mode = configuration.mode == .asynchronous ? .asynchronous : .synchronous
        status.maximumStaleness = configuration.mode == .asynchronous ? configuration.maxStaleness : 0
        (status.version, status.step) = (version.number, version.nextStep.number)
        status.versionsAsked = configuration.versions
        status.crystalsPerBatch = configuration.batchSize
        return status
    }

    /// Opens what the run keeps beside its checkpoints, and completes it after a crash. A new run needs room at once;
    /// one that is resumed waits for it.
    private func openRecords(
        resume: Bool, next: Step, _ store: CheckpointStore, _ tensorBoard: TensorBoardLog, _ room: RoomWait
    ) throws -> (archive: RunArchive, metrics: JSONLinesWriter, roles: JSONLinesWriter) {
        func open() throws -> (RunArchive, JSONLinesWriter, JSONLinesWriter) {
            if let changedConfiguration {
                // Each try begins with what the directory said when it was opened.
                var changed = directory
                try changed.replaceConfiguration(with: changedConfiguration)
            }
            let archive = try RunArchive(url: directory.archive)
            do {
                let metrics = try JSONLinesWriter(url: directory.metrics)
                if resume { try checkOrigin(of: archive, store, next: next) }
                try archive.claim(forRun: directory.manifest.runID)
                if resume { try settle(archive, metrics, tensorBoard, next: next) }
                return (archive, metrics, try JSONLinesWriter(url: directory.roles))
            } catch {
                try? archive.close()
                throw error
            }
        }
        return isNew ? try open() : try room.keep("what the run has recorded", bytes: 1_000_000, open)
    }

    /// What a person should know at the end of a run, however it ends.
    private func sayEnd(_ archive: RunArchive, _ store: CheckpointStore, _ say: (String) -> Void) {
        let staleness = configuration.mode == .asynchronous ? configuration.maxStaleness : 0
        do { say(try archive.ledger(maximumStaleness: staleness).line) } catch { logger.warning("\(error)") }
        guard let best = store.best() else { return }
        let place = best.version == 0 ? "the policy at the start" : store.folder(of: best.version).path
        say("best by \(best.measure): version \(best.version) (\(HumanFormat.number(best.value))), \(place)")
    }

    /// Refuses the archive of another run that does not say so, being of an earlier build: the policies that its steps
    /// began with are those of the checkpoints.
    private func checkOrigin(of archive: RunArchive, _ store: CheckpointStore, next: Step) throws {
        // What is archived is the policy that actors pulled.
        guard configuration.weightsOnTheWire == .float32 else { return }
        let archived = try archive.policyDigests()
        for version in try store.versions() where version < next.number {
            guard let policy = store.digests(version: version)?[TrainingCheckpoint.policyPart],
                let other = archived[version], other != policy
            else { continue }
            throw ConfigurationError(
                source: directory.archive.path,
                problems: [
                    "is of another run: its step \(version) began with the policy \(other.prefix(12)), and "
                        + "\(store.folder(of: version).path) holds \(policy.prefix(12)). Put this run's own archive "
                        + "back"
                ])
        }
    }

    /// Completes the records of what a killed learner had made: rows and lines of the last steps may be missing.
    private func settle(_ archive: RunArchive, _ metrics: JSONLinesWriter, _ tensorBoard: TensorBoardLog, next: Step)
        throws
    {
        try archive.settlePending(next: next)
        let records = try archive.stepRecords()
        let known = Set(records.map(\.step))
        let missing = (0..<next.number).count { !known.contains($0) }
        if missing > 0 {
            logger.warning(
                """
                \(directory.archive.path) lacks the records of \(missing) of \(next) steps: is it the whole archive?
                """
            )
        }
        // Where the log was emptied meanwhile, it begins with the newest.
        let written = try StepRecord.read(from: directory.metrics).last?.step ?? next.number - 2
        for record in records where record.step > written && record.step < next.number {
            // Without the histogram, for which it would take the crystals again.
            try tensorBoard.append(record, heights: [])
            try metrics.append(record)
        }
    }

    private func referenceBytes() throws -> Data {
        let url = directory.url.appending(path: Self.referenceFileName)
        let isThere = FileManager.default.fileExists(atPath: url.path)
        // A run that was killed in its first moments lacks the file: it is made again where its source is the same.
        let bytes =
            try isThere
            ? Data(contentsOf: url) : Self.referencePolicy(of: configuration).encoded()
        let digest = Digest(of: bytes).hexadecimal
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

    private func learnerConfiguration(drawing elements: ElementChoice) throws -> LearnerConfiguration {
        var learner = LearnerConfiguration(
            run: directory.manifest.runID, runSeed: configuration.seed,
            endpoint: try place ?? Endpoint(configuration.listen),
            versions: configuration.versions, crystalsPerBatch: configuration.batchSize,
            crystalsPerUnit: configuration.unitSize, crystalsPerTask: configuration.taskSize)
        if configuration.mode == .asynchronous {
            learner.mode = .asynchronous(maximumStaleness: configuration.maxStaleness)
        }
        learner.samplingSettings = try PeerSettings.text(
            SamplingSettings(spaceGroups: configuration.spaceGroups, constraint: elements.constraint))
        (learner.recipes, learner.files) = try recipes()
        learner.conventions = try EngineConventions(directory).conventions
        learner.timing.grace = grace
        learner.build = RoleProcess.build
        learner.isInsecure = isInsecure
        learner.credentials = credentials
        let capacity = PeerCapacity(descriptors: StandardDescriptors.limit)
        (learner.peerCapacity, learner.strangerCapacity) = (capacity.peers, capacity.strangers)
        learner.audit = AuditRule(share: configuration.auditShare, tolerance: configuration.auditTolerance)
        learner.timing.unitLease = .seconds(configuration.unitLeaseSeconds)
        learner.timing.taskLease = .seconds(configuration.taskLeaseSeconds)
        learner.timing.liveness = .seconds(configuration.livenessSeconds)
        return learner
    }
}

extension FineTuningRun {
    /// How crystals are measured, first by the recipe that decides, and the files that reward workers pull for it.
    private func recipes() throws -> (recipes: [MeasuringRecipe], files: [Blob]) {
        var recipes: [MeasuringRecipe] = []
        var files: [Blob] = []
        func add(_ models: KeptModels, _ standard: MeasuringStandard, judge: JudgeConfiguration? = nil) throws {
            let offers = try models.offers()
            files += [offers.potential?.blob, offers.hull?.blob].compactMap { $0 }
            var recipe = Recipe(
                limits: configuration.reward.limits, potential: offers.potential?.file.name ?? models.potential,
                potentialDigest: standard.potentialDigest, hull: offers.hull?.file.name ?? models.hull,
                hullDigest: standard.hullDigest)
            recipe.relaxation = configuration.reward.relax
            recipe.correction = standard.correction
            recipe.judge = judge?.name
            if judge == nil {
                recipe.uncertaintyShare = configuration.reward.measuredUncertaintyShare
                recipe.wantsForces = configuration.reward.needsForces
                let offers = try inputs.properties.offers(properties)
                recipe.properties = offers.properties
                files += offers.files
            }
            (recipe.potentialFile, recipe.hullFile) = (offers.potential?.file, offers.hull?.file)
            let isBrought = PotentialName(models.potential).externalName != nil
            recipes.append(
                MeasuringRecipe(
                    name: judge?.name ?? "", settings: try PeerSettings.text(recipe),
                    broughtEngine: isBrought ? models.potential : nil))
        }
        try add(inputs.models, standard)
        for (judge, standard) in zip(configuration.judges, judges) {
            try add(inputs.models(of: judge), standard, judge: judge)
        }
        return (recipes, files)
    }
}
