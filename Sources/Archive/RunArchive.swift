internal import Base
package import Foundation
internal import GRDB
package import Telemetry
package import Trajectories

/// The database of a run: every crystal that was sampled, what was measured of it, and a record of every step.
///
/// One process writes, any number read at the same time: SQLite in WAL mode while it is written, and one plain file
/// afterwards. Every transaction is flushed to the disk. The same id means the same crystal,
/// sampled again from the same seed: its row is replaced, so that a step that is repeated after a crash counts each
/// crystal once.
package final class RunArchive: Sendable {
    package let url: URL
    let database: any DatabaseWriter
    let isWriter: Bool
    /// Kept as long as the database is read from a copy.
    private let scratch: ScratchFolder?
    /// The file that is open; nil where it is only read.
    private let identity: FileIdentity?

    /// What is done with the database.
    package enum Access: Sendable {
        case readWrite, readOnly
    }

    /// Opens the database, makes it if it is to be written and there is none, and brings its tables up to date.
    ///
    /// To be read, it may stand on a file system that cannot be written, and it may be what a killed learner left.
    ///
    /// - Parameter isOnNetwork: whether several machines share its file system; nil: asks the system.
    package init(url: URL, access: Access = .readWrite, isOnNetwork: Bool? = nil) throws(ArchiveError) {
        self.url = url
        isWriter = access == .readWrite
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
            throw .damaged(path: url.path, reason: "it is a folder, not a database")
        }
        if access == .readOnly && !FileManager.default.fileExists(atPath: url.path) {
            throw .file(path: url.path, operation: "open", reason: "there is no such file")
        }
        do {
            if access == .readOnly {
                let (queue, scratch) = try RunArchive.openForReading(url)
                (database, self.scratch, identity) = (queue, scratch, nil)
            } else {
                database = try RunArchive.openForWriting(
                    url, isOnNetwork: isOnNetwork ?? NetworkFileSystem.holds(url.deletingLastPathComponent()))
                (scratch, identity) = (nil, FileIdentity(path: url.path))
                try RunArchive.migrator.migrate(database)
            }
            let (isNewer, isArchive) = try database.read { connection in
                let applied = try RunArchive.migrator.appliedIdentifiers(connection)
                // A reader takes the tables of any build: none has lost a column that is read.
                return (
                    try RunArchive.migrator.hasBeenSuperseded(connection),
                    applied.contains(RunArchive.firstMigration)
                )
            }
            if isNewer { throw ArchiveError.newerDatabase(path: url.path) }
            if !isArchive { throw ArchiveError.damaged(path: url.path, reason: "it is not an archive of a run") }
        } catch let error as ArchiveError {
            throw error
        } catch let error as GRDB.DatabaseError where error.resultCode == .SQLITE_NOTADB {
            throw .damaged(path: url.path, reason: "it is not a SQLite database")
        } catch {
            throw RunArchive.failure("open the archive", at: url, error)
        }
    }

    /// What SQLite could not do; a full disk is told apart from other faults.
    private static func failure(_ operation: String, at url: URL, _ error: any Error) -> ArchiveError {
        let code = (error as? GRDB.DatabaseError)?.resultCode
        let isFull =
            switch code {
            case .SQLITE_FULL?: true
            // Of a quota, and of the files beside the database, SQLite says no more than this.
            case .SQLITE_IOERR?, .SQLITE_CANTOPEN?: FreeSpace.isExhausted(at: url.deletingLastPathComponent())
            default: false
            }
        if isFull { return .noRoom(path: url.path, operation: operation) }
        return .database(path: url.path, operation: operation, reason: "\(error)")
    }

    /// Adds crystals in one transaction: all or none. A row of the same id is replaced.
    package func insert(_ crystals: [ArchivedCrystal]) throws(ArchiveError) {
        try write("add crystals") { connection in
            let statement = try connection.cachedStatement(sql: RunArchive.insertion)
            for crystal in crystals {
                try statement.execute(arguments: StatementArguments(crystal.databaseArguments))
                try RunArchive.insertMeasurement(of: crystal, into: connection)
            }
        }
    }

    /// Adds crystals that have their outcomes, at any time: those that a step has taken stay as its record has them.
    package func insertFinished(_ crystals: [ArchivedCrystal]) throws(ArchiveError) {
        try write("add crystals") { connection in
            let taken = try connection.cachedStatement(
                sql: """
                    SELECT 1 FROM crystals
                    WHERE version = ? AND unit = ? AND crystal_index = ? AND batch IS NOT NULL
                    """)
            let statement = try connection.cachedStatement(sql: RunArchive.insertion)
            for crystal in crystals {
                let id = crystal.id
                let key: StatementArguments = [id.version.number, id.unit, id.index]
                guard try Int.fetchOne(taken, arguments: key) == nil else { continue }
                try statement.execute(arguments: StatementArguments(crystal.databaseArguments))
                try RunArchive.insertMeasurement(of: crystal, into: connection)
            }
        }
    }

    /// Keeps the record of a step whose checkpoint is there; one of the same step is replaced.
    ///
    /// - Parameter policyDigest: Of the version that it began with.
    package func insert(_ record: StepRecord, policyDigest: String) throws(ArchiveError) {
        let text = try text(of: record)
        try write("add a step") { connection in
            try RunArchive.insert(record, text: text, policyDigest: policyDigest, into: connection)
            try connection.execute(sql: "DELETE FROM pending_version")
        }
    }

    /// Keeps the record of a step whose checkpoint is not there yet, in the place of another one, and notes which
    /// crystals its batch holds, which of them it trained on, and what they are worth.
    package func insertPending(
        _ record: StepRecord, policyDigest: String, batch: [CrystalID], trainedOn crystals: [CrystalID],
        verdicts: [(id: CrystalID, verdict: Verdict)] = []
    ) throws(ArchiveError) {
        let text = try text(of: record)
        try write("add a step") { connection in
            try connection.execute(sql: "DELETE FROM pending_version")
            try connection.execute(
                sql: "INSERT INTO pending_version (version, policy_digest, record) VALUES (?, ?, ?)",
                arguments: [record.version, policyDigest, text])
            for (column, ids) in [("batch", batch), ("trained_at", crystals)] {
                let statement = try connection.cachedStatement(
                    sql: "UPDATE crystals SET \(column) = ? WHERE version = ? AND unit = ? AND crystal_index = ?")
                for id in ids {
                    try statement.execute(arguments: [record.step, id.version.number, id.unit, id.index])
                    // No step is kept that trained on something that is not.
                    guard connection.changesCount == 1 else { throw MissingCrystal(id: id, step: record.step) }
                }
            }
            let judging = try connection.cachedStatement(
                sql: """
                    UPDATE crystals SET reward = ?, reason = ?
                    WHERE version = ? AND unit = ? AND crystal_index = ?
                    """)
            for (id, verdict) in verdicts {
                let reward = verdict.reward.flatMap { $0.isFinite ? $0 : nil }
                try judging.execute(
                    arguments: [reward, verdict.reason, id.version.number, id.unit, id.index])
            }
        }
    }

    /// Settles what a killed learner left: a pending record, and what it trained on, counts if the checkpoint of its
    /// step is there. Steps whose checkpoints are not usable any more are made again, so that their records go.
    ///
    /// - Parameter next: The step that the newest good checkpoint is followed by.
    package func settlePending(next: Step) throws(ArchiveError) {
        try write("add a step") { connection in
            let rows = try Row.fetchAll(connection, sql: "SELECT * FROM pending_version")
            for reader in rows.map({ RowReader(row: $0) }) {
                let text: String = try reader.value("record")
                guard let record = JSONLines.decode(StepRecord.self, from: Data(text.utf8)), record.step < next.number
                else { continue }
                let digest: String = try reader.value("policy_digest")
                try RunArchive.insert(record, text: text, policyDigest: digest, into: connection)
                if record.trained == nil { try RunArchive.markTrained(byRecord: text, in: connection) }
            }
            try connection.execute(sql: "DELETE FROM pending_version")
            try connection.execute(
                sql: """
                    UPDATE crystals SET trained_at = NULL WHERE trained_at >= :next;
                    UPDATE crystals SET batch = NULL WHERE batch >= :next;
                    DELETE FROM versions WHERE step >= :next;
                    """, arguments: ["next": next.number])
        }
    }

    private func text(of record: StepRecord) throws(ArchiveError) -> String {
        do {
            return String(decoding: try JSONLines.encode(record), as: UTF8.self)
        } catch {
            throw .database(path: url.path, operation: "add a step", reason: "\(error)")
        }
    }

    private static func insert(
        _ record: StepRecord, text: String, policyDigest: String, into connection: Database
    ) throws {
        try connection.execute(
            sql: """
                INSERT OR REPLACE INTO versions (version, step, policy_digest, created_at, record)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [record.version, record.step, policyDigest, record.time.timeIntervalSince1970, text])
    }

    /// How SQLite keeps what is written: its journal, and when it flushes to the disk (2: at every transaction).
    package func durability() throws(ArchiveError) -> (journalMode: String, synchronous: Int) {
        do {
            return try database.writeWithoutTransaction {
                (
                    try String.fetchOne($0, sql: "PRAGMA journal_mode") ?? "",
                    try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1
                )
            }
        } catch {
            throw .database(path: url.path, operation: "read its settings", reason: "\(error)")
        }
    }

    /// Checks that the file of the database stands where it was opened.
    ///
    /// - Throws: ``ArchiveError/moved(path:)``.
    package func checkPlace() throws(ArchiveError) {
        if let identity, !identity.isAt(url.path) { throw .moved(path: url.path) }
    }

    /// Closes the database; what was written stands in its one file, readable where nothing can be written.
    package func close() throws(ArchiveError) {
        do {
            try database.close()
            try checkPlace()
            if isWriter { try RunArchive.gatherIntoOneFile(url) }
        } catch let error as ArchiveError {
            throw error
        } catch {
            throw RunArchive.failure("close the archive", at: url, error)
        }
    }

    /// Reads from the database; errors say what was being done.
    func read<Value: Sendable>(
        _ operation: String, _ body: @Sendable (Database) throws -> Value
    ) throws(ArchiveError) -> Value {
        do {
            return try database.read { try body($0) }
        } catch {
            throw .database(path: url.path, operation: operation, reason: "\(error)")
        }
    }

    /// Changes the database in one transaction.
    func write(_ operation: String, _ body: @Sendable (Database) throws -> Void) throws(ArchiveError) {
        do {
            try database.write { try body($0) }
        } catch {
            throw RunArchive.failure(operation, at: url, error)
        }
    }

    /// A crystal that was trained on has no row.
    private struct MissingCrystal: Error, CustomStringConvertible {
        let id: CrystalID
        let step: Int
        var description: String { "step \(step) trained on crystal \(id), which it does not hold" }
    }

    private static let insertion = """
        INSERT OR REPLACE INTO crystals (\(ArchivedCrystal.columnNames.joined(separator: ", ")))
        VALUES (\(ArchivedCrystal.columnNames.map { _ in "?" }.joined(separator: ", ")))
        """
}
