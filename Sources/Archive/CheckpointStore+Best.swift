internal import Base
package import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The best version of a run until now, by a measure of the crystals that it sampled: `best.json` among the
/// checkpoints.
package struct BestVersion: Codable, Equatable, Sendable {
    /// The version whose policy sampled what was measured; 0 is the policy at the start, which has no checkpoint.
    package var version: Int
    /// The name of the measure.
    package var measure: String
    package var value: Double

    package init(version: Int, measure: String, value: Double) {
        self.version = version
        self.measure = measure
        self.value = value
    }
}

/// The checkpoint of the best version is kept, however old it becomes; `best` among the checkpoints leads to it.
extension CheckpointStore {
    private static let bestFileName = "best.json"
    /// A link to the folder of the best version, for people and scripts; what holds is `best.json`.
    private static let bestLinkName = "best"

    /// The best version until now; nil if none is noted, or if the note cannot be read.
    package func best() -> BestVersion? {
        guard let data = try? Data(contentsOf: directory.appending(path: Self.bestFileName)) else { return nil }
        return try? JSONDecoder().decode(BestVersion.self, from: data)
    }

    /// Whether there is a note of the best version that cannot be read.
    package var isBestDamaged: Bool {
        best() == nil && FileManager.default.fileExists(atPath: directory.appending(path: Self.bestFileName).path)
    }

    /// Puts a note of the best version that cannot be read, and a copy of the checkpoint that `best` leads to, where
    /// nothing is removed, so that another version can be the best one.
    ///
    /// - Returns: where they are, the note first; empty where there is no damaged note.
    package func setDamagedBestAside() throws(ArchiveError) -> [URL] {
        guard isBestDamaged else { return [] }
        var kept: [URL] = []
        let link = directory.appending(path: Self.bestLinkName)
        if let name = try? FileManager.default.destinationOfSymbolicLink(atPath: link.path),
            FileManager.default.fileExists(atPath: directory.appending(path: name).path)
        {
            let copy = directory.appending(path: "kept-\(name)", directoryHint: .isDirectory)
            do {
                if !FileManager.default.fileExists(atPath: copy.path) {
                    try FileManager.default.copyItem(at: directory.appending(path: name), to: copy)
                }
            } catch {
                throw .file(path: copy.path, operation: "write", reason: FileProblem.reason(of: error))
            }
            kept.append(copy)
        }
        let note = directory.appending(path: "\(Self.bestFileName).damaged")
        try DurableFile.rename(directory.appending(path: Self.bestFileName), to: note)
        unlink(link.path)
        return [note] + kept
    }

    /// Notes that a version is the best one. The checkpoint of the one before goes with the next that is saved, unless
    /// it is among the newest.
    package func keepBest(_ best: BestVersion) throws(ArchiveError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let file = directory.appending(path: Self.bestFileName)
        do {
            try DurableFile.replace(file, with: try encoder.encode(best))
        } catch let error as ArchiveError {
            throw error
        } catch {
            throw .file(path: file.path, operation: "encode", reason: "\(error)")
        }
        linkBest()
    }

    /// Notes that there is no best version.
    package func forgetBest() throws(ArchiveError) {
        for name in [Self.bestLinkName, Self.bestFileName] {
            let path = directory.appending(path: name).path
            guard unlink(path) == 0 || errno == ENOENT else {
                throw .file(path: path, operation: "remove", reason: DurableFile.lastSystemError())
            }
        }
    }

    /// Lets the link lead where `best.json` says. File systems without links have none.
    package func linkBest() {
        let link = directory.appending(path: Self.bestLinkName).path
        guard let version = best()?.version, FileManager.default.fileExists(atPath: folder(of: version).path) else {
            unlink(link)
            return
        }
        let temporary = directory.appending(path: ".\(Self.bestLinkName).tmp-\(getpid())").path
        unlink(temporary)
        guard symlink(folder(of: version).lastPathComponent, temporary) == 0 else { return }
        if rename(temporary, link) != 0 { unlink(temporary) }
    }
}
