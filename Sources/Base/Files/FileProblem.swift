package import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why a file could not be read or written, in a few words of our own.
package enum FileProblem {
    /// How often, and how far apart, an operation is tried for which the process lacks a descriptor: about two seconds.
    private static let tries = 100
    private static let pauseMicroseconds: UInt32 = 20_000

    /// Tries an operation again while the process has no descriptor left: connections that are about to be cut may hold
    /// them all for a moment.
    package static func patiently<Value>(_ operation: () throws -> Value) throws -> Value {
        for _ in 1..<tries {
            do { return try operation() } catch {
                guard [EMFILE, ENFILE].contains(systemCode(of: error as NSError)) else { throw error }
                // Nothing tells when a descriptor is free; the thread that closes some is another.
                usleep(pauseMicroseconds)
            }
        }
        return try operation()
    }

    /// Why an operation failed.
    ///
    /// - Parameter error: as Foundation throws it, or `systemError`.
    package static func reason(of error: any Error) -> String {
        if let code = systemCode(of: error as NSError) { return reason(ofCode: code) }
        switch (error as? CocoaError)?.code {
        case .fileNoSuchFile?, .fileReadNoSuchFile?: return reason(ofCode: ENOENT)
        case .fileReadNoPermission?, .fileWriteNoPermission?: return reason(ofCode: EACCES)
        case .fileWriteOutOfSpace?: return reason(ofCode: ENOSPC)
        case .fileWriteVolumeReadOnly?: return reason(ofCode: EROFS)
        case .fileWriteFileExists?: return reason(ofCode: EEXIST)
        case .fileReadTooLarge?: return "it is too large"
        case .fileReadCorruptFile?, .fileReadInapplicableStringEncoding?, .fileReadUnknownStringEncoding?:
            return "it is not UTF-8 text"
        default: return "the system refuses it"
        }
    }

    /// What an `errno` means.
    package static func reason(ofCode code: Int32) -> String {
        switch code {
        case ENOENT: "no such file or folder"
        case EISDIR: "it is a folder"
        case ENOTDIR: "a part of the path is no folder"
        case EACCES, EPERM: "permission denied"
        case ENOSPC: "no space left on the disk"
        case EDQUOT: "the quota of disk space is used up"
        case EROFS: "the file system is read-only"
        case EEXIST: "there is such a file already"
        case EMFILE, ENFILE: "too many open files; raise `ulimit -n`"
        default: String(cString: strerror(code)).lowercased()
        }
    }

    /// Whether a reason is one that waiting does not change: a file in place of a folder, a lack of rights, ...
    package static func isLasting(reason: String) -> Bool {
        [ENOTDIR, EISDIR, EEXIST, EACCES, EPERM, EROFS, ENAMETOOLONG, ELOOP].contains {
            self.reason(ofCode: $0) == reason
        }
    }

    /// Whether an `errno` means that a disk is full, or a quota used up: with more room the same would work.
    package static func isFullDisk(code: Int32) -> Bool { fullDiskCodes.contains(code) }

    /// The same of a reason, as ``reason(of:)`` tells it.
    package static func isFullDisk(reason: String) -> Bool {
        fullDiskCodes.contains { self.reason(ofCode: $0) == reason }
    }

    private static let fullDiskCodes = [ENOSPC, EDQUOT]

    /// The error that the last system call left.
    package static var systemError: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }

    /// The `errno` behind an error; nil if there is none.
    private static func systemCode(of error: NSError) -> Int32? {
        if error.domain == NSPOSIXErrorDomain { return Int32(exactly: error.code) }
        return (error.userInfo[NSUnderlyingErrorKey] as? any Error).flatMap { systemCode(of: $0 as NSError) }
    }
}
