internal import Base

/// Why an index of known crystals cannot be read or written.
package enum KnownCrystalsError: LastingError, Sendable, Hashable {
    /// The file cannot be opened.
    case unreadable(path: String, reason: String)
    /// The file is something else.
    case foreign(path: String)
    /// An index of a version that this build does not know.
    case unsupportedVersion(path: String, version: UInt32, supported: UInt32)
    /// The file ends early, or goes on where it should end.
    case wrongLength(path: String, bytes: Int, expected: UInt64)
    /// The bytes are not those that were written.
    case damaged(path: String, part: String)
    /// The index cannot be written.
    case unwritable(path: String, reason: String)
}

extension KnownCrystalsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .foreign(let path): "\(path): is not an index of known crystals; make one with `druse index DATA -o FILE`"
        case .unsupportedVersion(let path, let version, let supported):
            "\(path): index of version \(version), this build reads \(supported); make it again with `druse index`"
        case .wrongLength(let path, let bytes, let expected):
            "\(path): has \(bytes) bytes where its header says \(expected): "
                + "the copy is cut short or damaged; get it again"
        case .damaged(let path, let part): "\(path): \(part) is damaged; get the file again, or make it again"
        case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
        }
    }
}
