internal import Archive
internal import Base
internal import Fleet
internal import Foundation
internal import Logging
internal import Trajectories

/// The trainer of a run, with what keeping asks for: checkpoints wait for room where the disk is full, the best version
/// is noted, and the hub is told what is measured already.
final class KeepingTrainer: BatchTrainer {
    private let base: PolicyTrainer
    private let store: CheckpointStore
    private let known: [CrystalID: KnownOutcome]
    private let restored: [ScoredCrystal]
    private let room: RoomWait
    private let measure: BestMeasure
    private let stableBelow: Double
    private let logger: Logger
    private let checkPlace: () throws -> Void
    /// About as many bytes as a checkpoint has: the weights and two moments of each.
    private let checkpointBytes: Int
    /// What the batch in hand says of the version that sampled it.
    private var judged: BestVersion?
    private var version: PolicyVersion

    /// - Parameters:
    ///   - known: outcomes of the version in progress.
    ///   - restored: crystals with their outcomes that no step has taken.
    ///   - checkPlace: throws where the run's files are no longer where they were.
    init(
        _ base: PolicyTrainer, store: CheckpointStore, known: [CrystalID: KnownOutcome], restored: [ScoredCrystal],
        room: RoomWait, configuration: RunConfiguration, logger: Logger,
        checkPlace: @escaping () throws -> Void
    ) throws {
        self.checkPlace = checkPlace
        self.base = base
        self.store = store
        self.known = known
        self.restored = restored
        self.room = room
        self.logger = logger
        (measure, stableBelow) = (configuration.keepBest, configuration.stableBelow)
        let start = try base.start()
        version = start.version
        checkpointBytes = 3 * start.policy.bytes.count + 64_000
        try checkBest()
    }

    func start() throws -> TrainingStart {
        var start = try base.start()
        (start.known, start.restored) = (known, restored)
        return start
    }

    func train(_ batch: ScoredBatch) throws -> TrainedVersion {
        let trained = try base.train(batch)
        judged = measure.judge(batch, verdicts: trained.verdicts, stableBelow: stableBelow)
        version = trained.version
        return trained
    }

    /// Notes the best version first: its checkpoint is there, and saving the next one must not remove it.
    func checkpoint() throws {
        try checkPlace()
        let what = "the checkpoint of version \(version)"
        try setDamagedBestAside()
        if let judged, isBetter(judged) {
            try room.keep(what, bytes: checkpointBytes) { try store.keepBest(judged) }
            logger.info("version \(judged.version) is the best by \(judged.measure): \(judged.value)")
        }
        judged = nil
        try room.keep(what, bytes: checkpointBytes) { try base.checkpoint() }
    }

    private func isBetter(_ candidate: BestVersion) -> Bool {
        if let best = store.best(), best.value >= candidate.value { return false }
        return candidate.version == 0
            || FileManager.default.fileExists(atPath: store.folder(of: candidate.version).path)
    }

    private func setDamagedBestAside() throws {
        let kept = try store.setDamagedBestAside()
        guard let note = kept.first else { return }
        let copy = kept.dropFirst().first.map { ", a copy of its checkpoint is \($0.path)" } ?? ""
        logger.warning(
            """
            which version was the best cannot be read, so that others are judged anew: the note is \(note.path)\(copy)
            """)
    }

    /// Holds what is noted of the best version against the configuration and what is there.
    private func checkBest() throws {
        try setDamagedBestAside()
        guard let best = store.best() else { return try store.forgetBest() }
        if best.measure != measure.rawValue {
            logger.notice(
                """
                the best version until now, \(best.version) by \(best.measure), is kept no longer: keep_best is \
                \(measure.rawValue)
                """)
            return try store.forgetBest()
        }
        guard best.version > 0 else { return store.linkBest() }
        do {
            _ = try store.load(version: best.version)
            store.linkBest()
        } catch {
            logger.warning("the best version is kept no longer, its checkpoint cannot be used: \(error)")
            try store.forgetBest()
        }
    }
}
