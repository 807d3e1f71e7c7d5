internal import Foundation
internal import GRDB
internal import Telemetry
package import Trajectories

/// Which crystals of a run somebody wants, in which order.
package struct CrystalSelection: Sendable {
    /// An SQL expression over the columns of `crystals`, the measured quantities and `logp`, `reference_logp`.
    package var condition: String?
    /// An SQL expression; the smallest values come first, and what has none last.
    package var order = "e_above_hull"
    /// An SQL expression whose values make groups, such as `formula`.
    package var group: String?
    /// Whether the crystals that were not scored are wanted, too.
    package var includesUnscored = false
    /// The name of a truth that is not in the archive, such as `novel`, which the expressions may use. Where one does,
    /// a crystal is found once for each value of it with which the condition holds: true, false, and null for what
    /// cannot be told. The caller keeps the one that is so.
    package var openTruth: String?

    package init() {}

    /// What expressions may name beside measured quantities: the columns of `crystals`, what is made of them, and
    /// ``openTruth`` as the program has it.
    package static let ownNames = Measurement.Quantity.archiveNames

    private var expressions: [String] { [condition, order, group].compactMap { $0 } }

    /// Whether an expression uses ``openTruth``.
    package var usesOpenTruth: Bool { openTruth.map(names) ?? false }

    /// Whether an expression has a word.
    func names(_ word: String) -> Bool {
        expressions.contains { expression in
            expression.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "_") }.contains { $0 == word }
        }
    }

    /// A crystal that was found.
    package struct Match: Sendable, Equatable {
        package let id: CrystalID
        /// The value of ``CrystalSelection/group`` as text; empty without one.
        package let group: String
        /// The value of ``CrystalSelection/openTruth`` with which it was found; nil for null.
        package let assumed: Bool?
    }
}

extension RunArchive {
    /// The crystals of a selection, in its order, equal ones in that of their ids.
    ///
    /// - Throws: ``ArchiveError/selection(reason:names:)`` for an expression that is none.
    package func matches(_ selection: CrystalSelection) throws(ArchiveError) -> [CrystalSelection.Match] {
        let columns = try selectableColumns()
        let truth = selection.usesOpenTruth ? selection.openTruth : nil
        let measured = columns.measured.filter { $0 != truth && selection.names($0.lowercased()) }
        let quantities = measured.map { name in
            """
            , (SELECT value FROM measurements WHERE version = c.version AND unit = c.unit
               AND crystal_index = c.crystal_index AND quantity = '\(name)') AS "\(name)"
            """
        }
        let logarithms = ["logp", "reference_logp"].map { name in
            ", \(name)_w + \(name)_a + \(name)_xyz + \(name)_l AS \(name)"
        }
        let assumed = truth.map { ", assumptions.value AS \"\($0)\"" } ?? ""
        let assumptions = "CROSS JOIN (SELECT 1 AS value UNION ALL SELECT 0 UNION ALL SELECT NULL) assumptions"
        // A line end closes a comment that an expression may end with.
        let sql = """
            WITH selectable AS (
                SELECT c.*\(logarithms.joined())\(quantities.joined())\(assumed)
                FROM crystals c \(truth == nil ? "" : assumptions))
            SELECT version, unit, crystal_index, \(selection.group.map { "(\($0)\n)" } ?? "''") AS group_value,
                \(truth.map { "\"\($0)\"" } ?? "NULL") AS assumed_value
            FROM selectable WHERE (\(selection.includesUnscored ? "1" : "outcome = 'scored'"))
            AND (\(selection.condition ?? "1")
            ) ORDER BY (\(selection.order)
            ) IS NULL, (\(selection.order)
            ), version, unit, crystal_index
            """
        do {
            return try database.read { connection in
                let rows = try Row.fetchCursor(connection, sql: sql)
                var matches: [CrystalSelection.Match] = []
                while let row = try rows.next() {
                    let reader = RowReader(row: row)
                    let value: DatabaseValue? = row["group_value"]
                    let group = value.flatMap { String.fromDatabaseValue($0) } ?? value?.description ?? ""
                    matches.append(
                        .init(
                            id: try reader.crystalID(), group: group,
                            assumed: try reader.optional("assumed_value")))
                }
                return matches
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            throw .selection(
                reason: error.message ?? "it is no expression",
                names: columns.all + [selection.openTruth].compactMap { $0 }.filter { !columns.all.contains($0) })
        } catch {
            throw .database(path: url.path, operation: "select crystals", reason: "\(error)")
        }
    }

    /// Crystals by their ids, in the order asked for; one that is not there is left out.
    package func crystals(_ ids: [CrystalID]) throws(ArchiveError) -> [ArchivedCrystal] {
        try read("read crystals") { connection in
            try ids.compactMap { id in
                let row = try Row.fetchOne(
                    connection,
                    sql: "SELECT * FROM crystals WHERE version = ? AND unit = ? AND crystal_index = ?",
                    arguments: [id.version.number, id.unit, id.index])
                guard let row else { return nil }
                var crystal = try ArchivedCrystal(row: row)
                var measurements = try MeasurementReader(connection, of: id)
                try measurements.complete(&crystal)
                return crystal
            }
        }
    }

    /// What expressions may name: the columns, and the quantities that have no column.
    private func selectableColumns() throws(ArchiveError) -> (measured: [String], all: [String]) {
        let columns = try read("read its columns") { connection in
            try connection.columns(in: "crystals").map(\.name)
        }
        let known = Set(columns)
        let plain = try measuredQuantities().keys.map(\.rawValue).filter { name in
            !known.contains(name) && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        }.sorted()
        return (plain, columns + ["logp", "reference_logp"] + plain)
    }
}
