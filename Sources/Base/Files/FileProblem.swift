package import Foundation

/// What failed file operations come to.
package enum FileProblem {
    /// How often, and how far apart, an operation is tried for which the process lacks a descriptor: about two seconds.
    private static let tries = 100
    private static let pauseMicroseconds: UInt32 = 20_000

    /// Tries an operation again while the process has no descriptor left: connections that are about to be cut may hold
    /// them all for a moment.
    package static func patiently<Value>(_ operation: () throws -> Value) throws -> Value {
        for _ in 1..<tries {
            do { return try operation() } catch {
                guard [EMFILE, ENFILE].contains(systemCode(of: error)) else { throw error }
                usleep(pauseMicroseconds)
            }
        }
        return try operation()
    }

    /// Why an operation failed, in the system's words where it has some.
    package static func reason(of error: any Error) -> String {
        guard let code = systemCode(of: error) else { return error.localizedDescription }
        let advice = [EMFILE, ENFILE].contains(code) ? "; raise `ulimit -n`" : ""
        return String(cString: strerror(code)) + advice
    }

    /// Whether a reason is one that waiting does not change: a file in place of a folder, a lack of rights, ...
    package static func isLasting(reason: String) -> Bool {
        let codes = [ENOTDIR, EISDIR, EEXIST, EACCES, EPERM, EROFS, ENAMETOOLONG, ELOOP]
        return codes.contains { String(cString: strerror($0)) == reason }
    }

    /// The `errno` behind an error; nil if there is none.
    private static func systemCode(of error: any Error) -> Int32? {
        var next: NSError? = error as NSError
        while let error = next {
            if error.domain == NSPOSIXErrorDomain { return Int32(clamping: error.code) }
            next = error.userInfo[NSUnderlyingErrorKey].flatMap { $0 as? any Error }.map { $0 as NSError }
        }
        return nil
    }

    /// The error that the last system call left.
    package static var systemError: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}
