internal import Foundation
package import Logging
internal import Messaging

/// What the programs of all roles do alike: logging, signals, a status and one clear line at the end.
package enum RoleProcess {
    /// The build, told at login and kept with runs.
    package static let build = "0.1.0"

    /// The exit status of a process that cannot serve its learner however often it is started: `EX_CONFIG` of sysexits.h.
    package static let cannotServeStatus: Int32 = 78

    /// A logger that writes to stderr.
    ///
    /// - Parameter level: the least severe level that is shown, by name.
    package static func logger(_ label: String, level name: String) throws -> Logger {
        guard let level = Logger.Level(rawValue: name) else {
            throw RoleError.configuration([
                "there is no log level \(name); the levels are "
                    + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            ])
        }
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }

    /// Writes a readable line to standard output at once, also into a pipe or a file.
    @Sendable package static func say(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data("\(text)\n".utf8))
    }

    /// The settings of a peer of a learner.
    package static func peer(connect: String, threads: Int, reports: Duration = .seconds(5)) throws -> PeerConfiguration
    {
        var configuration = PeerConfiguration(
            endpoint: try Endpoint(connect), build: build, host: ProcessInfo.processInfo.hostName,
            process: Int(ProcessInfo.processInfo.processIdentifier))
        configuration.threads = threads
        configuration.report = reports
        return configuration
    }

    /// Ends the process with success, at once: a thread may still be at work whose result nobody waits for any more, and
    /// the clean-up of an ordinary exit would take from it what it uses.
    package static func leave() -> Never {
        fflush(nil)
        _exit(0)
    }

    /// Signals that ask to finish, and the parent's death if the process belongs to one.
    package static func stopToken(exitsWithParent: Bool) -> StopToken {
        let stop = StopToken()
        TerminationSignals.install(stop)
        if exitsWithParent { ParentWatch.start(stop) }
        return stop
    }
}
