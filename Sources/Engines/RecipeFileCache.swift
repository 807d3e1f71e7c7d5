package import Base
package import Foundation
package import Trajectories

/// The files of recipes on this machine, by content: each is pulled once, whatever the run and the number of workers.
///
/// A file lies under its digest with its own name, `blobs/DIGEST/NAME`, and appears there whole or not at all. The
/// folder is `$DRUSE_CACHE`, else `druse` in `$XDG_CACHE_HOME` or `~/.cache`; where that cannot be written, the
/// temporary folder. It may be deleted at any time while no worker starts.
package struct RecipeFileCache: RecipeFileStore {
    private let folders: [URL]

    /// - Parameter folder: nil for the machine's own.
    package init(folder: URL? = nil) {
        folders = folder.map { [$0] } ?? Self.standardFolders
    }

    private static var standardFolders: [URL] {
        let environment = ProcessInfo.processInfo.environment
        func path(_ name: String) -> URL? {
            environment[name].flatMap { $0.isEmpty ? nil : URL(filePath: $0) }
        }
        let own =
            path("DRUSE_CACHE")
            ?? (path("XDG_CACHE_HOME") ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache"))
            .appending(path: "druse")
        return [own, FileManager.default.temporaryDirectory.appending(path: "druse-cache-\(getuid())")]
    }

    /// Where the file lies; nil if it is not here. Its content is not looked at.
    package func url(of file: RecipeFile) -> URL? {
        folders.map { place(of: file, in: $0) }.first { FileManager.default.fileExists(atPath: $0.path) }
    }

    private func place(of file: RecipeFile, in folder: URL) -> URL {
        folder.appending(path: "blobs/\(Self.plain(file.digest))/\(Self.plain(file.name))")
    }

    /// A name that stays in its folder, whatever a learner sends.
    private static func plain(_ name: String) -> String {
        let kept = name.suffix(100).map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" }
        let text = String(kept)
        return text.allSatisfy { $0 == "." } ? "_" : text
    }

    package func missing(of settings: String) throws -> [Digest] {
        try PeerSettings.parse(Recipe.self, from: settings).files.compactMap { file in
            guard let digest = Digest(hexadecimal: file.digest) else {
                throw RoleError.work("the learner's recipe names the file \(file.name) without its SHA-256")
            }
            guard let url = url(of: file), let data = try? Data(contentsOf: url, options: .mappedIfSafe),
                Digest(of: data) == digest
            else { return digest }
            return nil
        }
    }

    package func keep(_ blob: Blob, of settings: String) throws {
        let files = try PeerSettings.parse(Recipe.self, from: settings).files
        for file in files where file.digest == blob.digest.hexadecimal { try keep(blob, as: file) }
    }

    private func keep(_ blob: Blob, as file: RecipeFile) throws {
        var problem = "there is no folder for it"
        for folder in folders {
            let place = place(of: file, in: folder)
            do {
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                try blob.bytes.write(to: place, options: .atomic)
                return
            } catch {
                problem = "\(place.path): \(FileProblem.reason(of: error))"
                // What lies there would be found first, and be pulled for ever.
                guard !FileManager.default.fileExists(atPath: place.path) else {
                    throw RoleError.cannotServe("a damaged file cannot be replaced (\(problem)); delete it")
                }
            }
        }
        throw RoleError.cannotServe(
            "the learner's file \(file.name) cannot be kept here (\(problem)); set DRUSE_CACHE to a folder with "
                + "\(blob.bytes.count) bytes free")
    }
}
