import Base
import Protocol
import Trajectories

/// A policy version whose crystals are under way: sampled, measured, on their way to a batch.
struct VersionInFlight: Sendable {
    /// Its number, and the digests of the weights that sample it.
    let weights: Announcement
    var ledger: UnitLedger
    var crystals: CrystalLedger
    var journal: OutcomeJournal
    /// The processes that could not deliver a unit.
    var unitFailures: [Int: Set<InstanceID>] = [:]
    /// What it took so far.
    var report = BatchReport()
    /// The hub's counters when it began.
    let countersAtStart: HubCounters
    /// When the first unit was granted.
    var firstGrant: Moment?

    /// - Parameter known: Outcomes of its crystals that need not be measured again.
    init(
        _ weights: Announcement, configuration: LearnerConfiguration, known: [CrystalID: KnownOutcome],
        counters: HubCounters
    ) {
        self.weights = weights
        let version = weights.version
        ledger = UnitLedger(
            version: version, runSeed: configuration.runSeed, crystals: configuration.crystalsPerBatch,
            crystalsPerUnit: configuration.crystalsPerUnit, lease: configuration.timing.unitLease)
        crystals = CrystalLedger(
            version: version, policy: weights.policy, crystals: configuration.crystalsPerBatch,
            crystalsPerUnit: configuration.crystalsPerUnit)
        journal = OutcomeJournal(known: known)
        countersAtStart = counters
    }

    var version: PolicyVersion { ledger.version }

    /// Notes that a process could not sample a unit; returns how many different ones could not.
    mutating func noteFailure(of unit: Int, by instance: InstanceID) -> Int {
        unitFailures[unit, default: []].insert(instance)
        return unitFailures[unit]?.count ?? 0
    }

    /// Checks in debug builds that units and crystals fit one another.
    ///
    /// - Complexity: O(crystals).
    func checkInvariants() {
        ledger.checkInvariants()
        crystals.checkInvariants()
        #if DEBUG
            precondition(crystals.version == version, "the crystals are another version's")
            precondition(crystals.sampledCount == ledger.deliveredCrystals, "a unit was taken without its crystals")
        #endif
    }
}
