package import Base
internal import Foundation
internal import Logging
internal import Synchronization

/// Where the lines of a process go: standard error, or a file that may be moved away at any time (logrotate): the next
/// line begins a new one.
///
/// Lines of all threads are whole: each is one write. What cannot be written is dropped, since nobody could be told.
package final class LogOutput: Sendable {
    private struct State {
        var throttle = LogThrottle()
        /// -1 while there is none.
        var descriptor: Int32
        var nextLook: Moment?
    }

    private let format: LogFormat
    private let file: String?
    private let state: Mutex<State>

    /// - Throws: `SystemError` if the file cannot be opened.
    package init(format: LogFormat, file: String? = nil) throws {
        self.format = format
        self.file = file
        guard let file else {
            state = Mutex(State(descriptor: STDERR_FILENO))
            return
        }
        let descriptor = Self.open(file)
        guard descriptor >= 0 else { throw SystemError(code: errno, operation: "cannot open the log file \(file)") }
        state = Mutex(State(descriptor: descriptor))
    }

    deinit {
        if file != nil { state.withLock { _ = close($0.descriptor) } }
    }

    /// Writes a line, unless it is one too many of its kind; what was held back before is told first.
    package func write(_ line: LogLine, at now: Moment = .now) {
        state.withLock { state in
            let (before, isSaid) = state.throttle.note(line.level, line.message, at: now)
            for held in before { put(told(held, as: line), &state, now) }
            if isSaid { put(line, &state, now) }
        }
    }

    /// Tells what is held back, at the end of the process.
    package func flush(role: String) {
        state.withLock { state in
            let line = LogLine(level: .info, role: role, message: "")
            for held in state.throttle.flush() { put(told(held, as: line), &state, .now) }
        }
    }

    private func told(_ held: LogThrottle.Held, as line: LogLine) -> LogLine {
        LogLine(time: line.time, level: held.level, role: line.role, message: held.text)
    }

    private func put(_ line: LogLine, _ state: inout State, _ now: Moment) {
        if let file, state.nextLook.map({ now >= $0 }) ?? true {
            state.nextLook = now.advanced(by: .seconds(1))
            if !Self.isAt(file, state.descriptor) {
                let new = Self.open(file)
                if new >= 0 {
                    if state.descriptor >= 0 { close(state.descriptor) }
                    state.descriptor = new
                }
            }
        }
        let bytes = Array((line.text(format) + "\n").utf8)
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { Foundation.write(state.descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            start += count
        }
    }

    private static func open(_ file: String) -> Int32 {
        Foundation.open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    }

    /// Whether the path still names the file that is open.
    private static func isAt(_ file: String, _ descriptor: Int32) -> Bool {
        var (named, opened) = (stat(), stat())
        guard stat(file, &named) == 0, fstat(descriptor, &opened) == 0 else { return false }
        return named.st_dev == opened.st_dev && named.st_ino == opened.st_ino
    }
}
