package import Base
package import Trajectories

/// Puts the crystals of one version and their outcomes in the order of their ids, whatever order they come in.
package struct BatchAssembler: Sendable {
    private struct Slot: Sendable {
        var sampled: SampledCrystal
        var sampledBy: String
        var result: MeasuringResult?
        var scoredBy = ""
    }

    package let version: Int
    private let crystalsPerUnit: Int
    private var slots: [Slot?]
    /// Crystals that have an outcome.
    package private(set) var doneCount = 0
    /// When the first unit was granted.
    package var begin: Moment?

    package init(version: Int, crystals: Int, crystalsPerUnit: Int) {
        self.version = version
        self.crystalsPerUnit = crystalsPerUnit
        slots = Array(repeating: nil, count: crystals)
    }

    package var crystalCount: Int { slots.count }
    package var isComplete: Bool { doneCount == slots.count }

    /// Takes in a sampled crystal; false if it is not of this batch or already there.
    package mutating func add(_ crystal: SampledCrystal, from peer: String) -> Bool {
        guard let place = place(of: crystal.id), slots[place] == nil else { return false }
        slots[place] = Slot(sampled: crystal, sampledBy: peer)
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
    package func scored(_ id: CrystalID) -> ScoredCrystal? { place(of: id).flatMap { slots[$0] }.flatMap(Self.scored) }

    private static func scored(_ slot: Slot) -> ScoredCrystal? {
        slot.result.map { result in
            ScoredCrystal(
                sampled: slot.sampled, outcome: result.outcome, scoringSeconds: result.seconds,
                sampledBy: slot.sampledBy, scoredBy: slot.scoredBy)
        }
    }

    /// The batch; nil as long as an outcome is missing.
    package func batch(report: BatchReport = BatchReport(), now: Moment) -> ScoredBatch? {
        guard isComplete else { return nil }
        var crystals: [ScoredCrystal] = []
        crystals.reserveCapacity(slots.count)
        for slot in slots {
            guard let scored = slot.flatMap(Self.scored) else { return nil }
            crystals.append(scored)
        }
        return ScoredBatch(
            version: version, crystals: crystals, seconds: begin?.duration(to: now).seconds ?? 0, report: report)
    }

    private func place(of id: CrystalID) -> Int? {
        guard id.version == version, (0..<crystalsPerUnit).contains(id.index), id.unit >= 0 else { return nil }
        let (start, overflow) = id.unit.multipliedReportingOverflow(by: crystalsPerUnit)
        guard !overflow, start < slots.count, start + id.index < slots.count else { return nil }
        return start + id.index
    }
}
