internal import Base
internal import Foundation

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

    /// The best version until now; nil if none is noted.
    package func best() -> BestVersion? {
        guard let data = try? Data(contentsOf: directory.appending(path: Self.bestFileName)) else { return nil }
        return try? JSONDecoder().decode(BestVersion.self, from: data)
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
