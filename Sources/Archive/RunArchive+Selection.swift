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
    /// Whether relaxed crystals are told of as they were sampled: what is measured then has the names of
    /// `Measurement.asSampled` in expressions.
    package var isAsSampled = false

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
        let columns = try selectableColumns(asSampled: selection.isAsSampled)
        let truth = selection.usesOpenTruth ? selection.openTruth : nil
        let measured = columns.measured.filter { $0 != truth && selection.names($0.lowercased()) }
        let stored = columns.stored.map { ", \(columns.number($0)) AS \"\($0)\"" }
        let quantities = measured.map { ", \(columns.number($0)) AS \"\($0)\"" }
        let logarithms = ["logp", "reference_logp"].map { name in
            ", \(name)_w + \(name)_a + \(name)_xyz + \(name)_l AS \(name)"
        }
        let assumed = truth.map { ", assumptions.value AS \"\($0)\"" } ?? ""
        let assumptions = "CROSS JOIN (SELECT 1 AS value UNION ALL SELECT 0 UNION ALL SELECT NULL) assumptions"
        // A line end closes a comment that an expression may end with.
        let sql = """
            WITH selectable AS (
                SELECT \(String(stored.joined().dropFirst(2)))\(logarithms.joined())\(quantities.joined())\(assumed)
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

    /// What expressions may name.
    private func selectableColumns(asSampled: Bool) throws(ArchiveError) -> SelectableColumns {
        let (stored, isRelaxed) = try read("read its columns") { connection in
            (
                try connection.columns(in: "crystals").map(\.name),
                try connection.tableExists("relaxed_crystals")
                    && Bool.fetchOne(connection, sql: "SELECT EXISTS (SELECT 1 FROM relaxed_crystals)") == true
            )
        }
        let isAsSampled = asSampled && isRelaxed
        var names = try measuredQuantities().keys.filter { name in
            name.rawValue.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        }
        if isAsSampled {
            names = Array(Set(names.flatMap { [$0, $0.afterRelaxation] })).filter { !$0.partsAsSampled.isEmpty }
        }
        let measured = names.map(\.rawValue).filter { !stored.contains($0) }.sorted()
        return SelectableColumns(stored: stored, measured: measured, isAsSampled: isAsSampled)
    }
}

/// What the expressions of a selection may name, and what the names stand for.
private struct SelectableColumns {
    /// The columns of `crystals`.
    let stored: [String]
    /// The quantities that have no column.
    let measured: [String]
    /// Whether numbers of relaxed crystals are those beside the geometry as sampled.
    let isAsSampled: Bool

    var all: [String] { stored + ["logp", "reference_logp"] + measured }

    /// The value of a name for the row `c` of `crystals`, as SQL.
    func number(_ name: String) -> String {
        let isStored = stored.contains(name)
        let plain = isStored ? "c.\"\(name)\"" : Self.value(of: name)
        let parts = Measurement.Quantity(rawValue: name).partsAsSampled
        // A column that is no quantity, and a quantity that is the same beside either geometry, are what they are.
        guard isAsSampled, !parts.isEmpty, parts.map(\.quantity.rawValue) != [name] else { return plain }
        let sum = parts.map { "\($0.factor) * \(Self.value(of: $0.quantity.rawValue))" }.joined(separator: " + ")
        let isRelaxed = "EXISTS (SELECT 1 FROM relaxed_crystals WHERE \(Self.isOfCrystal))"
        return "CASE WHEN \(isRelaxed) THEN \(sum) ELSE \(plain) END"
    }

    private static func value(of quantity: String) -> String {
        "(SELECT value FROM measurements WHERE \(isOfCrystal) AND quantity = '\(quantity)')"
    }

    private static let isOfCrystal = "version = c.version AND unit = c.unit AND crystal_index = c.crystal_index"
}
