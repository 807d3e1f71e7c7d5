import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that is written in pieces and stands under its name only when it is whole; packed where its name ends in
/// `.gz`.
///
/// Used by one thread at a time.
package final class OutputFile {
    package let path: String
    private let temporary: String
    private let file: FileHandle
    private let isPacked: Bool
    private var buffer: [UInt8] = []
    private var isFinished = false
    /// A member of a packed file: readers go from one to the next.
    private static let pieceSize = 1 << 20

    /// - Parameter isPacked: whether to write gzip; nil lets the name decide.
    package init(path: String, isPacked: Bool? = nil) throws(OutputFileError) {
        self.path = path
        self.isPacked = isPacked ?? path.lowercased().hasSuffix(".gz")
        let url = URL(filePath: path)
        if (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true {
            throw .failed(path: path, reason: "it is a folder")
        }
        let name = ".\(url.lastPathComponent).tmp-\(ProcessInfo.processInfo.processIdentifier)"
        temporary = url.deletingLastPathComponent().appending(path: name).path
        guard FileManager.default.createFile(atPath: temporary, contents: nil),
            let file = FileHandle(forWritingAtPath: temporary)
        else { throw .failed(path: path, reason: "the folder is missing or not writable") }
        self.file = file
    }

    deinit {
        try? file.close()
        if !isFinished { try? FileManager.default.removeItem(atPath: temporary) }
    }

    package func write(_ bytes: some Sequence<UInt8>) throws(OutputFileError) {
        buffer += bytes
        if buffer.count >= Self.pieceSize { try flush() }
    }

    /// Ends the file and gives it its name, in place of one that has it.
    package func finish() throws(OutputFileError) {
        try flush()
        do {
            try file.synchronize()
            try file.close()
        } catch { throw .failed(path: path, reason: FileProblem.reason(of: error)) }
        guard rename(temporary, path) == 0 else {
            throw .failed(path: path, reason: FileProblem.reason(of: FileProblem.systemError))
        }
        isFinished = true
    }

    private func flush() throws(OutputFileError) {
        guard !buffer.isEmpty else { return }
        guard let piece = isPacked ? Deflate.packed(buffer, .gzip) : buffer else {
            throw .failed(path: path, reason: "out of memory")
        }
        do { try file.write(contentsOf: Data(piece)) } catch {
            throw .failed(path: path, reason: FileProblem.reason(of: error))
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Why a file cannot be written.
package enum OutputFileError: LastingError, Sendable, Hashable, CustomStringConvertible {
    case failed(path: String, reason: String)

    package var description: String {
        switch self {
        case .failed(let path, let reason): "cannot write \(path): \(reason)"
        }
    }
}
