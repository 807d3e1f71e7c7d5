package import Base
package import Trajectories

/// The crystals of one version and their outcomes, each at the place of its id, whatever order they come in.
package struct CrystalLedger: Sendable {
    private struct Slot: Sendable {
        var sampled: SampledCrystal
        var sampledBy: String
        var result: MeasuringResult?
        var scoredBy = ""
    }

    package let version: PolicyVersion
    /// The digest of the weights that sample them.
    package let policy: Digest
    private let crystalsPerUnit: Int
    private var slots: [Slot?]
    /// Crystals that are sampled.
    package private(set) var sampledCount = 0
    /// Crystals that have an outcome.
    package private(set) var doneCount = 0

    package init(version: PolicyVersion, policy: Digest, crystals: Int, crystalsPerUnit: Int) {
        self.version = version
        self.policy = policy
        self.crystalsPerUnit = crystalsPerUnit
        slots = Array(repeating: nil, count: crystals)
    }

    package var crystalCount: Int { slots.count }

    /// Takes in a sampled crystal; false if it is not of this version or already there.
    package mutating func add(_ crystal: SampledCrystal, from peer: String) -> Bool {
        guard let place = place(of: crystal.id), slots[place] == nil else { return false }
        slots[place] = Slot(sampled: crystal, sampledBy: peer)
        sampledCount += 1
        return true
    }

    /// Takes in an outcome; false if the crystal is unknown or has one.
    package mutating func finish(_ id: CrystalID, _ result: MeasuringResult, from peer: String) -> Bool {
        guard let place = place(of: id), var slot = slots[place], slot.result == nil else { return false }
        slot.result = result
        slot.scoredBy = peer
        slots[place] = slot
        doneCount += 1
        return true
    }

    /// A crystal with its outcome; nil if it has none.
    package func scored(_ id: CrystalID) -> ScoredCrystal? {
        guard let place = place(of: id), let slot = slots[place], let result = slot.result else { return nil }
        return ScoredCrystal(
            sampled: slot.sampled, policy: policy, outcome: result.outcome, scoringSeconds: result.seconds,
            sampledBy: slot.sampledBy, scoredBy: slot.scoredBy)
    }

    private func place(of id: CrystalID) -> Int? {
        guard id.version == version, (0..<crystalsPerUnit).contains(id.index), id.unit >= 0 else { return nil }
        let (start, overflow) = id.unit.multipliedReportingOverflow(by: crystalsPerUnit)
        guard !overflow, start < slots.count, start + id.index < slots.count else { return nil }
        return start + id.index
    }

    /// Checks in debug builds that crystals are counted right and stand at their places.
    ///
    /// - Complexity: O(crystals).
    package func checkInvariants() {
        #if DEBUG
            precondition(sampledCount == slots.count { $0 != nil }, "the sampled crystals are miscounted")
            precondition(doneCount == slots.count { $0?.result != nil }, "the outcomes are miscounted")
            for (place, slot) in slots.enumerated() {
                guard let slot else { continue }
                precondition(self.place(of: slot.sampled.id) == place, "a crystal stands at another's place")
            }
        #endif
    }
}
