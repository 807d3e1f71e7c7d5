/// What became of a crystal in a run's book-keeping: the first of these that is true of its row.
///
/// A reason for which crystals are dropped is a case here; everything that counts or shows a ledger goes by this table.
package enum CrystalFate: String, Sendable, CaseIterable {
    case trained
    /// It has its outcome, and its step is not made.
    case inFlight = "in_flight"
    /// No step took it, since its policy was too old by then.
    case stale
    /// It could not be measured, through no fault of its own.
    case failed
    /// No crystal, and not learnt from either.
    case invalid
    /// Measured, but in neither mean nor gradient.
    case abstained
    /// Judged, but the step left the weights as they were, or the policy cannot learn from it.
    case leftOut = "left_out"
    /// Its step is made, but nobody noted what it was worth.
    case unjudged

    /// In a line for people.
    package var words: String { rawValue.replacing("_", with: " ") }

    /// Whether a step took it into its batch, whatever came of it there.
    var isOfABatch: Bool { ![.stale, .inFlight].contains(self) }

    /// When it is true of a row of `crystals`; `:last` is the last step that was made,
    /// `:staleness` how many versions older than a step its crystals may be.
    private var condition: String {
        switch self {
        case .trained: "trained_at IS NOT NULL"
        case .inFlight: "batch IS NULL AND version + :staleness > :last"
        case .stale: "batch IS NULL"
        case .failed: "outcome = 'failed'"
        case .invalid: "outcome = 'invalid'"
        case .abstained: "reward IS NULL AND reason IS NOT NULL"
        case .leftOut: "reward IS NOT NULL"
        case .unjudged: "1"
        }
    }

    /// The fate of a row, in SQL.
    static let expression =
        "CASE " + allCases.map { "WHEN \($0.condition) THEN '\($0.rawValue)'" }.joined(separator: " ") + " END"
}
