package import Base
package import Logging

/// Keeps a log readable when the same happens again and again, or a thousand peers join at once: what is held back is
/// counted, and the count is said.
///
/// Two rules, for level `info` and above: a message that was said within the last 30 s is not said again; of messages
/// that begin alike, up to their first colon (`joined: ...`), 20 are said in 10 s. Nothing is held back without a line
/// that tells how many there were: it comes before the next line, or at the end.
///
/// - Complexity: O(kinds of messages in the last half minute) for a line, at most `LogThrottle.most`.
package struct LogThrottle: Sendable {
    static let sameFor = Duration.seconds(30)
    static let kindFor = Duration.seconds(10)
    package static let burst = 20
    /// More messages than this are not told apart.
    static let most = 512

    /// What was held back of one message or kind.
    package struct Held: Sendable, Hashable {
        package var level: Logger.Level
        package var count: Int
        /// The last of them.
        package var message: String
    }

    private struct Window {
        var end: Moment
        var said: Int
        var held: Held
    }

    private var messages: [String: Window] = [:]
    private var kinds: [String: Window] = [:]

    package init() {}

    /// - Returns: what was held back before and is over now, and whether this message is to be said.
    package mutating func note(
        _ level: Logger.Level, _ message: String, at now: Moment
    ) -> (before: [Held], isSaid: Bool) {
        guard level >= .info else { return ([], true) }
        let before = Self.close(&messages, at: now) + Self.close(&kinds, at: now)
        let key = "\(level.rawValue) \(message)"
        if messages[key] != nil {
            messages[key]?.held.count += 1
            return (before, false)
        }
        let kind = "\(level.rawValue) \(message.prefix { $0 != ":" })"
        if let window = kinds[kind], window.said >= Self.burst {
            kinds[kind]?.held.count += 1
            kinds[kind]?.held.message = message
            return (before, false)
        }
        let nothing = Held(level: level, count: 0, message: message)
        if kinds[kind] == nil, kinds.count < Self.most {
            kinds[kind] = Window(end: now.advanced(by: Self.kindFor), said: 0, held: nothing)
        }
        kinds[kind]?.said += 1
        if messages.count < Self.most {
            messages[key] = Window(end: now.advanced(by: Self.sameFor), said: 1, held: nothing)
        }
        return (before, true)
    }

    /// All that is held back, at the end.
    package mutating func flush() -> [Held] {
        defer { (messages, kinds) = ([:], [:]) }
        return (messages.values.map(\.held) + kinds.values.map(\.held)).filter { $0.count > 0 }.sorted(by: Self.order)
    }

    private static func close(_ windows: inout [String: Window], at now: Moment) -> [Held] {
        let over = windows.filter { $0.value.end <= now }
        for key in over.keys { windows[key] = nil }
        return over.values.map(\.held).filter { $0.count > 0 }.sorted(by: order)
    }

    private static func order(_ a: Held, _ b: Held) -> Bool { a.message < b.message }
}

extension LogThrottle.Held {
    /// Such as `980 more like this: joined: actor node7:4711`.
    package var text: String { "\(count) more like this: \(message)" }
}
