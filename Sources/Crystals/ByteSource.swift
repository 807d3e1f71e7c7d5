internal import CBzip2
internal import CZlib
internal import Foundation

/// Reads a file piece by piece and unpacks it on the way: `.gz` and `.bz2` by extension, "-" is the standard input.
///
/// Used by one thread at a time.
package final class ByteSource {
    private let path: String
    private let file: FileHandle
    private var unpacker: (any Unpacker)?
    private static let pieceSize = 1 << 18

    /// Opens a file.
    /// - Throws: ``StructureFileError/unreadable(path:reason:)``.
    package init(path: String) throws(StructureFileError) {
        self.path = path
        if path == "-" {
            file = .standardInput
        } else {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
                throw .unreadable(path: path, reason: "there is no such file")
            }
            guard !isDirectory.boolValue else { throw .unreadable(path: path, reason: "it is a folder") }
            guard let handle = FileHandle(forReadingAtPath: path) else {
                throw .unreadable(path: path, reason: "the file cannot be opened; check its permissions")
            }
            file = handle
        }
        if path.hasSuffix(".gz") {
            unpacker = GzipUnpacker()
        } else if path.hasSuffix(".bz2") {
            unpacker = Bzip2Unpacker()
        }
    }

    /// The next piece, unpacked; nil at the end, never empty.
    /// - Throws: ``StructureFileError/unreadable(path:reason:)`` or ``StructureFileError/damagedArchive(path:)``.
    package func next() throws(StructureFileError) -> [UInt8]? {
        while true {
            let piece: Data?
            do {
                piece = try file.read(upToCount: ByteSource.pieceSize)
            } catch {
                throw .unreadable(path: path, reason: "\(error)")
            }
            guard let piece, !piece.isEmpty else {
                guard unpacker?.isComplete ?? true else { throw .damagedArchive(path: path) }
                return nil
            }
            guard let unpacker else { return Array(piece) }
            guard let unpacked = unpacker.unpack(Array(piece)) else { throw .damagedArchive(path: path) }
            if !unpacked.isEmpty { return unpacked }
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

/// Unpacks a stream of compressed bytes.
private protocol Unpacker: AnyObject {
    /// The bytes that a piece unpacks to; nil if it is damaged.
    func unpack(_ piece: [UInt8]) -> [UInt8]?
    /// Whether the stream has ended where it may end.
    var isComplete: Bool { get }
}

/// gzip, several members one after the other included.
private final class GzipUnpacker: Unpacker {
    private var stream = z_stream()
    private let isReady: Bool
    private(set) var isComplete = false

    init() {
        // 15 bits of window, +16: gzip header and trailer.
        isReady = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
        inflateEnd(&stream)
    }

    func unpack(_ piece: [UInt8]) -> [UInt8]? {
        guard isReady else { return nil }
        var piece = piece
        var result: [UInt8] = []
        let size = 1 << 19
        var status = Z_OK
        piece.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            repeat {
                if isComplete {
                    // Another member follows, or padding.
                    guard stream.avail_in > 0, stream.next_in[0] == 0x1f, inflateReset(&stream) == Z_OK else { break }
                    isComplete = false
                }
                let chunk = [UInt8](unsafeUninitializedCapacity: size) { output, count in
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(size)
                    status = inflate(&stream, Z_NO_FLUSH)
                    count = size - Int(stream.avail_out)
                }
                result += chunk
                if status == Z_STREAM_END { isComplete = true }
            } while (status == Z_OK || status == Z_STREAM_END) && (stream.avail_in > 0 || stream.avail_out == 0)
            stream.next_in = nil
        }
        return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR ? result : nil
    }
}

/// bzip2, several streams one after the other included.
private final class Bzip2Unpacker: Unpacker {
    private var stream = bz_stream()
    private var isReady: Bool
    private(set) var isComplete = false

    init() {
        isReady = BZ2_bzDecompressInit(&stream, 0, 0) == BZ_OK
    }

    deinit {
        BZ2_bzDecompressEnd(&stream)
    }

    func unpack(_ piece: [UInt8]) -> [UInt8]? {
        guard isReady else { return nil }
        var piece = piece.map { CChar(bitPattern: $0) }
        var result: [UInt8] = []
        let size = 1 << 19
        var status = BZ_OK
        piece.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            repeat {
                if isComplete {
                    guard stream.avail_in > 0 else { break }
                    let (next, available) = (stream.next_in, stream.avail_in)
                    BZ2_bzDecompressEnd(&stream)
                    stream = bz_stream()
                    isReady = BZ2_bzDecompressInit(&stream, 0, 0) == BZ_OK
                    guard isReady else {
                        status = BZ_MEM_ERROR
                        break
                    }
                    (stream.next_in, stream.avail_in) = (next, available)
                    isComplete = false
                }
                let chunk = [UInt8](unsafeUninitializedCapacity: size) { output, count in
                    output.withMemoryRebound(to: CChar.self) { stream.next_out = $0.baseAddress }
                    stream.avail_out = UInt32(size)
                    status = BZ2_bzDecompress(&stream)
                    count = size - Int(stream.avail_out)
                }
                result += chunk
                if status == BZ_STREAM_END { isComplete = true }
            } while (status == BZ_OK || status == BZ_STREAM_END) && (stream.avail_in > 0 || stream.avail_out == 0)
            stream.next_in = nil
        }
        return status == BZ_OK || status == BZ_STREAM_END ? result : nil
    }
}
