internal import Base
package import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The directory of one run: where each of its files stands.
///
///     config.yaml      the configuration in effect      metrics.jsonl   a line for each version
///     run.json         id, seed, digests                roles.jsonl     a line for each process every few seconds
///     archive.sqlite   every scored crystal             report.html     the page of `druse report`
///     checkpoints/     a folder for each version kept   lock            held by the learner
///     inputs/          what decides results,            tensorboard/    event files for TensorBoard
///                      if it is not embedded
package struct RunDirectory: Sendable {
    package let url: URL
    package private(set) var manifest: RunManifest

    /// The folder of the inputs that are kept.
    package static let inputsName = "inputs"
    private static let manifestName = "run.json"

    package var inputs: URL { url.appending(path: RunDirectory.inputsName, directoryHint: .isDirectory) }
    package var configuration: URL { url.appending(path: "config.yaml") }
    package var archive: URL { url.appending(path: "archive.sqlite") }
    package var checkpoints: URL { url.appending(path: "checkpoints", directoryHint: .isDirectory) }
    package var metrics: URL { url.appending(path: "metrics.jsonl") }
    package var roles: URL { url.appending(path: "roles.jsonl") }
    /// Event files, one for each learner that made a step.
    package var tensorBoard: URL { url.appending(path: "tensorboard") }
    package var report: URL { url.appending(path: "report.html") }
    /// What `druse evaluate` found of the base policy, where the run has it.
    package var evaluationBefore: URL { url.appending(path: "evaluation-before.json") }
    /// What `druse evaluate` found of the final policy, where the run has it.
    package var evaluationAfter: URL { url.appending(path: "evaluation-after.json") }

    /// The names that a run takes, beside its description and its lock.
    private var names: ReservedNames {
        ReservedNames(
            in: url, begun: ["config.yaml", Self.inputsName, "reference.safetensors"],
            later: [
                "metrics.jsonl", "roles.jsonl", "tensorboard", "endpoint.json", "monitoring.json",
                "prometheus-targets.json",
            ])
    }

    /// Starts a run in a directory that holds none: makes the folders, keeps the effective configuration and the
    /// inputs. All of it is there when it returns; when it throws, nothing is.
    ///
    /// Throws `ArchiveError.runExists` if there is a run already, `ArchiveError.leftovers` if there are parts of one,
    /// `ArchiveError.occupied` if something else has a name that it takes, and `ArchiveError.locked` if another process
    /// is starting one there. The caller keeps the lock as long as it writes.
    ///
    /// - Parameters:
    ///   - files: further files, by their path in the directory.
    ///   - copies: files to be copied, by their path in the directory.
    package static func create(
        at url: URL, manifest: RunManifest, configuration: String, files: [String: Data] = [:],
        copies: [String: URL] = [:]
    ) throws(ArchiveError) -> (directory: RunDirectory, lock: RunLock) {
        var directory = RunDirectory(url: url, manifest: manifest)
        directory.manifest.configurationDigests = [Digest(of: Data(configuration.utf8)).hexadecimal]
        let isNew = !FileManager.default.fileExists(atPath: url.path)
        try DurableFile.makeDirectory(url)
        let lockFile = url.appending(path: "lock")
        let wasLocked = FileManager.default.fileExists(atPath: lockFile.path)
        let lock: RunLock
        do { lock = try RunLock(url: lockFile) } catch {
            if isNew { rmdir(url.path) }
            throw error
        }
        do {
            try directory.refuseWhatIsThere()
            try directory.names.claim()
        } catch {
            if !wasLocked { unlink(lockFile.path) }
            if isNew { rmdir(url.path) }
            throw error
        }
        do {
            try DurableFile.makeDirectory(directory.checkpoints)
            try DurableFile.makeDirectory(directory.inputs)
            try DurableFile.replace(directory.configuration, with: Data(configuration.utf8))
            for (name, data) in files.sorted(by: { $0.key < $1.key }) {
                try DurableFile.replace(url.appending(path: name), with: data)
            }
            for (name, source) in copies.sorted(by: { $0.key < $1.key }) {
                try DurableFile.replace(url.appending(path: name), with: try DurableFile.read(source))
            }
            // Last: a directory with run.json is a complete one.
            try DurableFile.replace(url.appending(path: manifestName), with: try directory.manifest.encoded())
        } catch {
            directory.discard()
            throw error
        }
        directory.names.complete()
        return (directory, lock)
    }

    private func refuseWhatIsThere() throws(ArchiveError) {
        if Self.holdsRun(at: url) { throw .runExists(path: url.path, runID: try Self.open(at: url).manifest.runID) }
        let checkpoints = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
        let parts =
            [(name: "checkpoints", isThere: !checkpoints.isEmpty)]
            + Self.archiveNames.map { name in
                (name: name, isThere: FileManager.default.fileExists(atPath: url.appending(path: name).path))
            }
        for part in parts where part.isThere { throw .leftovers(path: url.path, part: part.name) }
    }

    /// The database and what SQLite keeps beside it.
    private static let archiveNames = ["", "-wal", "-shm", "-journal"].map { "archive.sqlite\($0)" }

    /// Checks whether ``create(at:manifest:configuration:files:copies:)`` could begin a run, and changes nothing.
    package static func checkIsFree(at url: URL, manifest: RunManifest) throws(ArchiveError) {
        try checkWritable(at: url)
        try RunLock.checkFree(at: url.appending(path: "lock"))
        let directory = RunDirectory(url: url, manifest: manifest)
        try directory.refuseWhatIsThere()
        try directory.names.check()
    }

    /// Checks whether files can be made in a folder, or the folder itself where it is not there yet.
    package static func checkWritable(at url: URL) throws(ArchiveError) {
        var folder = url.absoluteURL
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder)
        guard isFolder.boolValue else {
            throw .file(path: folder.path, operation: "write into", reason: "it is no folder")
        }
        guard access(folder.path, W_OK | X_OK) == 0 else {
            throw .file(path: folder.path, operation: "write into", reason: DurableFile.lastSystemError())
        }
    }

    /// Removes what `create` and a start that failed have made, and the directory if nothing else is in it.
    ///
    /// For the process that began the run alone: `create` found nothing of these names.
    package func discard() {
        let manager = FileManager.default
        // First: without it the rest is not a run.
        try? manager.removeItem(at: url.appending(path: RunDirectory.manifestName))
        for name in ["checkpoints"] + Self.archiveNames { try? manager.removeItem(at: url.appending(path: name)) }
        names.discard()
        try? manager.removeItem(at: url.appending(path: "lock"))
        rmdir(url.path)
    }

    /// Replaces the configuration in effect. Killed at any time, the manifest knows the one that is there.
    package mutating func replaceConfiguration(with text: String) throws(ArchiveError) {
        let manifestFile = url.appending(path: RunDirectory.manifestName)
        let digest = Digest(of: Data(text.utf8)).hexadecimal
        if let known = manifest.configurationDigests {
            manifest.configurationDigests = Array(known.suffix(1)) + [digest]
            try DurableFile.replace(manifestFile, with: try manifest.encoded())
        }
        try DurableFile.replace(configuration, with: Data(text.utf8))
        manifest.configurationDigests = [digest]
        try DurableFile.replace(manifestFile, with: try manifest.encoded())
    }

    /// How many versions older than its step a crystal may be; 0 in the synchronous mode.
    ///
    /// Builds that did not write it into `run.json` say it in `config.yaml` alone, where the learner has a key a line.
    package var maximumStaleness: Int {
        if let known = manifest.maximumStaleness { return known }
        guard let text = try? String(contentsOf: configuration, encoding: .utf8) else { return 0 }
        func value(_ key: String) -> String? {
            text.split(separator: "\n").first { $0.hasPrefix("\(key):") }.map {
                $0.dropFirst(key.count + 1).prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            }
        }
        guard value("mode") == "asynchronous" else { return 0 }
        return value("max_staleness").flatMap { Int($0) } ?? 1
    }

    /// Whether a directory holds a run.
    package static func holdsRun(at url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.appending(path: manifestName).path)
    }

    /// Opens a run for going on with it.
    package static func resume(at url: URL) throws(ArchiveError) -> (directory: RunDirectory, lock: RunLock) {
        _ = try open(at: url)
        let lock = try RunLock(url: url.appending(path: "lock"))
        return (try open(at: url), lock)
    }

    /// Opens a run for reading; it may be running.
    package static func open(at url: URL) throws(ArchiveError) -> RunDirectory {
        let manifestFile = url.appending(path: manifestName)
        guard FileManager.default.fileExists(atPath: manifestFile.path) else { throw .noRun(path: url.path) }
        let manifest = try RunManifest.decode(DurableFile.read(manifestFile), path: manifestFile.path)
        return RunDirectory(url: url, manifest: manifest)
    }
}
