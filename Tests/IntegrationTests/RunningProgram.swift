import Base
import Foundation
import ProgramFixtures

/// A program in its own process; killed, if it still runs, with its owner.
final class RunningProgram {
    let name: String
    /// What it writes to stdout and stderr.
    let log: URL
    private let process: ChildProcess
    private let lifeline = Pipe()

    /// Starts a program that the build put beside the tests.
    ///
    /// - Parameter isRole: whether it can be told to leave with the tests, should these die.
    convenience init(
        _ program: String, _ arguments: [String], isRole: Bool, environment: [String: String] = [:], log: URL
    ) throws {
        try self.init(
            executable: DruseProcess.executable(program), arguments + (isRole ? ["--exit-with-parent"] : []),
            environment: environment, log: log)
    }

    /// Starts any program.
    ///
    /// - Parameter environment: Variables beside this process's own.
    init(executable: URL, _ arguments: [String], environment: [String: String] = [:], log: URL) throws {
        name = executable.lastPathComponent
        self.log = log
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        var streams = ChildProcess.Streams()
        streams.input = lifeline.fileHandleForReading.fileDescriptor
        (streams.output, streams.messages) = (output.fileDescriptor, output.fileDescriptor)
        process = try ChildProcess(
            executable.path, arguments,
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }, streams: streams)
        try lifeline.fileHandleForReading.close()
        try output.close()
    }

    deinit { signal(SIGKILL) }

    var identifier: Int32 { process.identifier }

    var isRunning: Bool { process.isRunning }

    /// The exit status, or 128 + the signal that killed it; nil while it runs.
    ///
    /// A peer that the learner sent away has succeeded, as it tells everybody but `druse launch`, whose option the
    /// tests give to every role.
    var status: Int32? {
        let status = process.status
        return status == ExitStatus.dismissed.rawValue ? ExitStatus.complete.rawValue : status
    }

    /// Waits for its end.
    func waitUntilExit() { process.wait() }

    func signal(_ number: Int32) { process.signal(number) }

    /// What it has written so far.
    var text: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
}
