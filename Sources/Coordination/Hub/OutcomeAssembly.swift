internal import Trajectories

/// Outcomes of crystals that several recipes measure, each on its way from the first to the last.
///
/// The recipe that decides comes first: a crystal that it finds invalid, or cannot measure, has its outcome. One that
/// it measured goes to all judges, whose numbers are added under their names; what a judge cannot measure is left out.
struct OutcomeAssembly: Sendable {
    /// What is to be done with a crystal after a result.
    enum Next: Sendable {
        /// The judges, recipes of these numbers, are to measure it.
        case judge(Range<Int>)
        /// Other judges have it still.
        case wait
        /// It has its outcome.
        case finished(MeasuringResult, scoredBy: String)
    }

    private struct Part: Sendable {
        var result: MeasuringResult
        let scoredBy: String
        var missing: Set<Int>
    }

    /// The names of the recipes; the first, without one, decides.
    private let names: [String]
    private var parts: [CrystalID: Part] = [:]

    init(names: [String]) { self.names = names }

    /// Measurements by judges that are still to come.
    var missingCount: Int { parts.values.reduce(0) { $0 + $1.missing.count } }
    /// Crystals that wait for a judge.
    var count: Int { parts.count }

    /// Takes in what came of a recipe; each recipe's first result of a crystal.
    mutating func add(_ result: MeasuringResult, of id: CrystalID, recipe: Int, by name: String) -> Next {
        if recipe == 0 {
            guard names.count > 1, case .measured = result.outcome else { return .finished(result, scoredBy: name) }
            parts[id] = Part(result: result, scoredBy: name, missing: Set(1..<names.count))
            return .judge(1..<names.count)
        }
        guard var part = parts[id], part.missing.remove(recipe) != nil else { return .wait }
        if case .measured(let own) = part.result.outcome, case .measured(let judged) = result.outcome {
            part.result.outcome = .measured(own.adding(judged, by: names[recipe]))
        }
        part.result.seconds += result.seconds
        guard part.missing.isEmpty else {
            parts[id] = part
            return .wait
        }
        parts[id] = nil
        return .finished(part.result, scoredBy: part.scoredBy)
    }

    /// Forgets the crystals of versions before one.
    ///
    /// - Complexity: O(crystals that wait for a judge).
    mutating func forget(before version: PolicyVersion) { parts = parts.filter { $0.key.version >= version } }

    mutating func removeAll() { parts.removeAll() }
}
