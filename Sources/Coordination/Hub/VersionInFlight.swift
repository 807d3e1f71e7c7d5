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
    /// Crystals of it that batches took.
    var takenCrystals = 0
    /// Crystals that an earlier life of the learner had sampled.
    private(set) var restoredCrystals = 0

    /// - Parameters:
    ///   - known: Outcomes of its crystals that need not be measured again.
    ///   - firstUnit: The number of the first unit to be granted.
    init(
        _ weights: Announcement, configuration: LearnerConfiguration, known: [CrystalID: KnownOutcome] = [:],
        firstUnit: Int = 0
    ) {
        self.weights = weights
        let version = weights.version
        ledger = UnitLedger(
            version: version, runSeed: configuration.runSeed, crystalsPerUnit: configuration.crystalsPerUnit,
            lease: configuration.timing.unitLease, firstUnit: firstUnit)
        crystals = CrystalLedger(
            version: version, policy: weights.policy, crystalsPerUnit: configuration.crystalsPerUnit)
        journal = OutcomeJournal(known: known)
    }

    var version: PolicyVersion { ledger.version }

    /// The crystals that are under way, or wait for a batch.
    var openCrystals: Int { ledger.crystals + restoredCrystals - takenCrystals }

    /// Takes in a crystal that an earlier life of the learner left with its outcome; false if it is there already.
    mutating func restore(_ crystal: ScoredCrystal) -> Bool {
        guard crystals.add(crystal.sampled, from: crystal.sampledBy) else { return false }
        let result = MeasuringResult(outcome: crystal.outcome, seconds: crystal.scoringSeconds)
        guard crystals.finish(crystal.sampled.id, result, from: crystal.scoredBy) else { return false }
        restoredCrystals += 1
        return true
    }

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
            precondition(
                crystals.sampledCount == ledger.deliveredCrystals + restoredCrystals,
                "a unit was taken without its crystals")
            precondition(takenCrystals <= crystals.doneCount, "a batch has a crystal without an outcome")
        #endif
    }
}
