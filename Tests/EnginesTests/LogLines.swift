import Base
import Foundation
import Logging
import Synchronization

/// A logger that keeps its lines.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    /// What was logged so far.
    var all: [String] { lines.withLock { $0 } }

    /// Waits for a line, which a thread of the engine's writes; whether it came.
    func hasLine(_ matches: (String) -> Bool) -> Bool {
        let deadline = Moment.now.advanced(by: .seconds(30))
        while Moment.now < deadline {
            if all.contains(where: matches) { return true }
            usleep(1000)
        }
        return false
    }

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.lines.withLock { $0.append("\(event.message)") } }
    }
}
