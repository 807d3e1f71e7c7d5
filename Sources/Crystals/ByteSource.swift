internal import Foundation

/// A file of structures as bytes, piece by piece, unpacked where it is gzip or bzip2; "-" is the standard input.
///
/// Used by one thread at a time.
package final class ByteSource {
    private let path: String
    private let reader: CompressedFileReader

    /// Opens a file.
    /// - Throws: ``StructureFileError/unreadable(path:reason:)`` or ``StructureFileError/damagedArchive(path:)``.
    package init(path: String) throws(StructureFileError) {
        self.path = path
        do throws(CompressedFileError) {
            // Pieces come one by one, so the size of the whole is bounded where they are kept.
            reader =
                path == "-"
                ? try CompressedFileReader(.standardInput, path: path, limit: .max)
                : try CompressedFileReader(URL(filePath: path), limit: .max)
        } catch {
            throw StructureFileError(error, path: path)
        }
    }

    /// The next piece, unpacked; nil at the end, never empty.
    /// - Throws: ``StructureFileError/unreadable(path:reason:)`` or ``StructureFileError/damagedArchive(path:)``.
    package func next() throws(StructureFileError) -> [UInt8]? {
        do throws(CompressedFileError) {
            return try reader.nextChunk()
        } catch {
            throw StructureFileError(error, path: path)
        }
    }

    /// All that is left.
    /// - Parameter limit: the most bytes accepted after unpacking.
    /// - Throws: as ``next()``.
    package func readAll(limit: Int = 1 << 31) throws(StructureFileError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try next() {
            guard bytes.count + piece.count <= limit else {
                throw .unreadable(path: path, reason: "it is larger than \(limit) bytes")
            }
            bytes += piece
        }
        return bytes
    }
}

extension StructureFileError {
    fileprivate init(_ error: CompressedFileError, path: String) {
        switch error {
        case .unreadable(_, let reason): self = .unreadable(path: path, reason: reason)
        case .tooLarge(_, let limit): self = .unreadable(path: path, reason: "it is larger than \(limit) bytes")
        case .notCompressed, .damaged, .truncated: self = .damagedArchive(path: path)
        }
    }
}
