package import Foundation
import GRDB
package import Telemetry

/// The database of a run: every crystal that was sampled, and a record of every version.
///
/// One process writes, any number read at the same time (SQLite in WAL mode). The same id means the same crystal,
/// sampled again from the same seed: its row is replaced, so that a version that is repeated after a crash counts each
/// crystal once.
package final class RunArchive: Sendable {
    package let url: URL
    let database: any DatabaseWriter

    /// What is done with the database.
    package enum Access: Sendable {
        case readWrite, readOnly
    }

    /// Opens the database, makes it if it is to be written and there is none, and brings its tables up to date.
    package init(url: URL, access: Access = .readWrite) throws(ArchiveError) {
        self.url = url
        var configuration = Configuration()
        configuration.readonly = access == .readOnly
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 2
        if access == .readOnly && !FileManager.default.fileExists(atPath: url.path) {
            throw .file(path: url.path, operation: "open", reason: "there is no such file")
        }
        do {
            if access == .readOnly {
                database = try DatabaseQueue(path: url.path, configuration: configuration)
            } else {
                let pool = try DatabasePool(path: url.path, configuration: configuration)
                database = pool
                try RunArchive.migrator.migrate(pool)
            }
            let (isNewer, isComplete) = try database.read { connection in
                (
                    try RunArchive.migrator.hasBeenSuperseded(connection),
                    try RunArchive.migrator.hasCompletedMigrations(connection)
                )
            }
            if isNewer { throw ArchiveError.newerDatabase(path: url.path) }
            if !isComplete { throw ArchiveError.damaged(path: url.path, reason: "it is no archive of a run") }
        } catch let error as ArchiveError {
            throw error
        } catch let error as GRDB.DatabaseError where error.resultCode == .SQLITE_NOTADB {
            throw .damaged(path: url.path, reason: "it is not a SQLite database")
        } catch {
            throw .database(path: url.path, operation: "open the archive", reason: "\(error)")
        }
    }

    /// Adds crystals in one transaction: all or none. A row of the same id is replaced.
    package func insert(_ crystals: [ArchivedCrystal]) throws(ArchiveError) {
        try write("add crystals") { connection in
            let statement = try connection.cachedStatement(sql: RunArchive.insertion)
            for crystal in crystals { try statement.execute(arguments: StatementArguments(crystal.databaseArguments)) }
        }
    }

    /// Keeps the record of a version; one of the same version is replaced.
    package func insert(_ record: VersionRecord, policyDigest: String) throws(ArchiveError) {
        let text: String
        do {
            text = String(decoding: try JSONLines.encode(record), as: UTF8.self)
        } catch {
            throw .database(path: url.path, operation: "add a version", reason: "\(error)")
        }
        try write("add a version") { connection in
            try connection.execute(
                sql: "INSERT OR REPLACE INTO versions (version, policy_digest, created_at, record) VALUES (?, ?, ?, ?)",
                arguments: [record.version, policyDigest, record.time.timeIntervalSince1970, text])
        }
    }

    /// Removes a version and all after it: what a learner that goes on from the checkpoint of that version does again.
    package func removeVersions(from version: Int) throws(ArchiveError) {
        try write("remove versions") { connection in
            try connection.execute(sql: "DELETE FROM crystals WHERE version >= ?", arguments: [version])
            try connection.execute(sql: "DELETE FROM versions WHERE version >= ?", arguments: [version])
        }
    }

    /// Closes the database, so that all of it stands in one file.
    package func close() throws(ArchiveError) {
        do {
            try database.close()
        } catch {
            throw .database(path: url.path, operation: "close the archive", reason: "\(error)")
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

    private func write(_ operation: String, _ body: @Sendable (Database) throws -> Void) throws(ArchiveError) {
        do {
            try database.write { try body($0) }
        } catch {
            throw .database(path: url.path, operation: operation, reason: "\(error)")
        }
    }

    private static let insertion = """
        INSERT OR REPLACE INTO crystals (\(ArchivedCrystal.columnNames.joined(separator: ", ")))
        VALUES (\(ArchivedCrystal.columnNames.map { _ in "?" }.joined(separator: ", ")))
        """
}
