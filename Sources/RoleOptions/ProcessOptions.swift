internal import ArgumentParser
package import Base
internal import Fleet
package import Logging

/// What every role is told of its process: how much it says, and to whom it belongs.
package struct ProcessOptions: ParsableArguments {
    @Option(help: "The least severe messages to show: trace, debug, info, notice, warning, error.")
    var logLevel = "info"

    @Flag(help: ArgumentHelp("Leave when standard input closes; used by druse launch.", visibility: .hidden))
    var exitWithParent = false

    package init() {}

    /// Does the program's work and ends the process with the status that tells how it went.
    package func perform(_ body: () throws -> Int32) -> Never {
        RoleProcess.perform(isSupervised: exitWithParent, body)
    }

    /// A logger that writes to stderr.
    ///
    /// - Throws: `RoleError` for a level that there is not.
    package func logger(_ role: String) throws -> Logger { try RoleProcess.logger(role, level: logLevel) }

    /// Signals that ask to finish, and the parent's death if the process belongs to one.
    package func stopToken() -> StopToken { RoleProcess.stopToken(exitsWithParent: exitWithParent) }
}
