import ArgumentParser
import Base
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Lines on stdout, gathered and written in larger pieces.
final class StandardOutput {
    private static let pieceSize = 1 << 16
    private var buffer: [UInt8] = []
    private let goesOnUnread: Bool
    private var isUnread = false

    /// A reader that goes away ends the command through `flush()`, not by a signal.
    ///
    /// - Parameter goesOnUnread: whether the command has more to do than to be read, such as a file to write.
    init(goesOnUnread: Bool = false) {
        self.goesOnUnread = goesOnUnread
        signal(SIGPIPE, SIG_IGN)
    }

    func write(line: String) throws { try write("\(line)\n") }

    /// Writes a text with its own line breaks.
    func write(_ text: String) throws {
        buffer += text.utf8
        if buffer.count >= StandardOutput.pieceSize { try flush() }
    }

    /// Hands all lines to the system.
    /// - Throws: `ExitCode.success` if nobody reads them any more, which is not an error; `ToolFailure` for a full disk
    ///   and the like.
    func flush() throws {
        var rest = buffer[...]
        buffer.removeAll(keepingCapacity: true)
        while !rest.isEmpty, !isUnread {
            let written = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EPIPE {
                guard goesOnUnread else { throw ExitCode.success }
                isUnread = true
            } else if errno != EINTR {
                throw ToolFailure("cannot write to stdout: \(FileProblem.reason(ofCode: errno))")
            }
        }
    }

    /// Writes one line, at once.
    static func write(line: String) throws {
        let output = StandardOutput()
        try output.write(line: line)
        try output.flush()
    }
}

/// A line on stderr.
func writeMessage(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
}
