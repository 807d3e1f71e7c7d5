package import Base
package import Trajectories

/// The outcomes of a version on their way to the archive, and those that an earlier life of the learner left there.
package struct OutcomeJournal: Sendable {
    /// Outcomes are handed out at most this often.
    package static let interval = Duration.seconds(1)

    /// Outcomes from the learner's life before, by the crystal's name.
    private var known: [CrystalID: KnownOutcome] = [:]
    /// Crystals that got their outcomes since the last time some were handed out, in that order.
    private var unsaved: [CrystalID] = []
    private var due: Moment?

    package init(known: [CrystalID: KnownOutcome] = [:]) { self.known = known }

    /// The outcome of a crystal that was sampled again; nil if it has to be measured.
    package mutating func take(_ sampled: SampledCrystal) -> KnownOutcome? {
        guard let outcome = known.removeValue(forKey: sampled.id), outcome.crystal == sampled.crystal else {
            return nil
        }
        return outcome
    }

    /// Notes that a crystal got its outcome.
    package mutating func note(_ id: CrystalID) { unsaved.append(id) }

    /// What is to be handed out now; empty if nothing is, or not yet.
    package mutating func takeDue(now: Moment) -> [CrystalID] {
        if let due, now < due { return [] }
        guard !unsaved.isEmpty else { return [] }
        due = now.advanced(by: Self.interval)
        return takeAll()
    }

    /// All that was not handed out yet.
    package mutating func takeAll() -> [CrystalID] {
        defer { unsaved.removeAll() }
        return unsaved
    }
}
