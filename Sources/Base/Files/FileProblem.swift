internal import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why a file could not be read or written, in a few words of our own.
package enum FileProblem {
    /// - Parameter error: as Foundation throws it.
    package static func words(_ error: any Error) -> String {
        if let code = systemCode(error as NSError) {
            switch code {
            case ENOENT: return "no such file or folder"
            case EISDIR: return "it is a folder"
            case ENOTDIR: return "a part of the path is no folder"
            case EACCES, EPERM: return "permission denied"
            case ENOSPC, EDQUOT: return "no space left on the disk"
            case EROFS: return "the file system is read-only"
            default: return String(cString: strerror(code)).lowercased()
            }
        }
        switch (error as? CocoaError)?.code {
        case .fileNoSuchFile?, .fileReadNoSuchFile?: return "no such file or folder"
        case .fileReadNoPermission?, .fileWriteNoPermission?: return "permission denied"
        case .fileWriteOutOfSpace?: return "no space left on the disk"
        case .fileWriteVolumeReadOnly?: return "the file system is read-only"
        case .fileWriteFileExists?: return "there is such a file already"
        case .fileReadTooLarge?: return "it is too large"
        case .fileReadCorruptFile?, .fileReadInapplicableStringEncoding?, .fileReadUnknownStringEncoding?:
            return "it is no text in UTF-8"
        default: return "the system refuses it"
        }
    }

    /// The `errno` behind an error.
    private static func systemCode(_ error: NSError) -> Int32? {
        if error.domain == NSPOSIXErrorDomain { return Int32(exactly: error.code) }
        return (error.userInfo[NSUnderlyingErrorKey] as? any Error).flatMap { systemCode($0 as NSError) }
    }
}
