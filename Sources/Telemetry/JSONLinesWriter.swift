internal import Base
package import Foundation
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An append-only file of JSON objects, one a line; each line is handed to the system before `append` returns.
///
/// A process that is killed in the middle of a line leaves a truncated one. Opening the file again repairs it: a last
/// line that lacks only its line break gets it, a truncated one is cut off (`repairedBytes` tells how much).
/// Several threads may append to one writer; each file has one writer.
package final class JSONLinesWriter: Sendable {
    package let url: URL
    /// The number of bytes of a truncated last line that were cut off when the file was opened.
    package let repairedBytes: Int
    private let handle: Mutex<FileHandle>

    /// Opens a file for appending; makes it if there is none.
    package init(url: URL) throws(TelemetryError) {
        self.url = url
        // Opened for appending: where a log is rotated by copying and emptying it, new lines begin at the start.
        let descriptor = open(url.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw .file(path: url.path, operation: "open", reason: String(cString: strerror(errno)))
        }
        do {
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            repairedBytes = try JSONLinesWriter.repair(handle)
            self.handle = Mutex(handle)
        } catch {
            throw .file(path: url.path, operation: "open", reason: FileProblem.reason(of: error))
        }
    }

    /// Appends one record as one line; all of it or nothing.
    package func append(_ record: some Encodable) throws(TelemetryError) {
        var line = try JSONLines.encode(record)
        line.append(UInt8(ascii: "\n"))
        do {
            try handle.withLock { handle in
                let end = try handle.seekToEnd()
                do { try handle.write(contentsOf: line) } catch {
                    // On a full disk a part of the line may be there, which the next one must not be glued to.
                    if try handle.seekToEnd() > end { try handle.truncate(atOffset: end) }
                    throw error
                }
            }
        } catch {
            throw .file(path: url.path, operation: "append to", reason: FileProblem.reason(of: error))
        }
    }

    /// Leaves the file at its end, after a line break; returns the number of bytes cut off.
    private static func repair(_ handle: FileHandle) throws -> Int {
        let end = try handle.seekToEnd()
        let (lineStart, lastLine) = try lastLine(of: handle, end: end)
        try handle.seek(toOffset: end)
        if lastLine.isEmpty { return 0 }
        if (try? JSONSerialization.jsonObject(with: lastLine)) != nil {
            try handle.write(contentsOf: Data("\n".utf8))
            return 0
        }
        try handle.truncate(atOffset: lineStart)
        try handle.seek(toOffset: lineStart)
        return lastLine.count
    }

    /// What stands after the last line break, and where it starts.
    private static func lastLine(of handle: FileHandle, end: UInt64) throws -> (start: UInt64, bytes: Data) {
        let pieceSize: UInt64 = 1 << 16
        var start = end
        var bytes = Data()
        while start > 0 {
            let pieceStart = start - min(start, pieceSize)
            try handle.seek(toOffset: pieceStart)
            let piece = try handle.read(upToCount: Int(start - pieceStart)) ?? Data()
            if let lineBreak = piece.lastIndex(of: UInt8(ascii: "\n")) {
                let rest = piece[(lineBreak + 1)...]
                return (pieceStart + UInt64(lineBreak - piece.startIndex) + 1, Data(rest) + bytes)
            }
            bytes = piece + bytes
            start = pieceStart
        }
        return (0, bytes)
    }
}
