internal import Base
package import Foundation

/// The checkpoints of a run: a folder for each version, complete or not there.
///
/// A checkpoint is written into a temporary folder, each file flushed, the manifest with the SHA-256 of each file last;
/// then the folder gets its name. A crash at any point leaves the checkpoints of before. One process writes; any may
/// read.
package struct CheckpointStore: Sendable {
    package let directory: URL
    /// The SHA-256 of the reference policy of the run; checkpoints of another are refused.
    package let referenceDigest: String
    /// How many of the newest are kept: at least 2, one for readers that are slow and one if the newest is damaged.
    let keptCount: Int
    /// The run that it belongs to; checkpoints of another are passed over. Nil: it belongs to none.
    let run: RunMark?
    private static let temporaryPrefix = ".new-"
    private static let replacedPrefix = ".old-"

    /// Opens the checkpoints for writing and puts right what a crash may have left.
    /// - Precondition: `keptCount` is at least 2.
    package init(
        directory: URL, referenceDigest: String, run: RunMark? = nil, keeping keptCount: Int = 3
    ) throws(ArchiveError) {
        precondition(keptCount >= 2, "at least two checkpoints are kept")
        self.directory = directory
        self.referenceDigest = referenceDigest
        self.keptCount = keptCount
        self.run = run
        try DurableFile.makeDirectory(directory)
        try recover()
    }

    /// The checkpoints of a run for reading: nothing is made, removed or renamed.
    package init(reading directory: URL, referenceDigest: String, run: RunMark? = nil) {
        self.run = run
        self.directory = directory
        self.referenceDigest = referenceDigest
        keptCount = 2
    }

    /// Saves a checkpoint, then removes those that need not be kept. One of the same version is replaced.
    /// - Precondition: names of parts are letters, digits, ".", "_" and "-" and do not start with ".".
    @discardableResult
    package func save(_ checkpoint: Checkpoint) throws(ArchiveError) -> URL {
        precondition(checkpoint.parts.keys.allSatisfy(CheckpointManifest.isAllowed(partName:)), "a part has a bad name")
        precondition(checkpoint.version >= 0 && !checkpoint.parts.isEmpty)
        let destination = folder(of: checkpoint.version)
        guard checkpoint.referenceDigest == referenceDigest else {
            throw .foreignReference(
                path: destination.path, expected: referenceDigest, found: checkpoint.referenceDigest)
        }
        let temporary = directory.appending(path: "\(CheckpointStore.temporaryPrefix)\(destination.lastPathComponent)")
        try remove(temporary)
        do { try writeFiles(of: checkpoint, into: temporary) } catch {
            // On a full disk others need the room.
            try? remove(temporary)
            throw error
        }
        if FileManager.default.fileExists(atPath: destination.path) {
            let replaced = directory.appending(
                path: "\(CheckpointStore.replacedPrefix)\(destination.lastPathComponent)")
            try remove(replaced)
            try DurableFile.rename(destination, to: replaced)
            try DurableFile.rename(temporary, to: destination)
            try DurableFile.flush(directory: directory)
            try remove(replaced)
        } else {
            try DurableFile.rename(temporary, to: destination)
            try DurableFile.flush(directory: directory)
        }
        try prune(upTo: checkpoint.version)
        return destination
    }

    /// The versions that have a folder, oldest first, whether complete or not; what is not a checkpoint is left out.
    package func versions() throws(ArchiveError) -> [Int] { try folders().keys.sorted() }

    /// The newest checkpoint that is complete and undamaged, and what is wrong with newer ones; nil if there is none.
    package func latest() throws(ArchiveError) -> (checkpoint: Checkpoint?, damaged: [Checkpoint.Damage]) {
        try latest { $0 }
    }

    /// What `use` makes of the newest checkpoint that it accepts, and what is wrong with newer ones; nil if there is
    /// none.
    ///
    /// This is the one rule for the newest good checkpoint: whatever is wrong with one, be it cut short, changed,
    /// unreadable or not to the liking of `use`, the one before it is taken.
    ///
    /// Throws `ArchiveError.foreignReference` if there are none but those of another reference policy.
    package func latest<Value>(
        _ use: (Checkpoint) throws -> Value
    ) throws(ArchiveError) -> (checkpoint: Value?, damaged: [Checkpoint.Damage]) {
        var damaged: [Checkpoint.Damage] = []
        var foreign: ArchiveError?
        for (version, folder) in try folders().sorted(by: { $0.key > $1.key }) {
            do {
                return (try use(try load(version: version, from: folder)), damaged)
            } catch let error as ArchiveError {
                if case .foreignReference = error { foreign = foreign ?? error }
                if case .damaged(let path, let reason) = error {
                    damaged.append(Checkpoint.Damage(path: path, reason: reason))
                } else {
                    damaged.append(Checkpoint.Damage(path: folder.path, reason: "\(error)"))
                }
            } catch {
                damaged.append(Checkpoint.Damage(path: folder.path, reason: "\(error)"))
            }
        }
        if let foreign { throw foreign }
        return (nil, damaged)
    }

    /// The checkpoint of one version.
    package func load(version: Int) throws(ArchiveError) -> Checkpoint {
        guard let folder = try folders()[version] else {
            throw .noCheckpoint(path: directory.path, version: version)
        }
        return try load(version: version, from: folder)
    }

    private func load(version: Int, from folder: URL) throws(ArchiveError) -> Checkpoint {
        let checkpoint = try CheckpointStore.read(folder)
        guard checkpoint.version == version else {
            throw .damaged(path: folder.path, reason: "its manifest says version \(checkpoint.version)")
        }
        guard checkpoint.referenceDigest == referenceDigest else {
            throw .foreignReference(path: folder.path, expected: referenceDigest, found: checkpoint.referenceDigest)
        }
        if let run, let found = try CheckpointStore.manifest(of: folder).run, found != run {
            throw .damaged(path: folder.path, reason: "it is of the run \(found), not of \(run)")
        }
        return checkpoint
    }

    /// The SHA-256 of each part of a version, as its manifest tells; nil if there is no readable one.
    package func digests(version: Int) -> [String: String]? {
        guard let manifest = try? CheckpointStore.manifest(of: folder(of: version)) else { return nil }
        return Dictionary(manifest.parts.map { ($0.name, $0.sha256) }, uniquingKeysWith: { $1 })
    }

    private static func manifest(of folder: URL) throws(ArchiveError) -> CheckpointManifest {
        let manifestFile = folder.appending(path: CheckpointManifest.fileName)
        guard let manifestData = try? Data(contentsOf: manifestFile) else {
            throw .damaged(path: folder.path, reason: "it has no \(CheckpointManifest.fileName)")
        }
        guard let manifest = try? JSONDecoder().decode(CheckpointManifest.self, from: manifestData) else {
            throw .damaged(path: folder.path, reason: "its \(CheckpointManifest.fileName) is not readable")
        }
        guard manifest.format == CheckpointManifest.currentFormat else {
            throw .damaged(path: folder.path, reason: "its format \(manifest.format) is unknown here")
        }
        return manifest
    }

    /// Reads a checkpoint folder and checks every file of it, whichever run it belongs to.
    package static func read(_ folder: URL) throws(ArchiveError) -> Checkpoint {
        let manifest = try manifest(of: folder)
        var parts: [String: Data] = [:]
        for part in manifest.parts {
            guard CheckpointManifest.isAllowed(partName: part.name) else {
                throw .damaged(path: folder.path, reason: "its manifest names a file that cannot be one of its parts")
            }
            guard let data = try? Data(contentsOf: folder.appending(path: part.name)) else {
                throw .damaged(path: folder.path, reason: "\(part.name) is missing")
            }
            guard data.count == part.bytes else {
                throw .damaged(
                    path: folder.path, reason: "\(part.name) has \(data.count) bytes instead of \(part.bytes)")
            }
            guard Digest(of: data).hexadecimal == part.sha256 else {
                throw .damaged(path: folder.path, reason: "\(part.name) does not have the SHA-256 of the manifest")
            }
            parts[part.name] = data
        }
        return Checkpoint(version: manifest.version, referenceDigest: manifest.referenceDigest, parts: parts)
    }

    /// The folder of a version.
    package func folder(of version: Int) -> URL {
        directory.appending(path: CheckpointStore.folderName(of: version), directoryHint: .isDirectory)
    }

    private static func folderName(of version: Int) -> String {
        let digits = String(version)
        return "version-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    private static func version(ofFolder name: some StringProtocol) -> Int? {
        guard name.hasPrefix("version-"), let version = Int(name.dropFirst("version-".count)), version >= 0,
            name == folderName(of: version)
        else { return nil }
        return version
    }

    /// The folders that have the name of a checkpoint, by version; a replaced one counts while its successor has not
    /// got its name. None if there is no directory.
    private func folders() throws(ArchiveError) -> [Int: URL] {
        guard FileManager.default.fileExists(atPath: directory.path) else { return [:] }
        var folders: [Int: URL] = [:]
        for name in try names() {
            let isReplaced = name.hasPrefix(CheckpointStore.replacedPrefix)
            let plain = isReplaced ? name.dropFirst(CheckpointStore.replacedPrefix.count) : name[...]
            let url = directory.appending(path: name, directoryHint: .isDirectory)
            var isFolder: ObjCBool = false
            guard let version = CheckpointStore.version(ofFolder: plain),
                FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue,
                !isReplaced || folders[version] == nil
            else { continue }
            folders[version] = url
        }
        return folders
    }

    private func names() throws(ArchiveError) -> [String] { try DurableFile.names(in: directory) }

    private func writeFiles(of checkpoint: Checkpoint, into folder: URL) throws(ArchiveError) {
        try DurableFile.makeDirectory(folder)
        for (name, data) in checkpoint.parts.sorted(by: { $0.key < $1.key }) {
            try DurableFile.write(data, to: folder.appending(path: name))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let manifestFile = folder.appending(path: CheckpointManifest.fileName)
        let manifest: Data
        do {
            manifest = try encoder.encode(CheckpointManifest(checkpoint, run: run))
        } catch {
            throw .file(path: manifestFile.path, operation: "encode", reason: "\(error)")
        }
        try DurableFile.write(manifest, to: manifestFile)
        try DurableFile.flush(directory: folder)
    }

    /// Removes all but the best and the newest, counted from the one just saved: newer ones, which are damaged, are
    /// replaced in time.
    private func prune(upTo saved: Int) throws(ArchiveError) {
        // Any of them may be the best one.
        guard !isBestDamaged else { return }
        let best = best()?.version
        for version in try versions().filter({ $0 <= saved }).dropLast(keptCount) where version != best {
            try remove(folder(of: version))
        }
    }

    /// Removes unfinished folders; gives a replaced one its name back if its successor never got it.
    private func recover() throws(ArchiveError) {
        for name in try names() {
            if name.hasPrefix(CheckpointStore.temporaryPrefix) {
                try remove(directory.appending(path: name))
            } else if name.hasPrefix(CheckpointStore.replacedPrefix) {
                let original = directory.appending(path: String(name.dropFirst(CheckpointStore.replacedPrefix.count)))
                if FileManager.default.fileExists(atPath: original.path) {
                    try remove(directory.appending(path: name))
                } else {
                    try DurableFile.rename(directory.appending(path: name), to: original)
                }
            }
        }
    }

    /// Removes a folder; the manifest first, so that a half removed one is not taken for a complete one.
    private func remove(_ folder: URL) throws(ArchiveError) {
        guard FileManager.default.fileExists(atPath: folder.path) else { return }
        do {
            try? FileManager.default.removeItem(at: folder.appending(path: CheckpointManifest.fileName))
            try FileManager.default.removeItem(at: folder)
        } catch {
            throw .file(path: folder.path, operation: "remove", reason: FileProblem.reason(of: error))
        }
    }
}
