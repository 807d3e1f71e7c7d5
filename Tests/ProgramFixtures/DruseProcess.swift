internal import Base
package import Foundation

/// Runs the real executables, which the build puts beside the tests, to their end.
package enum DruseProcess {
    /// What a finished command leaves.
    package struct Outcome: Sendable {
        package let status: Int32
        package let output: String
        package let messages: String

        /// The lines of stdout as JSON objects.
        package func objects() throws -> [[String: Any]] {
            try output.split(separator: "\n").map { line in
                let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
                guard let object = value as? [String: Any] else { throw CocoaError(.coderReadCorrupt) }
                return object
            }
        }

        /// The lines of stderr.
        package var messageLines: [Substring] { messages.split(separator: "\n") }
    }

    /// Where a program stands.
    package static func executable(_ program: String = "druse") -> URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: program)
    }

    /// Runs a program, `druse` if no other is named.
    package static func run(
        program: String = "druse", _ arguments: [String], input: String = ""
    ) throws -> Outcome {
        try run(executable: executable(program), arguments, input: input)
    }

    /// Runs a shell script in which `$DRUSE` is the executable.
    package static func runShell(_ script: String, arguments: [String]) throws -> Outcome {
        try run(
            executable: URL(filePath: "/bin/sh"), ["-c", "DRUSE=\"$0\"; \(script)", executable().path] + arguments,
            input: "")
    }

    /// Runs any program.
    package static func run(executable: URL, _ arguments: [String], input: String = "") throws -> Outcome {
        let (standardInput, output, messages) = (Pipe(), Pipe(), Pipe())
        var streams = ChildProcess.Streams()
        streams.input = standardInput.fileHandleForReading.fileDescriptor
        streams.output = output.fileHandleForWriting.fileDescriptor
        streams.messages = messages.fileHandleForWriting.fileDescriptor
        let process = try ChildProcess(executable.path, arguments, streams: streams)
        for end in [standardInput.fileHandleForReading, output.fileHandleForWriting, messages.fileHandleForWriting] {
            try end.close()
        }
        // All three pipes at once: a full one would stop the process.
        let readers = [output, messages].map(PipeReader.init)
        if !input.isEmpty { try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
        try standardInput.fileHandleForWriting.close()
        let texts = readers.map { $0.text() }
        return Outcome(status: process.wait(), output: texts[0], messages: texts[1])
    }
}

// For tests that wait for something else meanwhile, or that others wait beside.
extension DruseProcess {
    /// Runs a program, `druse` if no other is named, while the caller's thread does other work.
    package static func run(
        program: String = "druse", _ arguments: [String], input: String = ""
    ) async throws -> Outcome {
        try await OwnThread.run { try run(program: program, arguments, input: input) }
    }

    /// Runs a shell script in which `$DRUSE` is the executable, while the caller's thread does other work.
    package static func runShell(_ script: String, arguments: [String]) async throws -> Outcome {
        try await OwnThread.run { try runShell(script, arguments: arguments) }
    }

    /// Runs any program while the caller's thread does other work.
    package static func run(executable: URL, _ arguments: [String], input: String = "") async throws -> Outcome {
        try await OwnThread.run { try run(executable: executable, arguments, input: input) }
    }
}

/// Reads a pipe to its end on a thread of its own.
private final class PipeReader: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var data = Data()

    init(_ pipe: Pipe) {
        let handle = pipe.fileHandleForReading
        Thread { [self] in
            data = handle.readDataToEndOfFile()
            done.signal()
        }.start()
    }

    /// Waits for the end; called once.
    func text() -> String {
        done.wait()
        return String(decoding: data, as: UTF8.self)
    }
}
