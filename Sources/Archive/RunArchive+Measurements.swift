import Crystals
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
        try insertRelaxed(crystal, into: connection)
        guard !crystal.measurement.values.isEmpty else { return }
        let statement = try connection.cachedStatement(
            sql: "INSERT INTO measurements (version, unit, crystal_index, quantity, value) VALUES (?, ?, ?, ?, ?)")
        for (quantity, value) in crystal.measurement.values where value.isFinite {
            try statement.execute(arguments: [id.version.number, id.unit, id.index, quantity.rawValue, value])
        }
    }

    private static func insertRelaxed(_ crystal: ArchivedCrystal, into connection: Database) throws {
        let key: [any DatabaseValueConvertible] = [crystal.id.version.number, crystal.id.unit, crystal.id.index]
        try connection.cachedStatement(
            sql: "DELETE FROM relaxed_crystals WHERE version = ? AND unit = ? AND crystal_index = ?"
        ).execute(arguments: StatementArguments(key))
        guard let relaxed = crystal.measurement.relaxed else { return }
        let sites = SitesText.encode(relaxed.applied(to: crystal.crystal).sites)
        try connection.cachedStatement(sql: "INSERT INTO relaxed_crystals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .execute(arguments: StatementArguments(key + [sites] + relaxed.lattice.values))
    }
}

/// Reads what was measured of crystals that are asked for in the order of their ids.
struct MeasurementReader {
    /// Nil if the archive is of a build that kept no table.
    private let rows: RowCursor?
    private var next: RowReader?
    /// Nil if the archive is of a build that relaxed nothing.
    private let relaxedRows: RowCursor?
    private var nextRelaxed: RowReader?

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
        func cursor(of table: String) throws -> RowCursor? {
            guard try connection.tableExists(table) else { return nil }
            return try Row.fetchCursor(
                connection, sql: "SELECT * FROM \(table) WHERE \(condition) ORDER BY version, unit, crystal_index",
                arguments: arguments)
        }
        rows = try cursor(of: "measurements")
        relaxedRows = try cursor(of: "relaxed_crystals")
        try advance()
        try advanceRelaxed()
    }

    private mutating func advance() throws { next = try rows?.next().map { RowReader(row: $0.copy()) } }

    private mutating func advanceRelaxed() throws {
        nextRelaxed = try relaxedRows?.next().map { RowReader(row: $0.copy()) }
    }

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
        crystal.measurement = Measurement(values, relaxed: try relaxed(crystal))
    }

    private mutating func relaxed(_ crystal: ArchivedCrystal) throws -> RelaxedGeometry? {
        let id = crystal.id
        while let row = nextRelaxed {
            let found = try row.crystalID()
            guard found <= id else { return nil }
            if found == id {
                guard let sites = SitesText.decode(try row.value("sites")) else {
                    throw ArchivedCrystal.RowError(reason: "its relaxed sites are not readable")
                }
                func kinds(_ sites: [Crystal.Site]) -> [[Int]] { sites.map { [$0.wyckoff, $0.element.atomicNumber] } }
                guard kinds(sites) == kinds(crystal.crystal.sites) else {
                    throw ArchivedCrystal.RowError(reason: "\(id) was relaxed from other sites than it has")
                }
                let geometry = RelaxedGeometry(positions: sites.map(\.position), lattice: try row.lattice())
                try advanceRelaxed()
                return geometry
            }
            try advanceRelaxed()
        }
        return nil
    }
}
