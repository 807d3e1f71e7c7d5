internal import Base
internal import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The folder of an allow-list: a file NAME.pub for each key that may take part.
package struct AllowListFolder: Sendable {
    /// What is seen of the folder without reading its files: it changes when they do.
    package struct Look: Sendable, Hashable {
        struct File: Sendable, Hashable {
            var name: String
            var size: Int64
            var inode: UInt64
            var modified: Int64
            var modifiedNanoseconds: Int64
            var mode: UInt32
        }

        var files: [File]
    }

    package let path: String
    /// More keys than this are a mistake.
    private static let limit = 10_000

    package init(path: String) { self.path = path }

    /// The folder of this path, or the one in a folder of keys.
    package static func find(_ path: String) -> AllowListFolder {
        let inner = URL(filePath: path).appending(path: KeyFolder.allowedName).path
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: inner, isDirectory: &isFolder)
        let holdsLearner = FileManager.default.fileExists(
            atPath: URL(filePath: path).appending(path: KeyFolder.learnerKeyName).path)
        return AllowListFolder(path: (isThere && isFolder.boolValue) || holdsLearner ? inner : path)
    }

    /// Looks at the folder.
    ///
    /// - Throws: ``SecurityError``.
    package func look() throws(SecurityError) -> Look {
        let files = try names().map { name throws(SecurityError) in
            var status = stat()
            let file = URL(filePath: path).appending(path: name).path
            guard stat(file, &status) == 0 else {
                throw .file(path: file, operation: "read", reason: FileProblem.reason(ofCode: errno))
            }
            return Look.File(
                name: name, size: Int64(status.st_size), inode: UInt64(status.st_ino),
                modified: Int64(status.st_mtim.tv_sec), modifiedNanoseconds: Int64(status.st_mtim.tv_nsec),
                mode: UInt32(status.st_mode))
        }
        return Look(files: files)
    }

    /// Reads all of it, as it was at one moment.
    ///
    /// - Throws: ``SecurityError``: a single file that is damaged makes the list unusable, since nobody can say whom it
    ///   would let in.
    package func read() throws(SecurityError) -> (list: AllowList, look: Look) {
        var failure: SecurityError?
        // A list that is being changed is read again.
        for _ in 0..<5 {
            do {
                let before = try look()
                let records = try records()
                guard try look() == before else { continue }
                return (try AllowList(records, path: path), before)
            } catch { failure = error }
        }
        throw failure ?? .file(path: path, operation: "read", reason: "it changes all the time")
    }

    /// The keys, by name.
    package func records() throws(SecurityError) -> [KeyRecord] {
        try PrivateFile.checkUnchangeable(path)
        return try names().map { name throws(SecurityError) in
            let file = URL(filePath: path).appending(path: name).path
            let record = try KeyRecord(PrivateFile.read(file, .trusted), path: file)
            guard record.secretKey == nil else {
                throw .notAKey(path: file, problem: "holds a secret key: it belongs to its owner, not on an allow-list")
            }
            guard name == record.name + KeyFolder.publicSuffix else {
                throw .notAKey(path: file, problem: "is the key \(record.name): call it \(record.name).pub")
            }
            return record
        }
    }

    /// Lets a key take part from now on, in place of one of its name.
    ///
    /// - Throws: ``SecurityError``.
    package func allow(_ record: KeyRecord, as role: KeyRole) throws {
        guard role != .learner else {
            throw SecurityError.problem("\(record.name) is the key of a learner: no allow-list takes it")
        }
        try PrivateFile.makeFolder(path)
        let others = try records().filter { $0.name != record.name }
        if let other = others.first(where: { $0.publicKey == record.publicKey }) {
            throw SecurityError.problem("this key is allowed already, as \(other.name)")
        }
        try PrivateFile.replace(file(of: record.name), record.shared(role: role).content(), mode: 0o644)
    }

    /// Takes a key off the list.
    ///
    /// - Throws: ``SecurityError`` if it is not there.
    package func revoke(_ name: String) throws(SecurityError) {
        if let problem = KeyName.problem(of: name) { throw .problem(problem) }
        guard unlink(file(of: name)) == 0 else {
            if errno == ENOENT {
                let known = try names().map { String($0.dropLast(KeyFolder.publicSuffix.count)) }
                throw .problem(
                    "\(name) is not on the allow-list \(path), which has "
                        + (known.isEmpty ? "no keys" : known.joined(separator: ", ")))
            }
            throw .file(path: file(of: name), operation: "remove", reason: FileProblem.reason(ofCode: errno))
        }
    }

    private func file(of name: String) -> String {
        URL(filePath: path).appending(path: name + KeyFolder.publicSuffix).path
    }

    private func names() throws(SecurityError) -> [String] {
        let all: [String]
        do { all = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
            throw .file(path: path, operation: "read", reason: FileProblem.reason(of: error))
        }
        // Others are ignored: what an editor or a mount leaves there, and files that are being written.
        let names = all.filter { $0.hasSuffix(KeyFolder.publicSuffix) && !$0.hasPrefix(".") }
        guard names.count <= Self.limit else {
            throw .problem("\(path) has \(names.count) keys; at most \(Self.limit) can take part")
        }
        return names.sorted()
    }
}
