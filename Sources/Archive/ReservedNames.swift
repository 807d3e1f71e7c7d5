package import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The names that a run takes in its directory. None of them may be there when it begins, so that whatever has one of
/// them afterwards is the run's own: nothing of the user's is replaced, or removed after a start that failed.
///
/// While a run is begun a mark stands in the directory: killed meanwhile, it is begun anew over what it left.
package struct ReservedNames: Sendable {
    private let folder: URL
    /// What is made before the mark goes.
    private let begun: [String]
    /// What is made later.
    private let later: [String]
    private static let markName = ".run-begins"

    package init(in folder: URL, begun: [String], later: [String]) {
        self.folder = folder
        self.begun = begun
        self.later = later
    }

    private var mark: URL { folder.appending(path: Self.markName) }

    /// Refuses a directory that has one of the names; empty folders may stay.
    ///
    /// - Throws: `ArchiveError.occupied`.
    package func check() throws(ArchiveError) {
        let isBegun = FileManager.default.fileExists(atPath: mark.path)
        let names = ((isBegun ? [] : begun) + later).filter(isTaken)
        guard names.isEmpty else { throw .occupied(path: folder.path, names: names) }
    }

    private func isTaken(_ name: String) -> Bool {
        var (file, path) = (stat(), folder.appending(path: name).path)
        // A link that leads nowhere is there as well.
        guard lstat(path, &file) == 0 else { return false }
        while path.hasSuffix("/") { path.removeLast() }
        guard file.st_mode & S_IFMT == S_IFDIR else { return true }
        return (try? FileManager.default.contentsOfDirectory(atPath: path).isEmpty) != true
    }

    /// Checks, and notes that the names are the run's.
    package func claim() throws(ArchiveError) {
        try check()
        try DurableFile.replace(mark, with: Data())
    }

    /// Notes that all of `begun` is there.
    package func complete() { unlink(mark.path) }

    /// Removes what was made since the names were claimed.
    package func discard() {
        for name in begun + later { try? FileManager.default.removeItem(at: folder.appending(path: name)) }
        unlink(mark.path)
    }
}
