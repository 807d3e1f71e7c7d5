package import Logging

/// What a role speaks with: what it logs goes to standard error or a file, what it has to tell to standard output.
package struct RoleVoice: Sendable {
    package let logger: Logger
    private let role: String
    private let format: LogFormat

    init(role: String, logger: Logger, format: LogFormat) {
        (self.role, self.logger, self.format) = (role, logger, format)
    }

    /// Whether what it says is text.
    package var isForPeople: Bool { format == .text }

    /// Tells something: a line of text, or a record of JSON.
    package func say(_ text: String) {
        RoleProcess.say(
            format == .text ? text : LogLine(level: .info, role: role, message: text).text(format))
    }
}
