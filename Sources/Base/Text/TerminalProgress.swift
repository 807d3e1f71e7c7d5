import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The progress of long work on stderr: a bar on a terminal, a line from time to time in a pipe or file.
///
///     let progress = TerminalProgress(title: "sampling", total: 1_000, unit: "crystals")
///     for done in 1...1_000 { progress.update(done) }
///     progress.finish()
package final class TerminalProgress: Sendable {
    /// Where it is shown, and how.
    package enum Style: Equatable, Sendable {
        /// A bar of one line that is drawn again and again; `columns` wide.
        case bar(columns: Int)
        /// A line each time the interval has passed.
        case lines(every: Duration)
        case silent

        /// What suits stderr: a bar on a terminal, else lines.
        package static func automatic(every interval: Duration = .seconds(10)) -> Style {
            guard isatty(STDERR_FILENO) == 1, ProcessInfo.processInfo.environment["TERM"] != "dumb" else {
                return .lines(every: interval)
            }
            var size = winsize()
            let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
            return .bar(columns: known ? Int(size.ws_col) : 80)
        }
    }

    /// The state of the work, as drawn.
    struct State {
        var completed = 0
        var note = ""
        var isBarShown = false
        var nextDraw: Duration = .zero
        var isFinished = false
    }

    private static let redrawInterval: Duration = .milliseconds(100)
    private let title: String
    private let total: Int?
    private let unit: String
    private let style: Style
    private let elapsed: @Sendable () -> Duration
    private let write: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - title: what is being done, such as "sampling".
    ///   - total: how much there is to do; nil if that is not known.
    ///   - unit: what is counted, in the plural.
    ///   - elapsed: the time since the start; injected by tests.
    ///   - write: takes the text; stderr by default.
    package init(
        title: String, total: Int?, unit: String, style: Style = .automatic(),
        elapsed: (@Sendable () -> Duration)? = nil, write: (@Sendable (String) -> Void)? = nil
    ) {
        self.title = title
        self.total = total
        self.unit = unit
        self.style = style
        let start = ContinuousClock.now
        self.elapsed = elapsed ?? { ContinuousClock.now - start }
        self.write = write ?? { FileHandle.standardError.write(Data($0.utf8)) }
        var state = State()
        if case .lines(let interval) = style { state.nextDraw = interval }
        self.state = Mutex(state)
    }

    /// Tells how much is done, and optionally something to show beside it, such as a loss.
    package func update(_ completed: Int, note: String? = nil) {
        state.withLock { state in
            state.completed = completed
            if let note { state.note = note }
            let now = elapsed()
            guard !state.isFinished, now >= state.nextDraw else { return }
            draw(&state, at: now)
        }
    }

    /// Writes a line that stays, above the bar where there is one.
    package func message(_ text: String) {
        state.withLock { state in
            guard state.isBarShown else { return write("\(text)\n") }
            write("\r\u{1B}[K\(text)\n")
            draw(&state, at: elapsed())
        }
    }

    /// Draws the last state and ends the line; nothing is shown after it.
    package func finish() {
        state.withLock { state in
            guard !state.isFinished else { return }
            draw(&state, at: elapsed())
            if state.isBarShown { write("\n") }
            state.isFinished = true
            state.isBarShown = false
        }
    }

    private func draw(_ state: inout State, at now: Duration) {
        switch style {
        case .bar(let columns):
            write("\r\(barLine(state, at: now, columns: columns))\u{1B}[K")
            state.isBarShown = true
            state.nextDraw = now + TerminalProgress.redrawInterval
        case .lines(let interval):
            write("\(textLine(state, at: now))\n")
            state.nextDraw = now + interval
        case .silent: break
        }
    }

    /// The bar, cut to the width of the terminal: a line that wraps could not be drawn over.
    private func barLine(_ state: State, at now: Duration, columns: Int) -> String {
        var parts = [counted(state, separator: "/")]
        parts.append(contentsOf: pace(state, at: now))
        var line = "\(title) \(parts.joined(separator: "  "))"
        if let share = share(state) {
            parts.insert(HumanFormat.percent(share), at: 0)
            let text = parts.joined(separator: "  ")
            let width = min(columns - title.count - text.count - 3, 30)
            line = "\(title) \(text)"
            if width >= 8 {
                let filled = Int((share * Double(width)).rounded(.down))
                let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
                line = "\(title) \(bar) \(text)"
            }
        }
        return String(line.prefix(max(columns - 1, 1)))
    }

    /// Such as "512 of 1,000 crystals (51.2%), 12.4 s, 41.2/s, 11.8 s left, loss 3.1".
    private func textLine(_ state: State, at now: Duration) -> String {
        let percent = share(state).map { " (\(HumanFormat.percent($0)))" } ?? ""
        let parts = ["\(counted(state, separator: " of "))\(percent)", HumanFormat.duration(now)]
        return "\(title): \((parts + pace(state, at: now)).joined(separator: ", "))"
    }

    private func share(_ state: State) -> Double? {
        guard let total, total > 0 else { return nil }
        return min(1, max(0, Double(state.completed) / Double(total)))
    }

    /// Such as "512 of 1,000 crystals".
    private func counted(_ state: State, separator: String) -> String {
        guard let total else { return "\(HumanFormat.count(state.completed)) \(unit)" }
        return "\(HumanFormat.count(state.completed))\(separator)\(HumanFormat.count(total)) \(unit)"
    }

    /// The rate, the time left and the note.
    private func pace(_ state: State, at now: Duration) -> [String] {
        let seconds = now.seconds
        let rate = seconds > 0 ? Double(state.completed) / seconds : 0
        var parts = [HumanFormat.rate(rate)]
        if let total, rate > 0, state.completed < total {
            parts.append("\(HumanFormat.seconds(Double(total - state.completed) / rate)) left")
        }
        if !state.note.isEmpty { parts.append(state.note) }
        return parts
    }
}
