package import Foundation

/// The directory of one run: where each of its files stands.
///
///     config.yaml      the configuration in effect      metrics.jsonl   a line for each version
///     run.json         id, build, seed                  roles.jsonl     a line for each process every few seconds
///     archive.sqlite   every scored crystal             report.html     the page of `druse report`
///     checkpoints/     a folder for each version kept   lock            held by the learner
package struct RunDirectory: Sendable {
    package let url: URL
    package let manifest: RunManifest

    package var configuration: URL { url.appending(path: "config.yaml") }
    package var archive: URL { url.appending(path: "archive.sqlite") }
    package var checkpoints: URL { url.appending(path: "checkpoints", directoryHint: .isDirectory) }
    package var metrics: URL { url.appending(path: "metrics.jsonl") }
    package var roles: URL { url.appending(path: "roles.jsonl") }
    package var report: URL { url.appending(path: "report.html") }
    /// What `druse evaluate` found of the base policy, where the run has it.
    package var evaluationBefore: URL { url.appending(path: "evaluation-before.json") }
    /// What `druse evaluate` found of the final policy, where the run has it.
    package var evaluationAfter: URL { url.appending(path: "evaluation-after.json") }

    /// Starts a run in a directory that holds none: makes the folders, keeps the effective configuration.
    ///
    /// Throws `ArchiveError.runExists` if there is a run already and `ArchiveError.locked` if another process is starting
    /// one there. The caller keeps the lock as long as it writes.
    package static func create(
        at url: URL, manifest: RunManifest, configuration: String
    ) throws(ArchiveError) -> (directory: RunDirectory, lock: RunLock) {
        let directory = RunDirectory(url: url, manifest: manifest)
        try DurableFile.makeDirectory(url)
        let lock = try RunLock(url: url.appending(path: "lock"))
        let manifestFile = url.appending(path: "run.json")
        if FileManager.default.fileExists(atPath: manifestFile.path) {
            let existing = try open(at: url)
            throw .runExists(path: url.path, runID: existing.manifest.runID)
        }
        try DurableFile.makeDirectory(directory.checkpoints)
        try DurableFile.replace(directory.configuration, with: Data(configuration.utf8))
        // Last: a directory with run.json is a complete one.
        try DurableFile.replace(manifestFile, with: try manifest.encoded())
        return (directory, lock)
    }

    /// Whether a directory holds a run.
    package static func holdsRun(at url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.appending(path: "run.json").path)
    }

    /// Opens a run for going on with it.
    package static func resume(at url: URL) throws(ArchiveError) -> (directory: RunDirectory, lock: RunLock) {
        _ = try open(at: url)
        let lock = try RunLock(url: url.appending(path: "lock"))
        return (try open(at: url), lock)
    }

    /// Opens a run for reading; it may be running.
    package static func open(at url: URL) throws(ArchiveError) -> RunDirectory {
        let manifestFile = url.appending(path: "run.json")
        guard FileManager.default.fileExists(atPath: manifestFile.path) else { throw .noRun(path: url.path) }
        let manifest = try RunManifest.decode(DurableFile.read(manifestFile), path: manifestFile.path)
        return RunDirectory(url: url, manifest: manifest)
    }
}
