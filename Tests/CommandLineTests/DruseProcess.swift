import Foundation

/// Runs the real executable, which the build puts beside the tests.
enum DruseProcess {
    /// What a finished command leaves.
    struct Outcome {
        let status: Int32
        let output: String
        let messages: String

        /// The lines of stdout as JSON objects.
        func objects() throws -> [[String: Any]] {
            try output.split(separator: "\n").map { line in
                let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
                guard let object = value as? [String: Any] else { throw CocoaError(.coderReadCorrupt) }
                return object
            }
        }

        /// The lines of stderr.
        var messageLines: [Substring] { messages.split(separator: "\n") }
    }

    static var executable: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "druse")
    }

    /// Runs `druse` to its end.
    static func run(_ arguments: [String], input: String = "") throws -> Outcome {
        try run(executable: executable, arguments, input: input)
    }

    /// Runs a shell script in which `$DRUSE` is the executable.
    static func runShell(_ script: String, arguments: [String]) throws -> Outcome {
        try run(
            executable: URL(filePath: "/bin/sh"), ["-c", "DRUSE=\"$0\"; \(script)", executable.path] + arguments,
            input: "")
    }

    private static func run(executable: URL, _ arguments: [String], input: String) throws -> Outcome {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        let (standardInput, output, messages) = (Pipe(), Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = messages
        try process.run()
        // All three pipes at once: a full one would stop the process.
        let readers = [output, messages].map(PipeReader.init)
        if !input.isEmpty { try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
        try standardInput.fileHandleForWriting.close()
        let texts = readers.map { $0.text() }
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: texts[0], messages: texts[1])
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
