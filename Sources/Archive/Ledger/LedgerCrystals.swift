import GRDB
import Trajectories

/// The crystals of an archive in the order of their ids, each with all that is told of it but for who made it and when.
///
/// Three tables are read side by side, one row of each at a time.
struct LedgerCrystals {
    struct Entry {
        let id: CrystalID
        /// What is told of it, by column; what was measured as "measured e_above_hull", where it relaxed to as
        /// "relaxed a".
        var fields: [(name: String, value: DatabaseValue)]
    }

    /// What depends on who sampled or measured it, and on when; `sampling_seconds` in archives of older builds.
    private static let circumstances: Set<String> = [
        "actor", "worker", "scoring_seconds", "sampling_seconds", "created_at",
    ]
    private static let keys = ["version", "unit", "crystal_index"]

    private var crystals: KeyedRows
    private var measurements: KeyedRows?
    private var relaxed: KeyedRows?
    /// The columns of crystals that are told of.
    let columns: [String]

    /// - Parameter last: crystals that no step until this one took are left out.
    init(_ connection: Database, last: Int) throws {
        func rows(_ table: String, by column: String = "version", _ order: String = "") throws -> KeyedRows? {
            guard try connection.tableExists(table) else { return nil }
            let cursor = try Row.fetchCursor(
                connection,
                sql: "SELECT * FROM \(table) WHERE \(column) <= ? ORDER BY version, unit, crystal_index\(order)",
                arguments: [last])
            return try KeyedRows(cursor)
        }
        // Builds that knew one mode alone took each version in its own step.
        let isNoted = try connection.columns(in: "crystals").contains { $0.name == "batch" }
        guard let crystals = try rows("crystals", by: isNoted ? "batch" : "version") else {
            throw ArchivedCrystal.RowError(reason: "there is no table of crystals")
        }
        self.crystals = crystals
        measurements = try rows("measurements", by: "version", ", quantity")
        relaxed = try rows("relaxed_crystals")
        columns = try connection.columns(in: "crystals").map(\.name).filter {
            !Self.circumstances.contains($0) && !Self.keys.contains($0)
        }
    }

    mutating func next() throws -> Entry? {
        guard let (id, row) = try crystals.next() else { return nil }
        var entry = Entry(id: id, fields: columns.map { ($0, row[$0] ?? DatabaseValue.null) })
        for row in try measurements?.rows(of: id) ?? [] {
            let reader = RowReader(row: row)
            let quantity: String = try reader.value("quantity")
            entry.fields.append(("measured \(quantity)", row["value"] ?? DatabaseValue.null))
        }
        for row in try relaxed?.rows(of: id) ?? [] {
            for (column, value) in row where !Self.keys.contains(column) {
                entry.fields.append(("relaxed \(column)", value))
            }
        }
        return entry
    }
}

/// The rows of a table in the order of the crystals that they are of.
private struct KeyedRows {
    private let cursor: RowCursor
    private var waiting: (id: CrystalID, row: Row)?

    init(_ cursor: RowCursor) throws {
        self.cursor = cursor
        try advance()
    }

    private mutating func advance() throws {
        waiting = try cursor.next().map { row in
            let row = row.copy()
            return (try RowReader(row: row).crystalID(), row)
        }
    }

    mutating func next() throws -> (id: CrystalID, row: Row)? {
        guard let found = waiting else { return nil }
        try advance()
        return found
    }

    /// The rows of a crystal; those of crystals before it are passed over.
    mutating func rows(of id: CrystalID) throws -> [Row] {
        var rows: [Row] = []
        while let (found, row) = waiting, found <= id {
            if found == id { rows.append(row) }
            try advance()
        }
        return rows
    }
}

extension LedgerComparison {
    /// Compares the crystals that the steps up to one took.
    mutating func compareCrystals(_ a: Database, _ b: Database, last: Int) throws {
        var (left, right) = (try LedgerCrystals(a, last: last), try LedgerCrystals(b, last: last))
        // Columns that one build did not have yet are no difference between what was trained on.
        let shared = Set(left.columns).intersection(right.columns)
        let skipped = Set(left.columns).union(right.columns).subtracting(shared)
        var (first, second) = (try left.next(), try right.next())
        while first != nil || second != nil {
            switch (first, second) {
            case (let one?, let other?) where one.id == other.id:
                crystals += 1
                add("crystal \(one.id)", fields: Self.differences(one, other, skipping: skipped))
                (first, second) = (try left.next(), try right.next())
            case (let one?, let other) where other.map({ one.id < $0.id }) ?? true:
                add("crystal \(one.id)", .onlyIn(.a))
                first = try left.next()
            case (_, let other?):
                add("crystal \(other.id)", .onlyIn(.b))
                second = try right.next()
            case (_?, nil), (nil, nil): return
            }
        }
    }

    private static func differences(
        _ a: LedgerCrystals.Entry, _ b: LedgerCrystals.Entry, skipping skipped: Set<String>
    ) -> [LedgerDifference.Field] {
        // Nearly all are equal, and then their columns stand in one order.
        let isEqual =
            a.fields.count == b.fields.count
            && zip(a.fields, b.fields).allSatisfy { $0.name == $1.name && isSame($0.value, $1.value) }
        if isEqual { return [] }
        let (left, right) = (table(a.fields), table(b.fields))
        let names = a.fields.map(\.name) + b.fields.map(\.name).filter { left[$0] == nil }
        return names.compactMap { name in
            let (one, other) = (left[name] ?? .null, right[name] ?? .null)
            guard !skipped.contains(name), !isSame(one, other) else { return nil }
            return .init(name: name, a: text(one), b: text(other))
        }
    }

    private static func table(_ fields: [(name: String, value: DatabaseValue)]) -> [String: DatabaseValue] {
        Dictionary(fields, uniquingKeysWith: { $1 })
    }

    /// Whether two values have the same bits.
    private static func isSame(_ a: DatabaseValue, _ b: DatabaseValue) -> Bool {
        switch (a.storage, b.storage) {
        case (.double(let one), .double(let other)): one.bitPattern == other.bitPattern
        case (.null, .null): true
        case (.int64(let one), .int64(let other)): one == other
        case (.string(let one), .string(let other)): one.utf8.elementsEqual(other.utf8)
        case (.blob(let one), .blob(let other)): one == other
        default: false
        }
    }

    private static func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .null: nil
        case .int64(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): text
        case .blob(let data): "\(data.count) bytes"
        }
    }
}
