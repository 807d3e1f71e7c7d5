package import Base

/// Says time and again that a learner is open to everybody.
package struct SecurityReminder: Sendable {
    static let interval = Duration.seconds(60)

    private let text: String?
    private var due: Moment?

    /// - Parameter text: what to say; nil: nothing.
    package init(_ text: String?) { self.text = text }

    /// What to say now, at once and then once a minute.
    package mutating func take(now: Moment) -> String? {
        guard let text else { return nil }
        if let due, now < due { return nil }
        due = now.advanced(by: Self.interval)
        return text
    }
}
