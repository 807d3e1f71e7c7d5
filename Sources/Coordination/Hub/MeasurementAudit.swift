internal import Base
internal import Trajectories

/// How measurements are held against each other.
package struct AuditRule: Sendable, Hashable {
    /// This share of the crystals is measured again by another worker, 0...1.
    package var share: Double
    /// Energies that are further apart than this contradict each other, eV/atom.
    package var tolerance: Double

    package init(share: Double, tolerance: Double) {
        self.share = share
        self.tolerance = tolerance
    }

    /// No audit.
    package static let none = AuditRule(share: 0, tolerance: 0)

    /// Whether two outcomes say the same of a crystal; nil if they do not say enough.
    func agree(_ one: Outcome, _ other: Outcome) -> Bool? {
        switch (one, other) {
        case (.failed, _), (_, .failed): return nil
        case (.invalid, .invalid): return true
        case (.invalid, .measured), (.measured, .invalid): return false
        case (.measured(let one), .measured(let other)):
            let differences = [Measurement.Quantity.energyPerAtom, .energyAboveHull].compactMap { quantity in
                one[quantity].flatMap { value in other[quantity].map { abs(value - $0) } }
            }
            return differences.isEmpty ? nil : differences.allSatisfy { $0 <= tolerance }
        }
    }
}

/// A crystal that is measured again.
struct AuditedCrystal: QueuedItem {
    let id: CrystalID
    let item: WorkItem
}

/// What several workers made of the same crystals.
///
/// A crystal that two of them disagree about goes to a third: who is alone then has a strike. Nothing changes what
/// the run takes for the outcome, which is the first one.
struct MeasurementAudit: Sendable {
    /// What a worker made of a crystal.
    struct Answer: Sendable {
        let worker: InstanceID
        /// Such as "host:process".
        let name: String
        let outcome: Outcome
    }

    /// What comes of an answer.
    enum Verdict: Sendable {
        /// Nothing can be said of it.
        case open
        case agreed
        /// Two answers contradict each other.
        case disputed(Answer, Answer)
        /// Of three answers one contradicts the others, which agree.
        case alone(Answer, others: [Answer])
        /// All three contradict each other.
        case undecided([Answer])
    }

    /// Crystals that may be under audit at a time.
    static let capacity = 1024
    /// A worker that was alone so often is turned away.
    static let strikes = 3

    private let rule: AuditRule
    private var answers: [CrystalID: [Answer]] = [:]
    private var strikes: [InstanceID: Int] = [:]

    init(_ rule: AuditRule) { self.rule = rule }

    var isFull: Bool { answers.count >= Self.capacity }

    /// Who has measured a crystal under audit.
    func workers(of id: CrystalID) -> Set<InstanceID> { Set((answers[id] ?? []).map(\.worker)) }

    /// Begins the audit of a crystal.
    mutating func begin(_ id: CrystalID, with answer: Answer) { answers[id] = [answer] }

    /// Takes in another worker's answer, and ends the audit unless it is disputed.
    mutating func add(_ answer: Answer, of id: CrystalID) -> Verdict {
        guard var all = answers[id] else { return .open }
        guard !all.contains(where: { $0.worker == answer.worker }) else { return end(id, .open) }
        all.append(answer)
        let pairs = all.dropLast().map { rule.agree($0.outcome, answer.outcome) }
        if pairs.contains(nil) { return end(id, .open) }
        switch (all.count, pairs) {
        case (2, [true]): return end(id, .agreed)
        case (2, _):
            answers[id] = all
            return .disputed(all[0], answer)
        case (_, [true, false]): return end(id, .alone(all[1], others: [all[0], answer]))
        case (_, [false, true]): return end(id, .alone(all[0], others: [all[1], answer]))
        case (_, [false, false]): return end(id, .undecided(all))
        // It stands between the two.
        default: return end(id, .open)
        }
    }

    /// Gives a strike to a worker; returns how many it has.
    mutating func strike(_ worker: InstanceID) -> Int {
        strikes[worker, default: 0] += 1
        return strikes[worker] ?? 0
    }

    /// Forgets the crystals of versions before one.
    mutating func forget(before version: PolicyVersion) { answers = answers.filter { $0.key.version >= version } }

    /// Forgets a crystal that nobody else can measure.
    mutating func abandon(_ id: CrystalID) { answers[id] = nil }

    private mutating func end(_ id: CrystalID, _ verdict: Verdict) -> Verdict {
        answers[id] = nil
        return verdict
    }
}
