package import Base
package import Coordination
internal import Foundation
package import Logging
internal import Security
internal import Trajectories

/// What the programs of all roles do alike: logging, signals, a status and one clear line at the end.
package enum RoleProcess {
    /// The build, told at login and kept with runs.
    package static let build = "0.1.0"

    /// A logger that writes to stderr.
    ///
    /// - Parameter level: the least severe level that is shown, by name.
    package static func logger(_ label: String, level name: String) throws -> Logger {
        let settings = try LogSettings(level: name)
        return logger(label, settings, try LogOutput(format: settings.format))
    }

    private static func logger(_ role: String, _ settings: LogSettings, _ output: LogOutput) -> Logger {
        Logger(label: role) { RoleLogHandler(role: $0, level: settings.level, output: output) }
    }

    /// Writes a readable line to standard output at once, also into a pipe or a file.
    @Sendable package static func say(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data("\(text)\n".utf8))
    }

    /// Writes what a program was asked for to standard output; nobody need read it to its end.
    ///
    /// - Throws: `RoleError` for a full disk and the like.
    package static func answer(_ text: String) throws {
        signal(SIGPIPE, SIG_IGN)
        do { try FileHandle.standardOutput.write(contentsOf: Data("\(text)\n".utf8)) } catch {
            let reason = FileProblem.reason(of: error)
            guard reason != FileProblem.reason(ofCode: EPIPE) else { return }
            throw RoleError.io("cannot write to stdout: \(reason)")
        }
    }

    /// The settings of a peer of a learner.
    ///
    /// - Parameters:
    ///   - file: the path of the learner's endpoint file, in place of its address.
    ///   - patience: how long to look for the learner, seconds; 0: for ever.
    ///   - drain: how long leaving may take, seconds.
    ///   - keys: where the process' key is, and the learner's; by default as the environment says.
    package static func peer(
        connect: String?, file: String? = nil, threads: Int, patience: Double, drain: Double = 20, keys: PeerKeyPlaces
    ) throws -> PeerConfiguration {
        var configuration = PeerConfiguration(
            endpoint: try connect.map { try Endpoint($0) }, build: build, host: ProcessInfo.processInfo.hostName,
            process: Int(ProcessInfo.processInfo.processIdentifier))
        configuration.title = try PeerTitle.given()
        configuration.endpointFile = file
        configuration.threads = threads
        configuration.credentials = try keys.credentials()
        configuration.patience = patience > 0 ? .seconds(min(patience, 1e9)) : nil
        configuration.drain = .seconds(min(drain, 1e9))
        return configuration
    }

    /// What is wrong with how a learner is named; nil if nothing.
    package static func connectionProblem(connect: String?, file: String?) -> String? {
        switch (connect, file) {
        case (nil, nil): "name the learner: --connect tcp://HOST:PORT, or --connect-file RUN/endpoint.json"
        case (_?, _?): "--connect and --connect-file exclude each other"
        case (_, ""?): "--connect-file is empty: name the file endpoint.json of the run directory"
        case (_, let file?) where isFolder(file):
            "--connect-file \(file): it is a folder: name the file endpoint.json of the run directory"
        default: nil
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Does a program's work and ends the process with the status that tells how it went; an error is one line on
    /// stderr.
    ///
    /// It ends at once: a thread may still be at work whose result nobody waits for any more, and the clean-up of an
    /// ordinary exit would take from it what it uses.
    ///
    /// - Parameters:
    ///   - isSupervised: Whether `druse launch` started the process, and is told more than others are
    ///     (`ExitStatus.told(isSupervised:)`).
    ///   - body: Returns the exit status.
    package static func perform(isSupervised: Bool = false, _ body: () throws -> Int32) -> Never {
        end(isSupervised: isSupervised, body, tell: { "Error: \($0)" })
    }

    /// The same for a role, which says what it has to say by its voice: as text, or as JSON to the last line.
    ///
    /// - Parameters:
    ///   - role: such as `learner`.
    ///   - isSupervised: Whether `druse launch` started the process.
    ///   - settings: what it logs, and how.
    package static func perform(
        role: String, isSupervised: Bool, settings: () throws -> LogSettings, _ body: (RoleVoice) throws -> Int32
    ) -> Never {
        let form = (try? settings().format) ?? .text
        end(
            isSupervised: isSupervised,
            {
                let settings = try settings()
                let output = try LogOutput(format: settings.format, file: settings.file)
                defer { output.flush(role: role) }
                return try body(RoleVoice(role: role, logger: logger(role, settings, output), format: settings.format))
            },
            tell: { error in
                form == .text ? "Error: \(error)" : LogLine(level: .error, role: role, message: "\(error)").text(form)
            })
    }

    private static func end(
        isSupervised: Bool, _ body: () throws -> Int32, tell: (any Error) -> String
    ) -> Never {
        var status: Int32
        do {
            try StandardDescriptors.requireEnough()
            status = try body()
        } catch {
            try? FileHandle.standardError.write(contentsOf: Data("\(tell(error))\n".utf8))
            status = ExitStatus(of: error).rawValue
        }
        status = ExitStatus(rawValue: status)?.told(isSupervised: isSupervised).rawValue ?? status
        fflush(nil)
        _exit(status)
    }

    /// Signals that ask to finish, and the parent's death if the process belongs to one.
    package static func stopToken(exitsWithParent: Bool) -> StopToken {
        let stop = StopToken()
        TerminationSignals.install(stop)
        if exitsWithParent { ParentWatch.start(stop) }
        return stop
    }
}

extension ExitStatus {
    /// The status of a peer that left without an error.
    package init(of leave: PeerLeave) {
        switch leave {
        case .dismissed: self = .dismissed
        case .stopped: self = .complete
        }
    }
}
