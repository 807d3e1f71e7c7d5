import Foundation
import GRDB

/// How the database is opened and left, on file systems of all kinds.
extension RunArchive {
    /// How long a lock of another process is waited for, s.
    private static let busySeconds = 10.0

    static func openForWriting(_ url: URL, isOnNetwork: Bool) throws -> any DatabaseWriter {
        // Made here, since SQLite heeds the umask in part only; the files it makes later take after this one.
        if !FileManager.default.fileExists(atPath: url.path) {
            try DurableFile.makeEmpty(url)
            try DurableFile.flush(directory: url.deletingLastPathComponent())
        }
        var configuration = Configuration()
        configuration.busyMode = .timeout(busySeconds)
        configuration.maximumReaderCount = 2
        let database: any DatabaseWriter
        if isOnNetwork {
            // WAL needs memory that all its processes share, which machines do not.
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
            database = try DatabaseQueue(path: url.path, configuration: configuration)
            try database.writeWithoutTransaction { connection in
                _ = try String.fetchOne(connection, sql: "PRAGMA journal_mode = TRUNCATE")
                try connection.execute(sql: "PRAGMA locking_mode = NORMAL")
            }
        } else {
            database = try DatabasePool(path: url.path, configuration: configuration)
        }
        // A checkpoint on the disk must not know of crystals that are not there yet.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return database
    }

    /// Opens the database without writing to it or beside it, wherever SQLite would have to.
    static func openForReading(_ url: URL) throws -> (DatabaseQueue, ScratchFolder?) {
        do {
            return (try reader(url.path), nil)
        } catch let error as DatabaseError
            where [.SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_IOERR].contains(error.resultCode)
        {
            // In WAL mode where no file can be made: without a journal the file is all there is, else a copy is read.
            let journal = URL(filePath: url.path + "-wal")
            let size = (try? FileManager.default.attributesOfItem(atPath: journal.path)[.size] as? Int) ?? 0
            if size == 0, let queue = try? reader(url.absoluteString + "?immutable=1") { return (queue, nil) }
            let scratch = try ScratchFolder()
            let copy = scratch.url.appending(path: "archive.sqlite")
            try FileManager.default.copyItem(at: url, to: copy)
            if size > 0 { try FileManager.default.copyItem(at: journal, to: URL(filePath: copy.path + "-wal")) }
            return (try reader(copy.path), scratch)
        }
    }

    private static func reader(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(busySeconds)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.read { _ = try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM sqlite_master") }
        return queue
    }

    /// Takes what stands in the journal into the database and removes the journal.
    ///
    /// SQLite does so itself only if the last to close the database can write. While someone reads, the journal stays,
    /// empty.
    static func gatherIntoOneFile(_ url: URL) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(1)
        let queue = try DatabaseQueue(path: url.path, configuration: configuration)
        try queue.writeWithoutTransaction { connection in
            _ = try Row.fetchOne(connection, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            do {
                _ = try String.fetchOne(connection, sql: "PRAGMA journal_mode = DELETE")
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {}
        }
        try queue.close()
    }
}

/// A folder that goes with its owner.
final class ScratchFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "druse-archive-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
