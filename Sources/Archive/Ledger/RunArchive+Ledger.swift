internal import Foundation
internal import GRDB
internal import Telemetry

extension RunArchive {
    /// So many lines of what does not balance are told.
    private static let problemLimit = 5

    /// The books of the run.
    ///
    /// - Parameter maximumStaleness: How many versions older than its step a crystal may be.
    /// - Complexity: one pass over the crystals, one over the steps; memory does not grow with either.
    package func ledger(maximumStaleness: Int = 0) throws(ArchiveError) -> RunLedger {
        try read("balance the ledger") { connection in
            var ledger = RunLedger()
            let last = try Int.fetchOne(connection, sql: "SELECT MAX(version) FROM versions") ?? -1
            let (batch, trained) = try Self.stepColumns(connection, last: last)
            let source =
                "(SELECT version, outcome, reason, reward, \(batch) AS batch, \(trained) AS trained_at FROM crystals)"
            let rows = try Row.fetchCursor(
                connection,
                sql: """
                    SELECT \(CrystalFate.expression) AS fate, outcome, reason, COUNT(*) AS count
                    FROM \(source) GROUP BY fate, outcome, reason
                    """,
                arguments: ["last": last, "staleness": maximumStaleness])
            while let row = try rows.next() {
                let reader = RowReader(row: row)
                let name: String = try reader.value("fate")
                guard let fate = CrystalFate(rawValue: name) else { continue }
                let (outcome, count): (String, Int) = (try reader.value("outcome"), try reader.value("count"))
                var entry = ledger.entries[fate] ?? RunLedger.Entry()
                entry.count += count
                if let reason: String = try reader.optional("reason") { entry.reasons[reason, default: 0] += count }
                ledger.entries[fate] = entry
                if fate == .trained, outcome == ArchivedCrystal.Outcome.invalid.rawValue {
                    ledger.trainedInvalid += count
                }
            }
            try Self.addSteps(to: &ledger, connection, source: source, last: last)
            return ledger
        }
    }

    /// The step whose batch a row is in, and the one that trained on it; in archives of builds that did not note them,
    /// by the rule of their steps.
    private static func stepColumns(_ connection: Database, last: Int) throws -> (batch: String, trained: String) {
        let columns = Set(try connection.columns(in: "crystals").map(\.name))
        // What a killed learner trained on counts once its checkpoint is found, as on resume.
        func column(_ name: String, rule: String) -> String {
            columns.contains(name)
                ? "CASE WHEN \(name) <= \(last) THEN \(name) END" : "CASE WHEN \(rule) THEN version END"
        }
        return (
            column("batch", rule: "version <= \(last)"),
            column("trained_at", rule: "version <= \(last) AND outcome <> 'failed'")
        )
    }

    /// Adds what the steps noted, and holds it against the rows.
    private static func addSteps(
        to ledger: inout RunLedger, _ connection: Database, source: String, last: Int
    ) throws {
        var problems: [String] = []
        let inBatches = CrystalFate.allCases.filter(\.isOfABatch)
        let taken = inBatches.reduce(0) { $0 + ledger.count($1) }
        var batches = 0
        var untold = 0
        let records = try String.fetchCursor(connection, sql: "SELECT record FROM versions ORDER BY version")
        var marks = try GroupCounts(connection, source, by: "trained_at")
        var next = 0
        while let text = try records.next() {
            guard let record = JSONLines.decode(StepRecord.self, from: Data(text.utf8)) else {
                untold += 1
                continue
            }
            ledger.steps += 1
            batches += record.crystals
            ledger.regranted += record.regranted
            ledger.requeued += record.requeued
            ledger.duplicates += record.duplicates
            if record.step > next { problems.append(Self.gap(next..<record.step)) }
            next = record.step + 1
            let rows = try marks.count(of: record.step)
            if let trained = record.trained, rows != trained {
                problems.append("step \(record.step) trained on \(trained) crystals, the archive has \(rows) of them")
            }
            if problems.count > problemLimit { problems.removeLast() }
        }
        if untold > 0 { problems.append("the records of \(untold) steps are not readable") }
        ledger.granted = batches + ledger.accounted - taken
        if batches != taken {
            problems.append("the steps took \(batches) crystals, the archive has \(taken)")
            problems += try smallBatches(connection, source)
        }
        ledger.problems = problems
    }

    private static func gap(_ steps: Range<Int>) -> String {
        steps.count == 1
            ? "the record of step \(steps.lowerBound) is missing"
            : "the records of the steps \(steps.lowerBound) to \(steps.upperBound - 1) are missing"
    }

    /// The steps whose batch has another number of rows than they took, the first ones.
    private static func smallBatches(_ connection: Database, _ source: String) throws -> [String] {
        var problems: [String] = []
        var sizes = try GroupCounts(connection, source, by: "batch")
        let records = try String.fetchCursor(connection, sql: "SELECT record FROM versions ORDER BY version")
        while problems.count < problemLimit, let text = try records.next() {
            guard let record = JSONLines.decode(StepRecord.self, from: Data(text.utf8)) else { continue }
            let rows = try sizes.count(of: record.step)
            if rows != record.crystals {
                problems.append("the batch of step \(record.step) has \(rows) crystals of \(record.crystals)")
            }
        }
        return problems
    }
}

/// How many rows have each number in a column, asked for in ascending order.
private struct GroupCounts {
    private let rows: RowCursor
    private var next: (number: Int, count: Int)?

    init(_ connection: Database, _ source: String, by column: String) throws {
        rows = try Row.fetchCursor(
            connection,
            sql: """
                SELECT \(column) AS number, COUNT(*) AS count FROM \(source) WHERE number IS NOT NULL
                GROUP BY number ORDER BY number
                """)
        try advance()
    }

    private mutating func advance() throws {
        next = try rows.next().map { row in
            let reader = RowReader(row: row)
            return (number: try reader.value("number"), count: try reader.value("count"))
        }
    }

    mutating func count(of number: Int) throws -> Int {
        while let group = next, group.number < number { try advance() }
        return next.flatMap { $0.number == number ? $0.count : nil } ?? 0
    }
}
