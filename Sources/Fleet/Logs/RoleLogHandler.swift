internal import Foundation
package import Logging

/// Writes what a role logs to a ``LogOutput``.
package struct RoleLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let role: String
    private let output: LogOutput

    package init(role: String, level: Logger.Level, output: LogOutput) {
        self.role = role
        self.logLevel = level
        self.output = output
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { $1 }
        var fields = values.mapValues { "\($0)" }
        if let error = event.error { fields["error"] = "\(error)" }
        output.write(
            LogLine(
                level: event.level, role: role, source: event.source, message: "\(event.message)", fields: fields))
    }
}
