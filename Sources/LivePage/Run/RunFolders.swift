package import Archive
internal import Foundation

/// Finds the runs in folders.
package enum RunFolders {
    /// So deep are runs looked for below a folder.
    private static let depth = 2
    /// No more are shown.
    private static let limit = 200

    /// The runs that the paths name: each is a run's folder, or one that holds such folders, at most two levels down;
    /// those of a folder stand in the order in which they were begun.
    ///
    /// - Throws: ``PageError/noRun(path:)`` for a path without a run; `ArchiveError` for a named run that cannot be
    ///   read.
    package static func find(_ paths: [String]) throws -> [RunDirectory] {
        var found: [RunDirectory] = []
        for path in paths {
            let url = URL(filePath: path, directoryHint: .isDirectory)
            if RunDirectory.holdsRun(at: url) {
                found.append(try RunDirectory.open(at: url))
                continue
            }
            // A run that cannot be read is none, beside others that can.
            let inside = below(url, depth).compactMap { try? RunDirectory.open(at: $0) }
                .sorted { ($0.manifest.createdAt, $0.url.path) < ($1.manifest.createdAt, $1.url.path) }
            guard !inside.isEmpty else { throw PageError.noRun(path: path) }
            found += inside
        }
        return Array(found.prefix(limit))
    }

    private static func below(_ folder: URL, _ depth: Int) -> [URL] {
        guard depth > 0,
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        else { return [] }
        return names.filter { !$0.hasPrefix(".") }.sorted().flatMap { name -> [URL] in
            let url = folder.appending(path: name, directoryHint: .isDirectory)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
                return []
            }
            return RunDirectory.holdsRun(at: url) ? [url] : below(url, depth - 1)
        }
    }
}
