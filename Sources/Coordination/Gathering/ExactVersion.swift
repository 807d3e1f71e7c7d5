package import Trajectories

/// A step takes all crystals of the version that it begins with, and no others: the synchronous mode.
///
/// Nothing is held between two steps, and the batch depends on the numbers of step, units and crystals alone.
package struct ExactVersion: BatchGathering {
    package static let kind = "exact_version"

    package let crystals: Int
    package let maximumStaleness = 0
    private let crystalsPerUnit: Int
    package private(set) var step: Step = 0
    /// Crystals of the version that have their outcomes.
    private var finished = 0
    package private(set) var isTaken = false

    /// - Parameter crystals: Of a version, in units of `crystalsPerUnit`; the last one may have fewer.
    package init(crystals: Int, crystalsPerUnit: Int) {
        precondition(crystals > 0 && crystalsPerUnit > 0, "a batch has crystals")
        self.crystals = crystals
        self.crystalsPerUnit = crystalsPerUnit
    }

    package var state: GatheringState { GatheringState(kind: Self.kind, nextStep: isTaken ? step.next : step) }

    package var waitingCount: Int { isTaken ? 0 : finished }

    package mutating func resume(_ state: GatheringState) { begin(state.nextStep) }

    @discardableResult package mutating func begin(_ step: Step) -> Int {
        self.step = step
        finished = 0
        isTaken = false
        return 0
    }

    package mutating func finish(_ crystal: CrystalID) -> Bool {
        guard crystal.version == step.startVersion else { return false }
        finished += 1
        return true
    }

    /// - Complexity: O(1) until the batch is complete, then O(crystals).
    package mutating func takeBatch() -> [CrystalID]? {
        guard !isTaken, finished == crystals else { return nil }
        isTaken = true
        return (0..<crystals).map {
            CrystalID(version: step.startVersion, unit: $0 / crystalsPerUnit, index: $0 % crystalsPerUnit)
        }
    }

    package func checkInvariants() {
        #if DEBUG
            precondition((0...crystals).contains(finished), "more outcomes than crystals")
            precondition(!isTaken || finished == crystals, "a batch was taken that is not complete")
        #endif
    }
}
