package import Trajectories

/// What came of scoring a batch, where that is not much.
package struct ScoringFailures: Sendable {
    /// A run that got nothing to learn from in this many steps in a row ends; a shorter one if no step has anything.
    static let stepsBeforeEnd = 3

    private let step: Step
    private let crystals: Int
    /// Crystals with an energy above the hull.
    package let scored: Int
    private let failed: Int
    /// Why the others have none, in words, with how often.
    private let reasons: [String: Int]

    package init(_ batch: ScoredBatch) {
        step = batch.step
        crystals = batch.crystals.count
        var (scored, failed) = (0, 0)
        var reasons: [String: Int] = [:]
        for crystal in batch.crystals {
            switch crystal.outcome {
            case .measured: scored += 1
            case .invalid(let reason): reasons["invalid: \(reason.rawValue)", default: 0] += 1
            case .failed(let failure):
                failed += 1
                reasons["\(failure.reason): \(failure)", default: 0] += 1
            }
        }
        (self.scored, self.failed, self.reasons) = (scored, failed, reasons)
    }

    /// There is nothing to learn from the batch.
    package var nothingToLearn: Bool { scored == 0 }

    /// What a person should know: why most crystals have no score; nil if most have one or are merely invalid.
    package var warning: String? {
        guard nothingToLearn || failed * 2 > crystals else { return nil }
        let rest = nothingToLearn ? "; nothing is learnt from this batch" : ""
        return
            "step \(step): \(crystals - scored) of \(crystals) crystals could not be scored "
            + "(\(reasonText))\(rest)"
    }

    /// The most frequent reasons, the most frequent first.
    var reasonText: String {
        let sorted = reasons.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
        let more = sorted.count > 3 ? ", \(sorted.count - 3) other reasons" : ""
        return sorted.prefix(3).map { "\($0.value) × \($0.key)" }.joined(separator: ", ") + more
    }
}
