import Base
import Foundation

/// A file of structures as bytes, piece by piece, unpacked where it is gzip or bzip2; "-" is the standard input.
///
/// Used by one thread at a time.
package final class ByteSource {
    private let path: String
    private let reader: CompressedFileReader
    private var isAtStart = true

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

    /// Takes bytes at hand, such as a file in an archive.
    ///
    /// - Parameter name: of the file, for messages; what is packed is unpacked.
    /// - Throws: ``StructureFileError/damagedArchive(path:)``.
    init(bytes: [UInt8], name: String) throws(StructureFileError) {
        path = name
        do throws(CompressedFileError) {
            reader = try CompressedFileReader(bytes: bytes, path: name, limit: .max)
        } catch {
            throw StructureFileError(error, path: name)
        }
    }

    /// The next piece, unpacked; nil at the end, never empty.
    /// - Throws: ``StructureFileError/unreadable(path:reason:)`` or ``StructureFileError/damagedArchive(path:)``.
    package func next() throws(StructureFileError) -> [UInt8]? {
        let piece: [UInt8]?
        do throws(CompressedFileError) {
            piece = try reader.nextChunk()
        } catch {
            throw StructureFileError(error, path: path)
        }
        if isAtStart, let piece {
            isAtStart = false
            guard !ByteSource.isUTF16(piece) else {
                throw .unreadable(path: path, reason: "it is UTF-16 text; save it as UTF-8")
            }
        }
        return piece
    }

    /// Whether text has two bytes a character, by its byte order mark or by its zeros.
    private static func isUTF16(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 4 else { return false }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return true }
        let isZero = bytes.prefix(4).map { $0 == 0 }
        return isZero == [true, false, true, false] || isZero == [false, true, false, true]
    }

    /// All that is left.
    /// - Parameter limit: the most bytes accepted after unpacking.
    /// - Throws: as ``next()``.
    func readAll(limit: Int = 1 << 31) throws(StructureFileError) -> [UInt8] {
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
