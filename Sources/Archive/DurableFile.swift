internal import Base
package import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writing files so that a crash or a power cut leaves the old content or the new, never a part.
package enum DurableFile {
    /// Replaces a file as a whole: writes a temporary one beside it, flushes it to the disk, renames it.
    package static func replace(_ url: URL, with data: Data) throws(ArchiveError) {
        let temporary = url.deletingLastPathComponent()
            .appending(path: ".\(url.lastPathComponent).tmp-\(ProcessInfo.processInfo.processIdentifier)")
        do {
            try write(data, to: temporary)
            try rename(temporary, to: url)
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw error
        }
        try flush(directory: url.deletingLastPathComponent())
    }

    /// Writes a new file and flushes it to the disk.
    static func write(_ data: Data, to url: URL) throws(ArchiveError) {
        do {
            try FileProblem.patiently { try data.write(to: url) }
            let handle = try FileProblem.patiently { try FileHandle(forWritingTo: url) }
            try handle.synchronize()
            try handle.close()
        } catch {
            throw .file(path: url.path, operation: "write", reason: FileProblem.reason(of: error))
        }
    }

    /// Makes an empty file with the permissions that the umask leaves.
    static func makeEmpty(_ url: URL) throws(ArchiveError) {
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw .file(path: url.path, operation: "create", reason: lastSystemError())
        }
        close(descriptor)
    }

    /// Renames a file or folder; a file of the new name is replaced.
    static func rename(_ source: URL, to destination: URL) throws(ArchiveError) {
        guard systemRename(source.path, destination.path) == 0 else {
            throw .file(path: destination.path, operation: "rename a file to", reason: lastSystemError())
        }
    }

    /// Flushes the names in a folder to the disk, so that a rename survives a power cut.
    static func flush(directory url: URL) throws(ArchiveError) {
        let descriptor: Int32
        do {
            descriptor = try FileProblem.patiently {
                let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else { throw FileProblem.systemError }
                return descriptor
            }
        } catch {
            throw .file(path: url.path, operation: "open", reason: FileProblem.reason(of: error))
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .file(path: url.path, operation: "flush", reason: lastSystemError())
        }
    }

    /// Makes a folder and those above it, if they are not there, and flushes their names to the disk.
    package static func makeDirectory(_ url: URL) throws(ArchiveError) {
        var changed: [URL] = []
        var folder = url.absoluteURL
        while folder.path != "/", !FileManager.default.fileExists(atPath: folder.path) {
            folder.deleteLastPathComponent()
            changed.append(folder)
        }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw .file(path: url.path, operation: "create", reason: FileProblem.reason(of: error))
        }
        for folder in changed { try flush(directory: folder) }
    }

    /// The names of what a folder holds.
    static func names(in url: URL) throws(ArchiveError) -> [String] {
        do {
            return try FileProblem.patiently { try FileManager.default.contentsOfDirectory(atPath: url.path) }
        } catch {
            throw .file(path: url.path, operation: "list", reason: FileProblem.reason(of: error))
        }
    }

    /// Reads a whole file.
    package static func read(_ url: URL) throws(ArchiveError) -> Data {
        do {
            return try FileProblem.patiently { try Data(contentsOf: url) }
        } catch {
            throw .file(path: url.path, operation: "read", reason: FileProblem.reason(of: error))
        }
    }

    static func lastSystemError() -> String { FileProblem.reason(ofCode: errno) }
}

/// `rename(2)`, which the method of the same name would hide.
private func systemRename(_ source: String, _ destination: String) -> Int32 { rename(source, destination) }
