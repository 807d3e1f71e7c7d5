internal import Foundation
package import Logging
internal import Trajectories

/// What a process logs, how and where: options first, then `DRUSE_LOG`, then what is usual.
package struct LogSettings: Sendable, Hashable {
    /// A level, a format or both, such as `debug`, `json` or `debug,json`.
    package static let variable = "DRUSE_LOG"

    /// Whether the environment says anything.
    package static var isInEnvironment: Bool { ProcessInfo.processInfo.environment[variable]?.isEmpty == false }

    package var level: Logger.Level
    package var format: LogFormat
    /// Where lines are added; nil: standard error.
    package var file: String?

    /// - Parameters:
    ///   - level: the least severe level that is shown, by name; nil: not given.
    ///   - format: by name; nil: not given.
    ///   - standard: the level where nothing says one.
    /// - Throws: `RoleError` for a level or a format that there is not.
    package init(
        level: String? = nil, format: String? = nil, file: String? = nil, standard: Logger.Level = .info,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        var (wantedLevel, wantedFormat) = (standard, LogFormat.text)
        for word in (environment[Self.variable] ?? "").split(separator: ",") {
            let word = word.trimmingCharacters(in: .whitespaces).lowercased()
            if let level = Logger.Level(rawValue: word) {
                wantedLevel = level
            } else if let format = LogFormat(rawValue: word) {
                wantedFormat = format
            } else if !word.isEmpty {
                throw Self.problem("\(Self.variable): there is no \(word)")
            }
        }
        if let level {
            guard let known = Logger.Level(rawValue: level) else {
                throw Self.problem("there is no log level \(level)")
            }
            wantedLevel = known
        }
        if let format {
            guard let known = LogFormat(rawValue: format) else {
                throw Self.problem("there is no log format \(format)")
            }
            wantedFormat = known
        }
        guard file != "" else { throw RoleError.configuration(["--log-file is empty: name a file"]) }
        (self.level, self.format, self.file) = (wantedLevel, wantedFormat, file)
    }

    private static func problem(_ what: String) -> RoleError {
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        let formats = LogFormat.allCases.map(\.rawValue).joined(separator: ", ")
        return .configuration(["\(what); the levels are \(levels), the formats \(formats)"])
    }
}
