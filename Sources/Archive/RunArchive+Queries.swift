internal import Foundation
internal import GRDB
package import Telemetry
internal import Trajectories

/// Questions to a run; each is answered from one consistent state of the database.
extension RunArchive {
    /// How many crystals came to one end.
    package struct OutcomeCount: Equatable, Sendable {
        package let outcome: ArchivedCrystal.Outcome
        package let reason: String?
        package let count: Int

        package init(outcome: ArchivedCrystal.Outcome, reason: String?, count: Int) {
            self.outcome = outcome
            self.reason = reason
            self.count = count
        }
    }

    /// A histogram of energies above the hull.
    package struct EnergyHistogram: Equatable, Sendable {
        /// The lower edge of the first bin, eV/atom.
        package let lowerEdge: Double
        /// eV/atom.
        package let binWidth: Double
        package let counts: [Int]
        /// What lies below the first bin.
        package let below: Int
        /// What lies above the last bin.
        package let above: Int
        /// All crystals of the versions, the invalid and failed ones included.
        package let crystalCount: Int

        package init(
            lowerEdge: Double, binWidth: Double, counts: [Int], below: Int, above: Int, crystalCount: Int
        ) {
            self.lowerEdge = lowerEdge
            self.binWidth = binWidth
            self.counts = counts
            self.below = below
            self.above = above
            self.crystalCount = crystalCount
        }
    }

    /// The digest of the policy that each step began with, by the step's number.
    package func policyDigests() throws(ArchiveError) -> [Int: String] {
        try read("read the steps") { connection in
            let rows = try Row.fetchAll(connection, sql: "SELECT step, policy_digest FROM versions")
            var digests: [Int: String] = [:]
            for reader in rows.map({ RowReader(row: $0) }) {
                digests[try reader.value("step")] = try reader.value("policy_digest")
            }
            return digests
        }
    }

    /// The number of crystals of all versions.
    package func crystalCount() throws(ArchiveError) -> Int {
        try read("count the crystals") { connection in
            try Int.fetchOne(connection, sql: "SELECT COUNT(*) FROM crystals") ?? 0
        }
    }

    /// The first and the last version that has crystals; nil if there are none.
    package func versionRange() throws(ArchiveError) -> ClosedRange<Int>? {
        try read("find the versions") { connection in
            let row = try Row.fetchOne(
                connection, sql: "SELECT MIN(version) AS first, MAX(version) AS last FROM crystals")
            guard let reader = row.map({ RowReader(row: $0) }), let first: Int = try reader.optional("first") else {
                return nil
            }
            let last: Int = try reader.value("last")
            return first...last
        }
    }

    /// The crystals of some versions in the order of their ids.
    package func crystals(versions: ClosedRange<Int>) throws(ArchiveError) -> [ArchivedCrystal] {
        try read("read crystals") { connection in
            let rows = try Row.fetchCursor(
                connection,
                sql: """
                    SELECT * FROM crystals WHERE version BETWEEN ? AND ? ORDER BY version, unit, crystal_index
                    """,
                arguments: [versions.lowerBound, versions.upperBound])
            var measurements = try MeasurementReader(connection, versions: versions)
            var crystals: [ArchivedCrystal] = []
            while let row = try rows.next() {
                var crystal = try ArchivedCrystal(row: row)
                try measurements.complete(&crystal)
                crystals.append(crystal)
            }
            return crystals
        }
    }

    /// The scored crystals of lowest energy above the hull, one for each pair of formula and space group.
    /// - Parameter lowest: crystals below this energy above the hull, eV/atom, are left out: that deep, it is the
    ///   potential that is wrong.
    package func best(_ count: Int, notBelow lowest: Double = -.infinity) throws(ArchiveError) -> [ArchivedCrystal] {
        try read("find the best crystals") { connection in
            // SQLite takes the other columns from the row that has the minimum.
            let rows = try Row.fetchAll(
                connection,
                sql: """
                    SELECT *, MIN(e_above_hull) FROM crystals WHERE outcome = 'scored' AND e_above_hull >= ?
                    GROUP BY formula, space_group
                    ORDER BY e_above_hull, version, unit, crystal_index LIMIT ?
                    """,
                arguments: [max(lowest, -Double.greatestFiniteMagnitude), count])
            return try rows.map { row in
                var crystal = try ArchivedCrystal(row: row)
                var measurements = try MeasurementReader(connection, of: crystal.id)
                try measurements.complete(&crystal)
                return crystal
            }
        }
    }

    /// The number of scored crystals below an energy above the hull, eV/atom.
    package func scoredCount(below energyAboveHull: Double) throws(ArchiveError) -> Int {
        try read("count the crystals") { connection in
            try Int.fetchOne(
                connection, sql: "SELECT COUNT(*) FROM crystals WHERE outcome = 'scored' AND e_above_hull < ?",
                arguments: [energyAboveHull]) ?? 0
        }
    }

    /// The number of scored crystals of some versions below an energy above the hull, eV/atom.
    package func stableCount(versions: ClosedRange<Int>, below energyAboveHull: Double) throws(ArchiveError) -> Int {
        try read("count the crystals") { connection in
            try Int.fetchOne(
                connection,
                sql: """
                    SELECT COUNT(*) FROM crystals
                    WHERE version BETWEEN ? AND ? AND outcome = 'scored' AND e_above_hull < ?
                    """,
                arguments: [versions.lowerBound, versions.upperBound, energyAboveHull]) ?? 0
        }
    }

    /// Counts by outcome and reason, the most frequent first.
    package func outcomes(versions: ClosedRange<Int>? = nil) throws(ArchiveError) -> [OutcomeCount] {
        let range = versions ?? 0...Int(Int32.max)
        return try read("count the outcomes") { connection in
            let rows = try Row.fetchAll(
                connection,
                sql: """
                    SELECT outcome, reason, COUNT(*) AS count FROM crystals WHERE version BETWEEN ? AND ?
                    GROUP BY outcome, reason ORDER BY count DESC, outcome, reason
                    """,
                arguments: [range.lowerBound, range.upperBound])
            return try rows.map { row in
                let reader = RowReader(row: row)
                guard let outcome = ArchivedCrystal.Outcome(rawValue: try reader.value("outcome")) else {
                    throw ArchivedCrystal.RowError(reason: "it has an unknown outcome")
                }
                return OutcomeCount(
                    outcome: outcome, reason: try reader.optional("reason"), count: try reader.value("count"))
            }
        }
    }

    /// The energies above the hull of the scored crystals of some versions in bins.
    /// - Parameters:
    ///   - lowerEdge: of the first bin, eV/atom.
    ///   - binWidth: eV/atom, positive.
    package func energyHistogram(
        versions: ClosedRange<Int>, lowerEdge: Double, binWidth: Double, binCount: Int
    ) throws(ArchiveError) -> EnergyHistogram {
        precondition(binWidth > 0 && binCount > 0)
        return try read("count energies") { connection in
            let rows = try Row.fetchAll(
                connection,
                sql: """
                    SELECT MAX(-1, MIN(:bins, CAST((e_above_hull - :lower) / :width + 1 AS INTEGER) - 1)) AS bin,
                        COUNT(*) AS count
                    FROM crystals
                    WHERE version BETWEEN :first AND :last AND outcome = 'scored' AND e_above_hull IS NOT NULL
                    GROUP BY bin
                    """,
                arguments: [
                    "bins": binCount, "lower": lowerEdge, "width": binWidth, "first": versions.lowerBound,
                    "last": versions.upperBound,
                ])
            var counts = [Int](repeating: 0, count: binCount + 2)
            for row in rows {
                let reader = RowReader(row: row)
                let bin: Int = try reader.value("bin")
                counts[bin + 1] = try reader.value("count")
            }
            let total =
                try Int.fetchOne(
                    connection, sql: "SELECT COUNT(*) FROM crystals WHERE version BETWEEN ? AND ?",
                    arguments: [versions.lowerBound, versions.upperBound]) ?? 0
            return EnergyHistogram(
                lowerEdge: lowerEdge, binWidth: binWidth, counts: Array(counts[1...binCount]), below: counts[0],
                above: counts[binCount + 1], crystalCount: total)
        }
    }

    /// How many crystals of some versions contain each element, by symbol.
    package func elementCounts(versions: ClosedRange<Int>) throws(ArchiveError) -> [String: Int] {
        try read("count elements") { connection in
            let rows = try Row.fetchCursor(
                connection,
                sql: """
                    SELECT chemical_system, COUNT(*) AS count FROM crystals WHERE version BETWEEN ? AND ?
                    GROUP BY chemical_system
                    """,
                arguments: [versions.lowerBound, versions.upperBound])
            var counts: [String: Int] = [:]
            while let row = try rows.next() {
                let reader = RowReader(row: row)
                let (system, count): (String, Int) = (try reader.value("chemical_system"), try reader.value("count"))
                for symbol in system.split(separator: "-") { counts[String(symbol), default: 0] += count }
            }
            return counts
        }
    }

    /// How many crystals of some versions have each space group, by its number.
    package func spaceGroupCounts(versions: ClosedRange<Int>) throws(ArchiveError) -> [Int: Int] {
        try read("count space groups") { connection in
            let rows = try Row.fetchAll(
                connection,
                sql: """
                    SELECT space_group, COUNT(*) AS count FROM crystals WHERE version BETWEEN ? AND ?
                    GROUP BY space_group
                    """,
                arguments: [versions.lowerBound, versions.upperBound])
            var counts: [Int: Int] = [:]
            for row in rows {
                let reader = RowReader(row: row)
                counts[try reader.value("space_group")] = try reader.value("count")
            }
            return counts
        }
    }

    /// The records of the steps in order; a row that is not a record is left out.
    package func stepRecords() throws(ArchiveError) -> [StepRecord] {
        try read("read the steps") { connection in
            try String.fetchAll(connection, sql: "SELECT record FROM versions ORDER BY version")
                .compactMap { JSONLines.decode(StepRecord.self, from: Data($0.utf8)) }
        }
    }
}
