package import Trajectories

/// A step takes the first crystals that have their outcomes, whichever version sampled them, as long as it is at most
/// some versions older than the one that the step begins with.
///
/// No mode of a run gathers its batches like this yet.
package struct FirstComplete: BatchGathering {
    package static let kind = "first_complete"

    private let crystals: Int
    private let maximumStaleness: Int
    private var step: Step = 0
    private var isTaken = false
    /// In the order in which they got their outcomes.
    private var held: [CrystalID] = []

    /// - Parameters:
    ///   - crystals: Of a batch.
    ///   - maximumStaleness: How many versions older than the one that a step begins with a crystal's may be.
    package init(crystals: Int, maximumStaleness: Int) {
        precondition(crystals > 0 && maximumStaleness >= 0, "a batch has crystals, none of a version to come")
        self.crystals = crystals
        self.maximumStaleness = maximumStaleness
    }

    package var state: GatheringState {
        GatheringState(kind: Self.kind, nextStep: isTaken ? step.next : step, held: held)
    }

    package var oldestVersion: PolicyVersion { PolicyVersion(max(0, step.number - maximumStaleness)) }

    package mutating func resume(_ state: GatheringState) {
        held = state.held
        begin(state.nextStep)
    }

    /// - Complexity: O(held).
    @discardableResult package mutating func begin(_ step: Step) -> Int {
        self.step = step
        isTaken = false
        let fresh = held.filter(isFresh)
        defer { held = fresh }
        return held.count - fresh.count
    }

    package mutating func finish(_ crystal: CrystalID) -> Bool {
        guard isFresh(crystal) else { return false }
        held.append(crystal)
        return true
    }

    private func isFresh(_ crystal: CrystalID) -> Bool {
        (0...maximumStaleness).contains(step.staleness(of: crystal.version))
    }

    /// - Complexity: O(1) until the batch is complete, then O(n log n) in the crystals held.
    package mutating func takeBatch() -> [CrystalID]? {
        guard !isTaken, held.count >= crystals else { return nil }
        isTaken = true
        let batch = held.prefix(crystals).sorted()
        held.removeFirst(crystals)
        return batch
    }

    package func checkInvariants() {
        #if DEBUG
            precondition(Set(held).count == held.count, "a crystal is held twice")
            precondition(held.allSatisfy(isFresh), "a crystal is held that is too old")
        #endif
    }
}
