import Base
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A terminal that a command draws on again and again; what was there before comes back at the end.
final class TerminalScreen {
    private let interval = 1.0

    static var isTerminal: Bool {
        isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0
        return known ? (Int(size.ws_col), Int(size.ws_row)) : (80, 24)
    }

    /// Nil where standard output is no terminal.
    init?() {
        guard Self.isTerminal else { return nil }
    }

    /// Draws until q or a signal; an error ends it, with the terminal as it was.
    func show(_ draw: ((columns: Int, rows: Int)) throws -> [String]) throws {
        let stop = StopToken()
        TerminationSignals.install(stop)
        let wakeup = try Wakeup()
        stop.addWakeup(wakeup)
        var before = termios()
        let isKeyboard = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before) == 0
        if isKeyboard {
            var keys = before
            keys.c_lflag &= ~tcflag_t(ICANON | ECHO)
            tcsetattr(STDIN_FILENO, TCSANOW, &keys)
        }
        write("\u{1B}[?1049h\u{1B}[?25l")
        defer {
            write("\u{1B}[?25h\u{1B}[?1049l")
            if isKeyboard { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
        }
        while !stop.isStopped {
            let size = Self.size
            let lines = try draw(size).prefix(size.rows)
            write("\u{1B}[H" + lines.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
            if waitForKey(wakeup, isKeyboard) { return }
        }
    }

    /// Whether somebody pressed q, or asked to end, before it is time to draw again.
    private func waitForKey(_ wakeup: Wakeup, _ isKeyboard: Bool) -> Bool {
        var entries = [pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)]
        if isKeyboard { entries.append(pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)) }
        guard poll(&entries, nfds_t(entries.count), Int32(interval * 1000)) > 0 else { return false }
        if entries[0].revents != 0 { return true }
        var key: UInt8 = 0
        guard read(STDIN_FILENO, &key, 1) == 1 else { return true }
        return key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") || key == 3
    }

    private func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}
