package import Trajectories

/// A step takes crystals that have their outcomes as soon as there are enough, whichever version sampled them, as long
/// as it is at most some versions older than the one that the step begins with: the asynchronous mode.
///
/// The oldest come first, and of one version those that had their outcomes first: so none grows too old while younger
/// ones are taken.
package struct FirstComplete: BatchGathering {
    package static let kind = "first_complete"

    package let crystals: Int
    package let maximumStaleness: Int
    package private(set) var step: Step = 0
    package private(set) var isTaken = false
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

    package var waitingCount: Int { held.count }

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
        // Of one version the order in which they came is kept.
        let order = held.indices.sorted { (held[$0].version, $0) < (held[$1].version, $1) }
        let taken = Set(order.prefix(crystals))
        let batch = taken.map { held[$0] }.sorted()
        held = held.indices.filter { !taken.contains($0) }.map { held[$0] }
        return batch
    }

    package func checkInvariants() {
        #if DEBUG
            precondition(Set(held).count == held.count, "a crystal is held twice")
            precondition(held.allSatisfy(isFresh), "a crystal is held that is too old")
        #endif
    }
}
