package import Base
package import Coordination
package import Trajectories

/// Hears what happens in a run; logs, metrics and the archive are plugged in here.
///
/// `hubStarted`, `crystalsFinished`, `batchCompleted`, `versionMade` and `versionTrained` are called on the training
/// thread; all others on one thread of the learner that nothing waits for, so they may take their time (reports are
/// dropped, and counted, when they take too much).
package protocol RunObserver: Sendable {
    /// The hub listens, where peers connect to.
    func hubStarted(_ endpoint: Endpoint)
    /// Crystals of the version in hand got their outcomes; at most once a second. The batch brings them again.
    func crystalsFinished(_ crystals: [ScoredCrystal]) throws
    /// All crystals of a version have their outcomes; training begins when this returns. After a resume the batch of
    /// the version in progress comes again with the same ids: store by id.
    func batchCompleted(_ batch: ScoredBatch) throws
    /// A step was made; its checkpoint is written when this returns, so that what is kept here is as durable.
    func versionMade(_ report: VersionReport) throws
    /// A step was made, checkpointed and announced.
    func versionTrained(_ report: VersionReport)
    /// Somebody asked to save, and this version is.
    func versionSaved(_ version: Int)
    func roleReported(_ report: RoleReport, from peer: PeerDescription)
    func hubReported(_ report: HubReport)
    func peerJoined(_ peer: PeerDescription)
    func peerLeft(_ peer: PeerDescription, reason: PeerDeparture)
    /// Something a person should read: a refused peer, a unit that fails, ...
    func problem(_ text: String)
}

extension RunObserver {
    package func hubStarted(_ endpoint: Endpoint) {}
    package func crystalsFinished(_ crystals: [ScoredCrystal]) throws {}
    package func batchCompleted(_ batch: ScoredBatch) throws {}
    package func versionMade(_ report: VersionReport) throws {}
    package func versionTrained(_ report: VersionReport) {}
    package func versionSaved(_ version: Int) {}
    package func roleReported(_ report: RoleReport, from peer: PeerDescription) {}
    package func hubReported(_ report: HubReport) {}
    package func peerJoined(_ peer: PeerDescription) {}
    package func peerLeft(_ peer: PeerDescription, reason: PeerDeparture) {}
    package func problem(_ text: String) {}
}

/// One step, as the learner saw it.
package struct VersionReport: Sendable {
    /// The version the step made.
    package var version: Int
    package var statistics: [String: Double]
    /// The training thread waited this long for the batch.
    package var waitSeconds: Double
    /// From the first grant of the batch to its last outcome.
    package var batchSeconds: Double
    /// Storing the batch (the observer's `batchCompleted`).
    var storeSeconds: Double
    package var trainSeconds: Double
    package var checkpointSeconds: Double
    /// The crystals of the batch by outcome: "scored", "invalid.<reason>", "failed.<reason>".
    package var outcomes: [String: Int]
    /// The crystals that gave numbers that are not finite, so that no step was made.
    package var notFinite: [CrystalID] = []
    /// Lines of the trainer for the log.
    package var notes: [String] = []
}
