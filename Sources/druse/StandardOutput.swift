import ArgumentParser
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

    /// A reader that goes away ends the command through `flush()`, not by a signal.
    init() { signal(SIGPIPE, SIG_IGN) }

    func write(line: String) throws {
        buffer += line.utf8
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= StandardOutput.pieceSize { try flush() }
    }

    /// Hands all lines to the system.
    /// - Throws: `ExitCode.success` if nobody reads them any more, which is not an error; `ToolFailure` for a full disk
    ///   and
    ///   the like.
    func flush() throws {
        var rest = buffer[...]
        buffer.removeAll(keepingCapacity: true)
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EPIPE {
                throw ExitCode.success
            } else if errno != EINTR {
                throw ToolFailure("cannot write to stdout: \(String(cString: strerror(errno)))")
            }
        }
    }
}

/// A line on stderr.
func writeMessage(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
}
