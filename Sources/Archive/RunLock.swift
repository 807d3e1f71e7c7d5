internal import Base
package import Foundation
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The right to write into a run directory; one process has it at a time.
///
/// The system holds the lock for the process and frees it when the process ends, however it ends. Children started
/// meanwhile do not inherit it. The file gets the permissions that the umask leaves, as all files of a run.
package final class RunLock: Sendable {
    package let url: URL
    private let descriptor: Mutex<Int32?>

    /// Takes the lock at once or fails with `ArchiveError.locked`, which names the holder.
    package init(url: URL) throws(ArchiveError) {
        self.url = url
        let (descriptor, isWritable) = try Self.take(url)
        let holder = "process \(ProcessInfo.processInfo.processIdentifier) on \(ProcessInfo.processInfo.hostName)\n"
        // Over what is there: on a full disk the holder's name may lack room, the lock does not.
        let isWritten =
            !isWritable
            || write(descriptor, holder, holder.utf8.count) > 0
                && ftruncate(descriptor, off_t(holder.utf8.count)) == 0
        guard isWritten || FileProblem.isFullDisk(code: errno) else {
            let reason = DurableFile.lastSystemError()
            close(descriptor)
            throw .file(path: url.path, operation: "write", reason: reason)
        }
        self.descriptor = Mutex(descriptor)
    }

    /// Opens the file and locks it; looks again if another process replaced it meanwhile.
    private static func take(_ url: URL) throws(ArchiveError) -> (descriptor: Int32, isWritable: Bool) {
        while true {
            var descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
            // A file of another user's is locked all the same; what it says of its holder stays as it is.
            let isWritable = descriptor >= 0
            if !isWritable, errno == EACCES { descriptor = open(url.path, O_RDONLY | O_CLOEXEC) }
            guard descriptor >= 0 else {
                throw .file(path: url.path, operation: "open", reason: DurableFile.lastSystemError())
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let isHeld = errno == EWOULDBLOCK
                let reason = DurableFile.lastSystemError()
                close(descriptor)
                guard isHeld else { throw .file(path: url.path, operation: "lock", reason: reason) }
                throw .locked(path: url.deletingLastPathComponent().path, holder: holder(url))
            }
            if let own = FileIdentity(descriptor: descriptor), own == FileIdentity(path: url.path) {
                return (descriptor, isWritable)
            }
            close(descriptor)
        }
    }

    /// Checks whether nobody has a lock, without taking it; a file that is not there is made by nobody.
    package static func checkFree(at url: URL) throws(ArchiveError) {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return }
        throw .locked(path: url.deletingLastPathComponent().path, holder: holder(url))
    }

    private static func holder(_ url: URL) -> String {
        let text = (try? String(contentsOf: url, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
        return text.flatMap { $0.isEmpty ? nil : $0 } ?? "another process"
    }

    /// Checks that the directory stands where it stood when the lock was taken.
    ///
    /// - Throws: ``ArchiveError/moved(path:)``: what is written by its name would no longer go with what is open.
    package func checkPlace() throws(ArchiveError) {
        let isInPlace = descriptor.withLock { descriptor in
            descriptor.flatMap { FileIdentity(descriptor: $0) }?.isAt(url.path) ?? true
        }
        if !isInPlace { throw .moved(path: url.deletingLastPathComponent().path) }
    }

    /// Gives the lock back; the file stays.
    package func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    deinit { release() }
}
