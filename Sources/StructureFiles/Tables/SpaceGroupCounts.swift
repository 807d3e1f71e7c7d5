internal import Crystals

/// How often each space group occurs in a table of crystals.
package struct SpaceGroupCounts: Sendable {
    /// By number.
    package let counts: [Int: Int]
    /// The column they are from.
    package let column: String
    /// Rows without a usable group.
    package let leftOut: Int

    /// The columns that tables of crystals have for the number of the group.
    private static let columns = [
        "spacegroup.number", "spacegroup_number", "space_group_number", "spacegroup", "space_group", "spg",
    ]

    /// Counts the groups of all rows: by a column of numbers, else those of the structures.
    ///
    /// - Parameters:
    ///   - path: `.csv`, `.csv.gz` or `.csv.bz2`.
    ///   - threads: how many threads parse structures.
    /// - Throws: ``StructureFileError``, also if no row has a group.
    package static func read(path: String, threads: Int) throws(StructureFileError) -> SpaceGroupCounts {
        var found = try numbers(path: path)
        if found == nil { found = try structures(path: path, threads: threads) }
        guard let found, !found.counts.isEmpty else {
            throw .malformed(format: "csv", line: nil, reason: "none of its rows has a space group to count")
        }
        return found
    }

    /// The counts of a column of numbers; nil if the table has none.
    private static func numbers(path: String) throws(StructureFileError) -> SpaceGroupCounts? {
        var reader = try CSVReader(path: path)
        guard var row = try reader.next() else { return nil }
        let named = columns.compactMap { reader.firstColumn($0) }
        guard let column = named.first(where: { number(row, column: $0) != nil }) else { return nil }
        var counts: [Int: Int] = [:]
        var leftOut = 0
        while true {
            if let problem = row.problem { throw problem }
            if let number = number(row, column: column) {
                counts[number, default: 0] += 1
            } else {
                leftOut += 1
            }
            guard let next = try reader.next() else { break }
            row = next
        }
        return SpaceGroupCounts(counts: counts, column: reader.header[column], leftOut: leftOut)
    }

    private static func number(_ row: CSVRow, column: Int) -> Int? {
        guard column < row.count else { return nil }
        let text = row.string(column)
        guard let number = Int(text) ?? Double(text).flatMap({ Int(exactly: $0) }) else { return nil }
        return (1...230).contains(number) ? number : nil
    }

    private static func structures(path: String, threads: Int) throws(StructureFileError) -> SpaceGroupCounts {
        let reader = try CSVReader(path: path)
        let column = reader.header[try reader.structureColumn()]
        var counts: [Int: Int] = [:]
        var leftOut = 0
        try CrystalDataset.forEachBatch(path: path, threads: threads) { entries in
            for entry in entries {
                if case .success(let crystal) = entry.crystal {
                    counts[crystal.spaceGroup.number, default: 0] += 1
                } else {
                    leftOut += 1
                }
            }
        }
        return SpaceGroupCounts(counts: counts, column: column, leftOut: leftOut)
    }
}
