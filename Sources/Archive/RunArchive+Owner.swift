internal import Foundation
internal import GRDB

extension RunArchive {
    /// Has the database say which run it is of, so that that of another one is never taken for this one's.
    ///
    /// A database of a build that did not note it becomes the run's.
    ///
    /// - Throws: `ArchiveError.foreignArchive` where it is of another run; nothing is changed.
    package func claim(forRun id: String) throws(ArchiveError) {
        let owner = try read("look up its run") { try String.fetchOne($0, sql: "SELECT id FROM run") }
        if let owner, owner != id { throw .foreignArchive(path: url.path, expected: id, found: owner) }
        guard owner == nil else { return }
        try write("note its run") { try $0.execute(sql: "INSERT INTO run (id) VALUES (?)", arguments: [id]) }
    }
}
