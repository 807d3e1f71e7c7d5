internal import ArgumentParser
package import Base
package import Fleet

/// What every role is told of its process: how much it says, and to whom it belongs.
package struct ProcessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The least severe messages to show: trace, debug, info, notice, warning, error (default: info). DRUSE_LOG "
                + "says the same, such as DRUSE_LOG=debug,json.", valueName: "level"))
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "How messages are written: text, or json, an object a line (default: text).", valueName: "format"))
    var logFormat: String?

    @Option(
        help: ArgumentHelp(
            "Add messages to this file rather than write them to standard error; one that is moved away is begun anew.",
            valueName: "file"))
    var logFile: String?

    @Flag(help: ArgumentHelp("Leave when standard input closes; used by druse launch.", visibility: .hidden))
    var exitWithParent = false

    package init() {}

    /// Does the program's work and ends the process with the status that tells how it went.
    ///
    /// - Parameters:
    ///   - role: such as `learner`.
    ///   - body: what it does, with what it speaks with; returns the exit status.
    package func perform(_ role: String, _ body: (RoleVoice) throws -> Int32) -> Never {
        RoleProcess.perform(
            role: role, isSupervised: exitWithParent,
            settings: { try LogSettings(level: logLevel, format: logFormat, file: logFile) }, body)
    }

    /// Signals that ask to finish, and the parent's death if the process belongs to one.
    package func stopToken() -> StopToken { RoleProcess.stopToken(exitsWithParent: exitWithParent) }
}
