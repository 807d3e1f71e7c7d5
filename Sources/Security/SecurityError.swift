internal import Base

/// What is wrong with keys: the file, and what to do.
package enum SecurityError: LastingError, Sendable, Hashable, CustomStringConvertible {
    /// A file or folder that cannot be read or written.
    case file(path: String, operation: String, reason: String)
    /// A file that is no key, or not the one that is wanted here.
    case notAKey(path: String, problem: String)
    /// Others can read a secret.
    case readableByOthers(path: String, mode: UInt16)
    /// Others can change who may take part.
    case writableByOthers(path: String, mode: UInt16)
    /// Something else that has to change first.
    case problem(String)

    package var description: String {
        switch self {
        case .file(let path, let operation, let reason): "cannot \(operation) \(path): \(reason)"
        case .notAKey(let path, let problem): "\(path): \(problem)"
        case .readableByOthers(let path, let mode):
            "\(path) holds a secret, and others can read it (mode \(Self.octal(mode))): chmod 600 \(path); of a "
                + "Kubernetes Secret, set defaultMode: 0400 in its volume. If others may have read it, make a new key"
        case .writableByOthers(let path, let mode):
            "\(path) decides who may take part, and others can change it (mode \(Self.octal(mode))): chmod go-w \(path)"
        case .problem(let text): text
        }
    }

    private static func octal(_ mode: UInt16) -> String {
        let digits = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
