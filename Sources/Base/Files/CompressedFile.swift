package import Foundation

/// Reads whole files, plain or compressed with gzip or bzip2; the content decides, not the name.
package enum CompressedFile {
    /// The default bound on the unpacked size, bytes.
    static let defaultLimit = 4 << 30

    /// The unpacked content of a file.
    ///
    /// - Parameter limit: the largest unpacked size accepted, bytes.
    package static func read(_ url: URL, limit: Int = defaultLimit) throws(CompressedFileError) -> Data {
        let reader = try CompressedFileReader(url, limit: limit)
        var content = Data()
        while let chunk = try reader.nextChunk() { content.append(contentsOf: chunk) }
        return content
    }
}

/// Why a file could not be read or unpacked.
package enum CompressedFileError: LastingError, Sendable, Hashable, CustomStringConvertible {
    /// The file is missing, a directory or not readable.
    case unreadable(path: String, reason: String)
    /// The name ends in `.gz` or `.bz2` and the content is something else.
    case notCompressed(path: String, expected: CompressionFormat)
    /// The compressed data is damaged.
    case damaged(path: String, format: CompressionFormat)
    /// The compressed data ends before its end mark.
    case truncated(path: String, format: CompressionFormat)
    /// The unpacked content is larger than allowed.
    case tooLarge(path: String, limitBytes: Int)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .notCompressed(let path, let expected): "\(path): is not \(expected.rawValue) data, as its name says"
        case .damaged(let path, let format): "\(path): the \(format.rawValue) data is damaged; get the file again"
        case .truncated(let path, let format):
            "\(path): the \(format.rawValue) data ends too early; get the file again"
        case .tooLarge(let path, let limit): "\(path): is larger than \(limit) bytes unpacked; split it"
        }
    }
}

/// How a file's content is packed.
package enum CompressionFormat: String, Sendable, Hashable {
    case none = "plain"
    case gzip
    case bzip2
}
