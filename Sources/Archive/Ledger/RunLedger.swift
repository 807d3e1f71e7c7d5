package import Base

/// The books of a run, over all its lives: every crystal that got an outcome, and what became of it.
///
/// Both sides come from what a run keeps, so that they are the same whoever asks. What was granted is what the steps
/// noted when they took their batches, and what has its outcome and waits; what became of it is counted in the rows.
/// Crystals that were granted and got no outcome leave no trace: they are sampled again, the same to the last bit, or
/// in the asynchronous mode dropped as too old, which the records of steps count.
package struct RunLedger: Equatable, Sendable {
    /// The crystals of one fate.
    package struct Entry: Equatable, Sendable {
        package internal(set) var count = 0
        /// Why, by code; empty where there is nothing to say.
        package internal(set) var reasons: [String: Int] = [:]
    }

    /// The steps that were made.
    package internal(set) var steps = 0
    /// The crystals that the steps took, and those that were dropped or wait.
    package internal(set) var granted = 0
    package internal(set) var entries: [CrystalFate: Entry] = [:]
    /// The crystals among those trained on that count as invalid, and were trained on with the floor.
    package internal(set) var trainedInvalid = 0
    /// Units, tasks given out again, and results that came twice: as the steps noted them.
    package internal(set) var (regranted, requeued, duplicates) = (0, 0, 0)
    /// Why the books do not balance, a line each, the first ones; empty where they do.
    package internal(set) var problems: [String] = []

    init() {}

    /// How many crystals came to a fate.
    package func count(_ fate: CrystalFate) -> Int { entries[fate]?.count ?? 0 }

    /// The crystals with a fate.
    package var accounted: Int { entries.values.reduce(0) { $0 + $1.count } }

    /// Whether both sides agree, in all and step by step.
    package var isBalanced: Bool { problems.isEmpty }

    /// The books in a line.
    package var line: String {
        let shown = CrystalFate.allCases.filter { [.trained, .inFlight].contains($0) || count($0) > 0 }
        let sides = shown.filter { $0 != .inFlight } + [.inFlight]
        let sum = sides.map { "\($0.words) \(count($0))" }.joined(separator: " + ")
        let end = isBalanced ? "" : "; it does not balance: " + problems.joined(separator: "; ")
        return "ledger: granted \(granted) crystals = \(sum)\(end)"
    }

    /// The books as an object.
    package var json: JSONValue {
        func counts(_ table: [String: Int]) -> JSONValue {
            .object(table.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) })
        }
        let fates = CrystalFate.allCases.map { fate -> (key: String, value: JSONValue) in
            let reasons = counts(entries[fate]?.reasons ?? [:])
            return (fate.rawValue, .object([("crystals", .integer(count(fate))), ("reasons", reasons)]))
        }
        return .object([
            ("steps", .integer(steps)), ("granted", .integer(granted)), ("fates", .object(fates)),
            ("trained_invalid", .integer(trainedInvalid)), ("regranted", .integer(regranted)),
            ("requeued", .integer(requeued)), ("duplicates", .integer(duplicates)), ("balanced", .flag(isBalanced)),
            ("problems", .list(problems.map { .text($0) })),
        ])
    }
}
