internal import GRDB
package import Trajectories

/// A few crystals to look at, found without looking at all.
extension RunArchive {
    /// Which ones.
    package enum Choice: String, Sendable, CaseIterable {
        /// Of lowest energy above the hull, one for each pair of formula and space group, and none that a guard has
        /// turned down.
        case best
        /// Measured last.
        case newest
        /// Of highest reward among the newest versions, one for each pair of formula and space group.
        case rewarded
    }

    /// So many versions are looked at for those of highest reward.
    private static let recentVersions = 5
    /// A policy may draw the same crystal again and again: so many times as many rows are looked at.
    private static let repeats = 40

    /// Measured crystals.
    ///
    /// - Parameter lowest: Those below this energy above the hull, eV/atom, are left out: that deep, it is the
    ///   potential that is wrong.
    /// - Complexity: independent of the number of crystals, but for `rewarded`, which grows with those of a version.
    package func shown(
        _ choice: Choice, count: Int, notBelow lowest: Double = -.greatestFiniteMagnitude
    ) throws(ArchiveError) -> [ArchivedCrystal] {
        try read("find crystals to show") { connection in
            let (condition, order) =
                switch choice {
                case .best: ("e_above_hull >= :lowest AND reason IS NULL", "e_above_hull, version, unit, crystal_index")
                case .newest: ("e_above_hull IS NOT NULL", "version DESC, unit DESC, crystal_index DESC")
                case .rewarded:
                    (
                        "e_above_hull >= :lowest AND reward IS NOT NULL "
                            + "AND version > (SELECT MAX(version) FROM crystals) - \(Self.recentVersions)",
                        "reward DESC, e_above_hull, version, unit, crystal_index"
                    )
                }
            var arguments: StatementArguments = ["limit": count * (choice == .newest ? 1 : Self.repeats)]
            if choice != .newest { arguments += ["lowest": lowest] }
            let rows = try Row.fetchCursor(
                connection,
                sql: """
                    SELECT * FROM crystals WHERE outcome = 'scored' AND \(condition) ORDER BY \(order) LIMIT :limit
                    """,
                arguments: arguments)
            var found: [ArchivedCrystal] = []
            var kinds: Set<String> = []
            while found.count < count, let row = try rows.next() {
                let reader = RowReader(row: row)
                let (formula, group): (String, Int) = (try reader.value("formula"), try reader.value("space_group"))
                guard choice == .newest || kinds.insert("\(formula) \(group)").inserted else { continue }
                found.append(try Self.complete(row, connection))
            }
            return found
        }
    }

    /// One crystal; nil if there is none of the name.
    package func crystal(_ id: CrystalID) throws(ArchiveError) -> ArchivedCrystal? {
        try read("find a crystal") { connection in
            try Row.fetchOne(
                connection, sql: "SELECT * FROM crystals WHERE version = ? AND unit = ? AND crystal_index = ?",
                arguments: [id.version.number, id.unit, id.index]
            ).map { try Self.complete($0, connection) }
        }
    }

    private static func complete(_ row: Row, _ connection: Database) throws -> ArchivedCrystal {
        var crystal = try ArchivedCrystal(row: row)
        var measurements = try MeasurementReader(connection, of: crystal.id)
        try measurements.complete(&crystal)
        return crystal
    }
}
