package import Base
package import Coordination
package import Trajectories

/// Hears what happens in a run; logs, metrics and the archive are plugged in here.
///
/// `hubStarted`, `batchCompleted`, `stepTrained` and `stepFinished` are called on the training thread;
/// `crystalsFinished` on a thread of its own; all others on one thread of the learner that nothing waits for, so they
/// may take their time (reports are dropped, and counted, when they take too much).
package protocol RunObserver: Sendable {
    /// The hub listens, where peers connect to.
    func hubStarted(_ endpoint: Endpoint)
    /// Crystals got their outcomes; at most once a second, while a step is made as well. Their batch brings them again,
    /// and may have been there before.
    func crystalsFinished(_ crystals: [ScoredCrystal]) throws
    /// The batch of a step is complete; training begins when this returns. After a resume the batch of the step in
    /// progress comes again with the same ids: store by id.
    func batchCompleted(_ batch: ScoredBatch) throws
    /// A step was made; its checkpoint is written when this returns, so that what is kept here is as durable.
    func stepTrained(_ report: StepReport) throws
    /// A step was made and checkpointed, its version announced.
    func stepFinished(_ report: StepReport)
    /// Somebody asked to save, and this version is.
    func versionSaved(_ version: PolicyVersion)
    func roleReported(_ report: RoleReport, from peer: PeerDescription)
    func hubReported(_ report: HubReport)
    /// The first worker with an engine is here, whose energy convention the run measures by from now on.
    func engineBound(_ engine: BroughtEngine)
    /// About once a second, where the configuration watches the fleet.
    func fleetSeen(_ state: FleetState)
    func peerJoined(_ peer: PeerDescription)
    func peerLeft(_ peer: PeerDescription, reason: PeerDeparture)
    /// Something a person should read: a refused peer, a unit that fails, ...
    func problem(_ text: String)
}

extension RunObserver {
    package func hubStarted(_ endpoint: Endpoint) {}
    package func crystalsFinished(_ crystals: [ScoredCrystal]) throws {}
    package func batchCompleted(_ batch: ScoredBatch) throws {}
    package func stepTrained(_ report: StepReport) throws {}
    package func stepFinished(_ report: StepReport) {}
    package func versionSaved(_ version: PolicyVersion) {}
    package func roleReported(_ report: RoleReport, from peer: PeerDescription) {}
    package func hubReported(_ report: HubReport) {}
    package func engineBound(_ engine: BroughtEngine) {}
    package func fleetSeen(_ state: FleetState) {}
    package func peerJoined(_ peer: PeerDescription) {}
    package func peerLeft(_ peer: PeerDescription, reason: PeerDeparture) {}
    package func problem(_ text: String) {}
}

/// One step, as the learner saw it.
package struct StepReport: Sendable {
    package var step: Step
    /// The crystals that the weights were trained on.
    package var trainedOn: [CrystalID]
    /// What each crystal of the batch is worth, in their order; empty where the trainer does not tell.
    package var verdicts: [Verdict] = []
    package var statistics: [String: Double]
    /// The training thread waited this long for the batch.
    package var waitSeconds: Double
    /// From the first grant of the batch to its last outcome.
    package var batchSeconds: Double
    package var trainSeconds: Double
    package var checkpointSeconds: Double
    /// The crystals that gave numbers that are not finite, so that the step left the weights as they were.
    package var notFinite: [CrystalID] = []
    /// Lines of the trainer for the log.
    package var notes: [String] = []

    package init(
        step: Step, trainedOn: [CrystalID], statistics: [String: Double], waitSeconds: Double, batchSeconds: Double,
        trainSeconds: Double, checkpointSeconds: Double, notFinite: [CrystalID] = [], notes: [String] = []
    ) {
        self.step = step
        self.trainedOn = trainedOn
        self.statistics = statistics
        self.waitSeconds = waitSeconds
        self.batchSeconds = batchSeconds
        self.trainSeconds = trainSeconds
        self.checkpointSeconds = checkpointSeconds
        self.notFinite = notFinite
        self.notes = notes
    }
}
