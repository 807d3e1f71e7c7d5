import GRDB
package import Trajectories

/// The table of what was measured: a row for each quantity of each crystal.
extension RunArchive {
    /// How many crystals each quantity was measured of: what exports and queries can name.
    package func measuredQuantities() throws(ArchiveError) -> [Measurement.Quantity: Int] {
        try read("count the measurements") { connection in
            guard try connection.tableExists("measurements") else { return [:] }
            let rows = try Row.fetchAll(
                connection, sql: "SELECT quantity, COUNT(*) AS count FROM measurements GROUP BY quantity")
            var counts: [Measurement.Quantity: Int] = [:]
            for row in rows {
                let reader = RowReader(row: row)
                counts[Measurement.Quantity(rawValue: try reader.value("quantity"))] = try reader.value("count")
            }
            return counts
        }
    }

    /// Adds what was measured of a crystal, in the place of what was there. A number that is not finite is left out.
    static func insertMeasurement(of crystal: ArchivedCrystal, into connection: Database) throws {
        let id = crystal.id
        try connection.cachedStatement(
            sql: "DELETE FROM measurements WHERE version = ? AND unit = ? AND crystal_index = ?"
        ).execute(arguments: [id.version.number, id.unit, id.index])
        guard !crystal.measurement.values.isEmpty else { return }
        let statement = try connection.cachedStatement(
            sql: "INSERT INTO measurements (version, unit, crystal_index, quantity, value) VALUES (?, ?, ?, ?, ?)")
        for (quantity, value) in crystal.measurement.values where value.isFinite {
            try statement.execute(arguments: [id.version.number, id.unit, id.index, quantity.rawValue, value])
        }
    }
}

/// Reads what was measured of crystals that are asked for in the order of their ids.
struct MeasurementReader {
    /// Nil if the archive is of a build that kept no table.
    private let rows: RowCursor?
    private var next: RowReader?

    /// The measurements of some versions.
    init(_ connection: Database, versions: ClosedRange<Int>) throws {
        try self.init(connection, condition: "version BETWEEN ? AND ?", [versions.lowerBound, versions.upperBound])
    }

    /// The measurements of one crystal.
    init(_ connection: Database, of id: CrystalID) throws {
        try self.init(
            connection, condition: "version = ? AND unit = ? AND crystal_index = ?",
            [id.version.number, id.unit, id.index])
    }

    private init(_ connection: Database, condition: String, _ arguments: StatementArguments) throws {
        guard try connection.tableExists("measurements") else {
            rows = nil
            return
        }
        rows = try Row.fetchCursor(
            connection,
            sql: "SELECT * FROM measurements WHERE \(condition) ORDER BY version, unit, crystal_index",
            arguments: arguments)
        try advance()
    }

    private mutating func advance() throws { next = try rows?.next().map { RowReader(row: $0.copy()) } }

    /// Adds to a crystal what stands in the table beside what stands in its row.
    ///
    /// - Complexity: O(1) for each row of the crystals up to this one.
    mutating func complete(_ crystal: inout ArchivedCrystal) throws {
        var values = crystal.measurement.values
        while let row = next {
            let id = try row.crystalID()
            guard id <= crystal.id else { break }
            if id == crystal.id {
                values[Measurement.Quantity(rawValue: try row.value("quantity"))] = try row.value("value")
            }
            try advance()
        }
        crystal.measurement = Measurement(values)
    }
}
