import Base
import Foundation
import Logging
import Synchronization

/// What a foreign engine writes on standard error, line by line into the worker's log, within a limit.
final class EngineMessages: Sendable {
    /// The longest line, bytes; the rest of a longer one is left out.
    static let lineBytes = 500
    /// The lines that are shown at once, and how many more each second.
    static let burst = 50
    static let linesPerSecond = 2.0

    let descriptor: Int32
    private let logger: Logger
    private let last = Mutex("")

    init(descriptor: Int32, logger: Logger) {
        self.descriptor = descriptor
        self.logger = logger
    }

    /// The last line; empty if there was none.
    var lastLine: String { last.withLock { $0 } }

    /// Reads to the end, on the calling thread.
    func read() {
        var limit = EngineMessageLimit(now: .now)
        var line: [UInt8] = []
        var isCut = false
        func finish() {
            guard !line.isEmpty else { return }
            let text = String(decoding: line, as: UTF8.self)
            last.withLock { $0 = text }
            let (isShown, missed) = limit.admit(now: .now)
            if missed > 0 { logger.info("engine: \(missed) lines are left out") }
            if isShown { logger.info("engine: \(text)\(isCut ? " ..." : "")") }
            line.removeAll(keepingCapacity: true)
            isCut = false
        }
        withUnsafeTemporaryAllocation(byteCount: 1 << 14, alignment: 1) { buffer in
            while true {
                let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                for byte in buffer[..<count] {
                    switch byte {
                    case UInt8(ascii: "\n"), UInt8(ascii: "\r"): finish()
                    case _ where line.count >= Self.lineBytes: isCut = true
                    // A terminal is not to be told anything.
                    default: line.append(byte < 32 || byte == 127 ? UInt8(ascii: " ") : byte)
                    }
                }
            }
        }
        finish()
        if limit.missed > 0 { logger.info("engine: \(limit.missed) lines are left out") }
    }
}

/// How many lines of an engine are shown: a burst, then a few a second.
struct EngineMessageLimit {
    private var tokens = Double(EngineMessages.burst)
    private var last: Moment
    /// Lines that were not shown and not told of.
    private(set) var missed = 0

    init(now: Moment) { last = now }

    /// Whether a line is shown, and how many were left out before it.
    mutating func admit(now: Moment) -> (isShown: Bool, missed: Int) {
        tokens = min(
            Double(EngineMessages.burst), tokens + last.duration(to: now).seconds * EngineMessages.linesPerSecond)
        last = now
        guard tokens >= 1 else {
            missed += 1
            return (false, 0)
        }
        tokens -= 1
        defer { missed = 0 }
        return (true, missed)
    }
}
