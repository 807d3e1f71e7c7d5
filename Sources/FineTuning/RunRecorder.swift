package import Archive
package import Base
package import Coordination
internal import Crystals
package import Fleet
internal import Foundation
internal import Kernels
package import Logging
internal import Synchronization
package import Telemetry
package import TensorBoard
package import Trajectories

/// Writes what happens in a run: scored crystals to the archive, a line for each step and each role to the logs.
package final class RunRecorder: RunObserver {
    /// What the rows of the archive say of the run itself.
    package struct Context: Sendable {
        package var seed: UInt64
        package var potential: String
        package var hull: String
        package var stableBelow: Double
        /// The spread of potentials that counts as doubt, eV/atom; nil: the usual one.
        package var uncertaintyLimit: Double?
        /// How many versions older than its step a crystal may be.
        package var maximumStaleness = 0
        /// Whether all steps are made already: roles then have no lines, which would be newer than those of the fleet
        /// that made the steps.
        package var isComplete = false

        package init(
            seed: UInt64, potential: String, hull: String, stableBelow: Double, uncertaintyLimit: Double? = nil
        ) {
            self.seed = seed
            self.potential = potential
            self.hull = hull
            self.stableBelow = stableBelow
            self.uncertaintyLimit = uncertaintyLimit
        }
    }

    private struct State {
        /// Of the step in hand, and the digest of the policy that it began with.
        var pending: StepRecord?
        var pendingDigest = ""
        /// Its crystals, in the order of its verdicts.
        var pendingCrystals: [(id: CrystalID, isMeasured: Bool)] = []
        /// The energies above the hull of those that have one, eV/atom.
        var pendingHeights: [Double] = []
        /// The crystals in the archive whose batch is not complete yet.
        var archived: Set<CrystalID> = []
        var totals: [String: Int] = [:]
        /// The engines that reward workers brought.
        var engines: Set<String> = []
        var lastEnd = ContinuousClock.now
        /// As the hub told last.
        var missingCrystals = 0
        /// The crystals that had no room on the disk.
        var withoutRoom: [ScoredCrystal] = []
        /// The lines of roles that had none since the last that had.
        var linesWithoutRoom = 0
        /// Whether the last step is missing in the files for TensorBoard.
        var lacksTensorBoard = false
        /// How many peers the run could use, as said last.
        var wanted: FleetSizing.Wanted?
        /// The kernels of other processors that peers were said to compute with.
        var kernelsTold: Set<String> = []
    }

    private let context: Context
    private let archive: RunArchive
    private let metrics: JSONLinesWriter
    private let roles: JSONLinesWriter
    private let tensorBoard: TensorBoardLog?
    private let room: RoomWait?
    private let logger: Logger
    private let say: @Sendable (String) -> Void
    private let announce: @Sendable (Endpoint) throws -> Void
    private let recorded: @Sendable (StepRecord) -> Void
    private let engineBound: @Sendable (BroughtEngine) throws -> Void
    private let state = Mutex(State())
    /// Held while crystals are written, which two threads do; taken before `state`.
    private let writing = Mutex(())

    /// - Parameters:
    ///   - tensorBoard: the run for TensorBoard, if it is wanted.
    ///   - room: waits where the disk is full; nil: that is an error.
    ///   - say: takes the readable lines, for a terminal.
    ///   - announce: told where the hub listens.
    ///   - recorded: told of each step's record once it is written.
    ///   - engineBound: told by which energy convention of an engine the run measures.
    package init(
        context: Context, archive: RunArchive, metrics: JSONLinesWriter, roles: JSONLinesWriter,
        tensorBoard: TensorBoardLog? = nil,
        room: RoomWait? = nil, logger: Logger, say: @escaping @Sendable (String) -> Void,
        announce: @escaping @Sendable (Endpoint) throws -> Void,
        recorded: @escaping @Sendable (StepRecord) -> Void = { _ in },
        engineBound: @escaping @Sendable (BroughtEngine) throws -> Void = { _ in }
    ) {
        self.context = context
        self.archive = archive
        self.metrics = metrics
        self.roles = roles
        self.tensorBoard = tensorBoard
        self.room = room
        self.logger = logger
        self.say = say
        self.announce = announce
        self.recorded = recorded
        self.engineBound = engineBound
    }

    // MARK: RunObserver

    package func hubStarted(_ endpoint: Endpoint) {
        say("listening at \(endpoint)")
        do { try keep("where the learner listens", bytes: 4096) { try announce(endpoint) } } catch {
            problem("cannot write where the learner listens: \(error)")
        }
    }

    /// On a full disk they wait in memory for the next ones, or for the next batch.
    package func crystalsFinished(_ crystals: [ScoredCrystal]) throws {
        try writing.withLock { _ in
            let all = state.withLock { $0.withoutRoom } + crystals
            do throws(ArchiveError) { try archive.insertFinished(all.map(row)) } catch {
                guard room != nil, error.isFullDisk else { throw error }
                state.withLock { $0.withoutRoom = all }
                if all.count == crystals.count {
                    problem("\(error): what is measured now stays in memory until a batch is complete")
                }
                return
            }
            state.withLock { state in
                state.withoutRoom = []
                state.archived.formUnion(all.lazy.map(\.sampled.id))
            }
        }
    }

    /// Says what had no room until the end; called when nothing more comes.
    package func end() {
        let lost = state.withLock { $0.withoutRoom.count }
        guard lost > 0 else { return }
        do { try crystalsFinished([]) } catch { problem("\(error)") }
        guard state.withLock({ !$0.withoutRoom.isEmpty }) else { return }
        problem("\(lost) measured crystals are not kept, since the disk has no room: --resume has them measured again")
    }

    /// Keeps something, and waits for room where the disk is full.
    private func keep(_ what: String, bytes: Int, _ body: () throws -> Void) throws {
        if let room { try room.keep(what, bytes: bytes, body) } else { try body() }
    }

    package func batchCompleted(_ batch: ScoredBatch) throws {
        let ids = Set(batch.crystals.map(\.sampled.id))
        let missing = state.withLock { ids.subtracting($0.archived).count + $0.withoutRoom.count }
        try keep("the batch of step \(batch.step)", bytes: 64_000 + missing * Self.bytesPerCrystal) {
            try writing.withLock { _ in
                let (rest, held) = state.withLock { state in
                    (
                        batch.crystals.filter { !state.archived.contains($0.sampled.id) },
                        state.withoutRoom.filter { !ids.contains($0.sampled.id) }
                    )
                }
                // What is held for a later step has to be there before this one's checkpoint says so.
                try archive.insertFinished(held.map(row))
                try archive.insert(rest.map(row))
                state.withLock { state in
                    state.withoutRoom = []
                    state.archived.subtract(ids)
                    state.archived.formUnion(held.lazy.map(\.sampled.id))
                }
            }
        }
        let record = record(of: batch)
        // Where the batch does not say: the newest version comes last.
        let digest = (batch.policy ?? batch.crystals.last?.policy)?.hexadecimal ?? ""
        let crystals = batch.crystals.map { item in
            if case .measured = item.outcome {
                (id: item.sampled.id, isMeasured: true)
            } else {
                (id: item.sampled.id, isMeasured: false)
            }
        }
        let heights = batch.crystals.compactMap { item in
            if case .measured(let measurement) = item.outcome { measurement[.energyAboveHull] } else { nil }
        }
        state.withLock {
            ($0.pending, $0.pendingDigest, $0.pendingCrystals) = (record, digest, crystals)
            $0.pendingHeights = heights
            // No later batch takes what is older.
            let oldest = batch.step.number - context.maximumStaleness
            $0.archived = $0.archived.filter { $0.version.number >= oldest }
        }
    }

    package func stepTrained(_ report: StepReport) throws {
        let made: (record: StepRecord, policyDigest: String, ids: [CrystalID])? = state.withLock { state in
            guard var record = state.pending else { return nil }
            finish(&record, report: report, state: &state)
            state.pending = record
            return (record, state.pendingDigest, state.pendingCrystals.map(\.id))
        }
        guard let made else { return }
        try keep("the record of step \(report.step)", bytes: 64_000 + made.ids.count * Self.bytesPerCrystal) {
            try archive.insertPending(
                made.record, policyDigest: made.policyDigest, batch: made.ids, trainedOn: report.trainedOn,
                verdicts: zip(made.ids, report.verdicts).map { ($0, $1) })
        }
    }

    package func stepFinished(_ report: StepReport) {
        report.notes.forEach(problem)
        let finished: (StepRecord, String, heights: [Double])? = state.withLock { state in
            guard var record = state.pending else { return nil }
            state.pending = nil
            let now = ContinuousClock.now
            record.seconds.checkpoint = report.checkpointSeconds
            record.seconds.total = (now - state.lastEnd) / .seconds(1)
            state.lastEnd = now
            return (record, state.pendingDigest, state.pendingHeights)
        }
        guard let (record, digest, heights) = finished else { return }
        // First: the line of the step says that all else of it is there.
        show(record, heights)
        do {
            try keep("the record of step \(report.step)", bytes: 64_000) {
                try archive.insert(record, policyDigest: digest)
            }
            try keep("the line of step \(report.step)", bytes: 8000) { try metrics.append(record) }
        } catch { problem("\(error)") }
        recorded(record)
        say(record.humanLine)
    }

    /// What is for looking at does not hold up the run: where it cannot be written, that is said once.
    private func show(_ record: StepRecord, _ heights: [Double]) {
        var problem: (any Error)?
        do { try tensorBoard?.append(record, heights: heights) } catch { problem = error }
        let isNews = state.withLock { state in
            defer { state.lacksTensorBoard = problem != nil }
            return !state.lacksTensorBoard
        }
        if let problem, isNews {
            self.problem(
                "step \(record.step) is missing for TensorBoard: \(FileProblem.reason(of: problem)); the run goes on")
        }
    }

    package func versionSaved(_ version: PolicyVersion) { say("saved version \(version)") }

    package func roleReported(_ report: RoleReport, from peer: PeerDescription) {
        var record = RoleRecord(role: peer.role.rawValue, id: peer.name)
        record.crystals = state.withLock { state in
            let total = (state.totals[peer.name] ?? 0).addingClamped(report.crystals)
            state.totals[peer.name] = total
            return total
        }
        record.crystalsPerSecond = Double(report.crystals) / max(report.intervalSeconds, 1e-9)
        record.busyFraction = report.busySeconds / max(report.intervalSeconds * Double(max(1, peer.threads)), 1e-9)
        record.memoryMegabytes = Double(report.residentBytes) / 1e6
        record.weightVersion = report.version.number
        if !report.engine.isEmpty {
            record.engine = report.engine
            noteEngine(report.engine)
        }
        write(record)
    }

    /// Tells which engines a run is measured by, and warns of several: what is measured then depends on by whom.
    private func noteEngine(_ engine: String) {
        let engines: [String]? = state.withLock { state in
            state.engines.insert(engine).inserted ? state.engines.sorted() : nil
        }
        guard let engines else { return }
        if engines.count == 1 {
            logger.notice("reward workers measure by the engine \(engine)")
        } else {
            problem(
                "reward workers measure by different engines: \(engines.joined(separator: "; ")); the same crystal may "
                    + "get another energy")
        }
    }

    package func engineBound(_ engine: BroughtEngine) {
        do {
            try keep("the energy convention of \(engine.name)", bytes: 4096) { try engineBound(engine) }
        } catch { problem("\(error): after a resume another convention of \(engine.name) could be taken") }
    }

    package func hubReported(_ report: HubReport) {
        let isNews = state.withLock { state in
            defer { state.missingCrystals = report.missingCrystals }
            return state.missingCrystals != report.missingCrystals
        }
        if isNews {
            problem(
                "ledger: \(report.missingCrystals) crystals were granted and are nowhere; this is a fault of the "
                    + "program, please report it with this log")
        }
        var record = RoleRecord(role: "learner", id: "learner")
        record.crystals = report.counters.crystalsFinished
        record.memoryMegabytes = ProcessMemory.residentMegabytes
        record.weightVersion = report.version.number
        record.queues = [
            "units_waiting": report.unitsWaiting, "units_leased": report.unitsLeased,
            "tasks_waiting": report.tasksWaiting,
            "tasks_leased": report.tasksLeased, "crystals_done": report.crystalsDone,
            "versions_in_flight": report.versionsInFlight, "crystals_under_way": report.crystalsUnderWay,
        ]
        record.actorsWanted = report.wanted?.actors
        record.rewardWorkersWanted = report.wanted?.rewardWorkers
        write(record)
        tellWanted(report)
    }

    /// Says how many peers the run could use whenever that is another number.
    private func tellWanted(_ report: HubReport) {
        guard let wanted = report.wanted else { return }
        let isNew = state.withLock { state in
            defer { state.wanted = wanted }
            return state.wanted != wanted
        }
        guard isNew, wanted.actors != report.actors || wanted.rewardWorkers != report.rewardWorkers else { return }
        func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
        let isMore = wanted.actors > report.actors || wanted.rewardWorkers > report.rewardWorkers
        logger.notice(
            """
            the run \(isMore ? "could use" : "needs no more than") \(count(wanted.actors, "actor")) and \
            \(count(wanted.rewardWorkers, "reward worker")) like those that are here (\(report.actors) and \
            \(report.rewardWorkers))
            """)
    }

    package func peerJoined(_ peer: PeerDescription) {
        logger.info("joined: \(peer), \(peer.threads) threads, build \(peer.build)")
        if let difference = peer.difference(fromBuild: RoleProcess.build) { logger.warning("\(difference)") }
        // Once for each kind of processor, however many nodes of it there are.
        if let difference = peer.difference(fromKernels: BLAS.coreName),
            state.withLock({ $0.kernelsTold.insert(peer.kernels).inserted })
        {
            logger.warning("\(difference)")
        }
    }

    package func peerLeft(_ peer: PeerDescription, reason: PeerDeparture) {
        switch reason {
        case .goodbye(let text): logger.info("left: \(peer): \(text)")
        case .lost: logger.warning("lost: \(peer)\(peer.role == .relay ? "" : "; its work goes to others")")
        case .replaced: logger.info("came back: \(peer)")
        case .refused(let reason): logger.error("turned away: \(peer): \(reason)")
        }
    }

    package func problem(_ text: String) { logger.warning("\(text)") }

    // MARK: Records

    /// About what a row and its measurements take, in the journal and in the database.
    private static let bytesPerCrystal = 4096

    /// Lines of roles are for looking at: on a full disk they are left out, and that is said once.
    private func write(_ record: RoleRecord) {
        guard !context.isComplete else { return }
        do {
            try roles.append(record)
            let lost = state.withLock { state in
                defer { state.linesWithoutRoom = 0 }
                return state.linesWithoutRoom
            }
            if lost > 0 { problem("\(roles.url.path) lacks \(lost) lines, for which there was no room") }
        } catch  where RoomWait.isFullDisk(error) {
            let isFirst = state.withLock { state in
                state.linesWithoutRoom += 1
                return state.linesWithoutRoom == 1
            }
            if isFirst { problem("\(error): it goes on once there is room") }
        } catch { problem("\(error)") }
        logger.debug("\(record.humanLine)")
    }

    private func record(of batch: ScoredBatch) -> StepRecord {
        var record = StepRecord(step: batch.step.number)
        var spread = CrystalSpread()
        var (scored, stable) = (0, 0)
        var relaxation = StepRecord.Relaxation()
        var uncertainties: [StepRecord.Uncertainty.Crystal] = []
        for item in batch.crystals {
            spread.add(item.sampled.crystal)
            switch item.outcome {
            case .measured(let measurement):
                scored += 1
                let isStable = measurement[.energyAboveHull] ?? .infinity <= context.stableBelow
                if isStable { stable += 1 }
                if let value = measurement[.uncertainty] { uncertainties.append(.init(value, isStable: isStable)) }
                if let steps = measurement[.relaxationSteps], let before = measurement[.initialEnergyPerAtom] {
                    relaxation.add(
                        converged: measurement[.relaxationConverged] == 1, steps: steps,
                        energy: before - (measurement[.energyPerAtom] ?? before),
                        displacement: measurement[.relaxationDisplacement] ?? 0)
                }
            case .invalid(let reason): record.invalid[reason.rawValue, default: 0] += 1
            case .failed(let failure): record.failed[failure.reason, default: 0] += 1
            }
        }
        record.crystals = batch.crystals.count
        record.scored = scored
        record.stableFraction = Double(stable) / Double(max(1, batch.crystals.count))
        record.uniqueFraction = spread.uniqueFraction
        record.relaxation = relaxation.crystals > 0 ? relaxation : nil
        record.uncertainty = .init(
            uncertainties, threshold: context.uncertaintyLimit ?? StepRecord.Uncertainty.threshold)
        record.spread = .init(spaceGroups: spread.spaceGroups, elements: spread.elements)
        record.seconds.score = batch.crystals.reduce(0) { $0 + $1.scoringSeconds }
        record.seconds.sample = batch.report.samplingSeconds
        record.workers.actors = batch.report.actors
        record.workers.rewardWorkers = batch.report.rewardWorkers
        record.regranted = batch.report.unitsRegranted
        record.requeued = batch.report.tasksRequeued
        record.speculated = batch.report.tasksSpeculated > 0 ? batch.report.tasksSpeculated : nil
        record.duplicates = batch.report.duplicates
        let ages = Dictionary(
            batch.crystals.map { ("\(batch.step.staleness(of: $0.sampled.id.version))", 1) }, uniquingKeysWith: +)
        record.staleness = Set(ages.keys).isSubset(of: ["0"]) ? nil : ages
        record.audited = batch.report.audited > 0 ? batch.report.audited : nil
        record.disputed = batch.report.disputed > 0 ? batch.report.disputed : nil
        record.stale = batch.report.stale > 0 ? batch.report.stale : nil
        record.abandoned = batch.report.abandoned > 0 ? batch.report.abandoned : nil
        return record
    }

    private func finish(_ record: inout StepRecord, report: StepReport, state: inout State) {
        let values = report.statistics
        record.trained = report.trainedOn.count
        let judged = zip(state.pendingCrystals, report.verdicts)
        record.setRewards(
            all: judged.compactMap(\.1.reward), scored: judged.compactMap { $0.isMeasured ? $1.reward : nil })
        let tally = VerdictTally(judged.map { (verdict: $1, isMeasured: $0.isMeasured) })
        record.abstained = tally.abstained.isEmpty ? nil : tally.abstained
        record.floored = tally.floored.isEmpty ? nil : tally.floored
        record.terms = tally.termMeans.isEmpty ? nil : tally.termMeans
        record.hypervolume = values["hypervolume"]
        record.klReference = values["kl_reference"]
        if let whole = values["clip_whole"] {
            record.clipFraction = .init(whole: whole)
        } else if let w = values["clip_w"], let a = values["clip_a"], let xyz = values["clip_xyz"],
            let l = values["clip_l"]
        {
            record.clipFraction = .init(w: w, a: a, xyz: xyz, l: l)
        }
        if let mean = values["ratio_mean"], let least = values["ratio_min"], let most = values["ratio_max"] {
            record.ratio = .init(
                mean: mean, minimum: least, maximum: most, effectiveSampleShare: values["ratio_ess"] ?? 0)
        }
        if let mean = values["importance_mean"], let most = values["importance_max"],
            let share = values["importance_ess"], let truncated = values["importance_truncated"]
        {
            record.importance = .init(
                mean: mean, maximum: most, effectiveSampleShare: share, truncated: truncated)
        }
        record.gradientNorm = values["gradient_norm"]
        record.learningRate = values["learning_rate"]
        record.baseline = values["baseline"]
        func positive(_ key: String) -> Int? { values[key].flatMap { $0 > 0 ? Int($0) : nil } }
        record.skipped = positive("skipped")
        record.notFinite = report.notFinite.isEmpty ? nil : report.notFinite.map { "\($0)" }
        record.unusable = positive("unusable")
        record.claimsOff = positive("claims_off")
        record.seconds.wait = report.waitSeconds
        record.seconds.train = report.trainSeconds
        record.seconds.total = (ContinuousClock.now - state.lastEnd) / .seconds(1)
        let count = Double(record.crystals)
        // Crystals of an asynchronous step were sampled while the one before was made, and those of a step that is made
        // again are there at once.
        let isOverlapping = context.maximumStaleness > 0 || report.batchSeconds < Self.leastBatchSeconds
        let seconds = isOverlapping ? record.seconds.total : report.batchSeconds
        record.rates.sampled = count / max(seconds, Self.leastBatchSeconds)
        record.rates.scored = Double(record.scored) / max(seconds, Self.leastBatchSeconds)
        record.rates.trained = count / max(report.trainSeconds, 1e-9)
    }

    /// No batch is sampled and measured in less, s.
    private static let leastBatchSeconds = 1e-3

    private func row(_ item: ScoredCrystal) -> ArchivedCrystal {
        let sampled = item.sampled
        var row = ArchivedCrystal(
            id: sampled.id, crystal: sampled.crystal, formula: sampled.crystal.composition.reducedFormula,
            atomCount: sampled.crystal.atomCount, logProbability: sampled.logProbability,
            referenceLogProbability: sampled.referenceLogProbability, outcome: .scored,
            lineage: .init(
                seed: context.seed, policyDigest: item.policy.hexadecimal, actor: item.sampledBy, worker: item.scoredBy,
                potential: context.potential, hull: context.hull))
        row.scoringSeconds = item.scoringSeconds
        switch item.outcome {
        case .measured(let measurement): row.measurement = measurement
        case .invalid(let reason):
            row.outcome = .invalid
            row.reason = reason.rawValue
        case .failed(let failure):
            row.outcome = .failed
            row.reason = failure.reason
        }
        return row
    }
}
