import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that is written in pieces and stands under its name only when it is whole; packed where its name ends in
/// `.gz`.
///
/// Behind a symbolic link, the file that it leads to is replaced. What is no regular file, such as a device, a pipe, or
/// the standard output, is written straight into, as it comes. Used by one thread at a time.
package final class OutputFile {
    /// What becomes of a file that is not finished.
    package enum Unfinished {
        /// It goes, and nothing is seen of it meanwhile.
        case removed
        /// It stays, as ".partial" beside its name: what took long to make is not lost.
        case kept
    }

    private enum Place {
        /// Takes the name of the target when it is whole.
        case beside(temporary: String, target: String)
        /// No regular file.
        case straight
    }

    package let path: String
    private let place: Place
    private let unfinished: Unfinished
    private let file: FileHandle
    private let isPacked: Bool
    private var buffer: [UInt8] = []
    private var isEmpty = true
    private var isFinished = false
    /// A member of a packed file: readers go from one to the next.
    private static let pieceSize = 1 << 20

    /// - Parameter isPacked: whether to write gzip; nil lets the name decide.
    package init(
        path: String, isPacked: Bool? = nil, unfinished: Unfinished = .removed
    ) throws(OutputFileError) {
        self.path = path
        self.isPacked = isPacked ?? path.lowercased().hasSuffix(".gz")
        self.unfinished = unfinished
        var status = stat()
        let isThere = stat(path, &status) == 0
        guard !isThere || status.st_mode & S_IFMT != S_IFDIR else {
            throw .failed(path: path, reason: "it is a folder")
        }
        if isThere, let stream = try Self.stream(path, status) {
            // A reader that goes away is an error of the next piece, not the end of the process.
            signal(SIGPIPE, SIG_IGN)
            place = .straight
            file = stream
            return
        }
        let target = URL(filePath: Self.target(of: path))
        let name =
            unfinished == .kept
            ? "\(target.lastPathComponent).partial"
            : ".\(target.lastPathComponent).tmp-\(ProcessInfo.processInfo.processIdentifier)"
        let temporary = target.deletingLastPathComponent().appending(path: name).path
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            let code = errno
            throw .failed(
                path: path, reason: code == ENOENT ? "the folder is missing" : FileProblem.reason(ofCode: code))
        }
        // Who may read a file is not changed by replacing it.
        if isThere { fchmod(descriptor, status.st_mode & 0o7777) }
        place = .beside(temporary: temporary, target: target.path)
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    deinit {
        try? file.close()
        guard !isFinished, case .beside(let temporary, _) = place, isEmpty || unfinished == .removed else { return }
        try? FileManager.default.removeItem(atPath: temporary)
    }

    package func write(_ bytes: some Sequence<UInt8>) throws(OutputFileError) {
        buffer += bytes
        if buffer.count >= Self.pieceSize { try flush() }
    }

    /// Ends the file and gives it its name, in place of one that has it.
    ///
    /// - Parameter isOneOfMany: whether a power cut may take it: to wait for the disk with each of many takes long.
    package func finish(isOneOfMany: Bool = false) throws(OutputFileError) {
        try flush()
        guard case .beside(let temporary, let target) = place else {
            isFinished = true
            return
        }
        do {
            if !isOneOfMany { try file.synchronize() }
            try file.close()
        } catch { throw .failed(path: path, reason: FileProblem.reason(of: error)) }
        guard rename(temporary, target) == 0 else {
            throw .failed(path: path, reason: FileProblem.reason(of: FileProblem.systemError))
        }
        isFinished = true
    }

    /// Hands on what was written so far.
    package func flush() throws(OutputFileError) {
        guard !buffer.isEmpty else { return }
        isEmpty = false
        guard let piece = isPacked ? Deflate.packed(buffer, .gzip) : buffer else {
            throw .failed(path: path, reason: "out of memory")
        }
        do { try file.write(contentsOf: Data(piece)) } catch {
            throw .failed(path: path, reason: FileProblem.reason(of: error))
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

extension OutputFile {
    /// Writes a file as a whole.
    ///
    /// - Parameter isOneOfMany: whether a power cut may take it: to wait for the disk with each of many takes long.
    package static func write(
        _ bytes: some Sequence<UInt8>, to path: String, isOneOfMany: Bool = false
    ) throws(OutputFileError) {
        let file = try OutputFile(path: path, isPacked: false)
        try file.write(bytes)
        try file.finish(isOneOfMany: isOneOfMany)
    }

    /// Makes sure that a file can be written here, before the work that is to fill it.
    package static func requireWritable(_ path: String) throws(OutputFileError) {
        // Opening a pipe waits for its reader, who would then see its end.
        if !isStream(path) { _ = try OutputFile(path: path) }
    }

    /// Whether a path is that of a device, a pipe, or the standard output: what is written there is not kept under the
    /// path, and its name need tell nothing.
    package static func isStream(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        let kind = status.st_mode & S_IFMT
        return kind != S_IFREG && kind != S_IFDIR || descriptor(of: path, status) != nil
    }

    /// What is no regular file, or open as standard output, ready to be written; nil for a regular file.
    private static func stream(_ path: String, _ status: stat) throws(OutputFileError) -> FileHandle? {
        if let descriptor = descriptor(of: path, status) {
            // Another descriptor of its own writes behind what the process has written there.
            let copy = dup(descriptor)
            guard copy >= 0 else { throw .failed(path: path, reason: FileProblem.reason(of: FileProblem.systemError)) }
            return FileHandle(fileDescriptor: copy, closeOnDealloc: true)
        }
        guard status.st_mode & S_IFMT != S_IFREG else { return nil }
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .failed(path: path, reason: FileProblem.reason(of: FileProblem.systemError))
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// The descriptor of the process that a path such as /dev/stdout stands for.
    private static func descriptor(of path: String, _ status: stat) -> Int32? {
        let named = ["/dev/fd/", "/proc/self/fd/"].filter { path.hasPrefix($0) }
            .compactMap { Int32(path.dropFirst($0.count)) }.first
        return ([STDOUT_FILENO, STDERR_FILENO] + [named].compactMap { $0 }).first { descriptor in
            var own = stat()
            guard fstat(descriptor, &own) == 0, own.st_dev == status.st_dev, own.st_ino == status.st_ino else {
                return false
            }
            // Two that write to /dev/null are not one for that.
            return own.st_mode & S_IFMT != S_IFCHR || descriptor == named || path.hasPrefix("/dev/std")
        }
    }

    /// Where the symbolic links of a path end, whether there is something or not.
    private static func target(of path: String) -> String {
        var path = path
        // As many as the system follows.
        for _ in 0..<40 {
            guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { break }
            path =
                next.hasPrefix("/")
                ? next : URL(filePath: path).deletingLastPathComponent().appending(path: next).path
        }
        return path
    }
}

/// Why a file cannot be written.
package enum OutputFileError: LastingError, Sendable, Hashable, CustomStringConvertible {
    case failed(path: String, reason: String)

    /// Why, in a few words.
    package var reason: String {
        switch self {
        case .failed(_, let reason): reason
        }
    }

    /// Whether it was a pipe whose reader has gone: enough was written for it.
    package var isOfGoneReader: Bool { reason == FileProblem.reason(ofCode: EPIPE) }

    package var description: String {
        switch self {
        case .failed(let path, let reason): "cannot write \(path): \(reason)"
        }
    }
}
