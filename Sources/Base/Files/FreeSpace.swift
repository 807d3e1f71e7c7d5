package import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How much room the disk of a folder has.
package enum FreeSpace {
    /// The bytes that this process may still write, where quotas do not say otherwise; nil if the system does not tell.
    package static func bytes(at folder: URL) -> Int? {
        var state = statvfs()
        guard statvfs(folder.path, &state) == 0 else { return nil }
        let (bytes, isTooMany) = UInt64(state.f_bavail).multipliedReportingOverflow(by: UInt64(state.f_frsize))
        return isTooMany ? Int.max : Int(clamping: bytes)
    }

    /// Whether a small new file has no room in a folder: found out by writing one.
    ///
    /// A library that writes files may say no more than that it could not; this tells a full disk, a used-up quota or a
    /// lack of inodes from other faults.
    package static func isExhausted(at folder: URL) -> Bool {
        let path = folder.appending(path: ".room-\(UUID().uuidString)").path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return FileProblem.isFullDisk(code: errno) }
        defer {
            close(descriptor)
            unlink(path)
        }
        let piece = [UInt8](repeating: 1, count: probeSize)
        let written = write(descriptor, piece, piece.count)
        if written < 0 { return FileProblem.isFullDisk(code: errno) }
        if written < piece.count { return true }
        return fsync(descriptor) != 0 && FileProblem.isFullDisk(code: errno)
    }

    /// As much as a small transaction of a database writes.
    private static let probeSize = 1 << 16
}
