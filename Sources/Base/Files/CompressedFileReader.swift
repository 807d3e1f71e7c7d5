internal import CBzip2
internal import CZlib
package import Foundation

/// Unpacks a file piece by piece, so that the memory needed does not grow with the file.
///
/// Files of several members (as `pbzip2` or `cat a.gz b.gz` make them) are read to the end.
///
/// Thread rule: one owner, no concurrent calls.
package final class CompressedFileReader {
    /// How the content is packed.
    package let format: CompressionFormat

    private enum State { case betweenMembers, insideMember, finished }

    private static let chunkBytes = 1 << 20

    private let path: String
    private let limit: Int
    /// The next bytes as they are stored; empty at the end.
    private let read: () throws(CompressedFileError) -> [UInt8]
    private var state = State.insideMember
    private var input: [UInt8]
    private var inputPosition = 0
    /// Whether the library may hold output that did not fit.
    private var outputIsPending = false
    private var unpackedBytes = 0
    // The C libraries keep the address of the stream, so it must not move.
    private let gzipStream: UnsafeMutablePointer<z_stream>?
    private let bzip2Stream: UnsafeMutablePointer<bz_stream>?

    /// Opens a file and finds out its format.
    ///
    /// - Parameter limit: the largest unpacked size accepted, bytes.
    package convenience init(_ url: URL, limit: Int = CompressedFile.defaultLimit) throws(CompressedFileError) {
        let path = url.path
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw .unreadable(path: path, reason: "there is no such file")
        }
        guard !isDirectory.boolValue else { throw .unreadable(path: path, reason: "it is a folder") }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw .unreadable(path: path, reason: "the file cannot be opened; check its permissions")
        }
        try self.init(file, path: path, limit: limit)
    }

    /// Takes an open file, such as the standard input, and finds out its format.
    ///
    /// - Parameters:
    ///   - path: for messages; if it ends in `.gz` or `.bz2` the content must be so.
    ///   - limit: the largest unpacked size accepted, bytes.
    package convenience init(
        _ file: FileHandle, path: String, limit: Int = CompressedFile.defaultLimit
    ) throws(CompressedFileError) {
        try self.init(path: path, limit: limit) { () throws(CompressedFileError) in
            do {
                return [UInt8](try file.read(upToCount: Self.chunkBytes) ?? Data())
            } catch {
                throw .unreadable(path: path, reason: "\(error)")
            }
        }
    }

    /// Takes bytes at hand, such as a file in an archive; parameters as for a file.
    package convenience init(
        bytes: [UInt8], path: String, limit: Int = CompressedFile.defaultLimit
    ) throws(CompressedFileError) {
        var rest = bytes[...]
        try self.init(path: path, limit: limit) { () throws(CompressedFileError) in
            defer { rest = rest.dropFirst(Self.chunkBytes) }
            return Array(rest.prefix(Self.chunkBytes))
        }
    }

    private init(
        path: String, limit: Int, read: @escaping () throws(CompressedFileError) -> [UInt8]
    ) throws(CompressedFileError) {
        self.read = read
        self.path = path
        self.limit = limit
        input = try read()
        format = Self.format(of: input)
        gzipStream = format == .gzip ? .allocate(capacity: 1) : nil
        bzip2Stream = format == .bzip2 ? .allocate(capacity: 1) : nil
        gzipStream?.initialize(to: z_stream())
        bzip2Stream?.initialize(to: bz_stream())
        for (suffix, named) in [(".gz", CompressionFormat.gzip), (".bz2", .bzip2)]
        where path.lowercased().hasSuffix(suffix) && format != named {
            throw .notCompressed(path: path, expected: named)
        }
        if let gzipStream {
            let windowBits: Int32 = 15 + 16  // 16: gzip headers only
            let status = inflateInit2_(gzipStream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
            guard status == Z_OK else { throw .damaged(path: path, format: format) }
        }
        if let bzip2Stream {
            guard BZ2_bzDecompressInit(bzip2Stream, 0, 0) == BZ_OK else { throw .damaged(path: path, format: format) }
        }
    }

    deinit {
        if let gzipStream {
            inflateEnd(gzipStream)
            gzipStream.deallocate()
        }
        if let bzip2Stream {
            BZ2_bzDecompressEnd(bzip2Stream)
            bzip2Stream.deallocate()
        }
    }

    /// The next piece of the unpacked content, never empty; nil at the end.
    package func nextChunk() throws(CompressedFileError) -> [UInt8]? {
        while state != .finished {
            let chunk = format == .none ? try plainChunk() : try unpackedChunk()
            guard !chunk.isEmpty else { continue }
            unpackedBytes += chunk.count
            guard unpackedBytes <= limit else { throw .tooLarge(path: path, limitBytes: limit) }
            return chunk
        }
        return nil
    }

    private func plainChunk() throws(CompressedFileError) -> [UInt8] {
        let chunk = input
        try refill()
        if input.isEmpty { state = .finished }
        return chunk
    }

    private func unpackedChunk() throws(CompressedFileError) -> [UInt8] {
        if inputPosition == input.count && !outputIsPending { try refill() }
        if input.isEmpty {
            guard state == .betweenMembers else { throw .truncated(path: path, format: format) }
            state = .finished
            return []
        }
        if state == .betweenMembers {
            try restart()
            state = .insideMember
        }
        var ended = false
        var succeeded = false
        let chunk = [UInt8](unsafeUninitializedCapacity: Self.chunkBytes) { output, count in
            let total = input.count
            let available = total - inputPosition
            input.withUnsafeMutableBufferPointer { bytes in
                guard let source = bytes.baseAddress, let target = output.baseAddress else { return }
                if let gzipStream {
                    gzipStream.pointee.next_in = source + inputPosition
                    gzipStream.pointee.avail_in = UInt32(available)
                    gzipStream.pointee.next_out = target
                    gzipStream.pointee.avail_out = UInt32(output.count)
                    let status = inflate(gzipStream, Z_NO_FLUSH)
                    ended = status == Z_STREAM_END
                    succeeded = ended || status == Z_OK || status == Z_BUF_ERROR
                    inputPosition = total - Int(gzipStream.pointee.avail_in)
                    count = output.count - Int(gzipStream.pointee.avail_out)
                } else if let bzip2Stream {
                    target.withMemoryRebound(to: CChar.self, capacity: output.count) { target in
                        (source + inputPosition).withMemoryRebound(to: CChar.self, capacity: available) { source in
                            bzip2Stream.pointee.next_in = source
                            bzip2Stream.pointee.avail_in = UInt32(available)
                            bzip2Stream.pointee.next_out = target
                            bzip2Stream.pointee.avail_out = UInt32(output.count)
                            let status = BZ2_bzDecompress(bzip2Stream)
                            ended = status == BZ_STREAM_END
                            succeeded = ended || status == BZ_OK
                        }
                    }
                    inputPosition = total - Int(bzip2Stream.pointee.avail_in)
                    count = output.count - Int(bzip2Stream.pointee.avail_out)
                }
            }
        }
        guard succeeded else { throw .damaged(path: path, format: format) }
        if ended { state = .betweenMembers }
        outputIsPending = !ended && chunk.count == Self.chunkBytes
        return chunk
    }

    /// Readies the library for another member behind the one that ended.
    private func restart() throws(CompressedFileError) {
        var succeeded = true
        if let gzipStream { succeeded = inflateReset(gzipStream) == Z_OK }
        if let bzip2Stream {
            BZ2_bzDecompressEnd(bzip2Stream)
            bzip2Stream.pointee = bz_stream()
            succeeded = BZ2_bzDecompressInit(bzip2Stream, 0, 0) == BZ_OK
        }
        guard succeeded else { throw .damaged(path: path, format: format) }
    }

    private func refill() throws(CompressedFileError) {
        input = try read()
        inputPosition = 0
    }

    private static func format(of start: [UInt8]) -> CompressionFormat {
        if start.starts(with: [0x1F, 0x8B]) { return .gzip }
        if start.starts(with: Array("BZh".utf8)) { return .bzip2 }
        return .none
    }
}
