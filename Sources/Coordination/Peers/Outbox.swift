package import Base

/// Results that were sent and not yet acknowledged: they are sent again until they are.
package struct Outbox<Key: Hashable & Comparable & Sendable, Message: Sendable>: Sendable {
    private struct Entry: Sendable {
        var message: Message
        var lastSent: Moment?
    }

    /// How long an acknowledgement may take.
    private let patience: Duration
    private var messages: [Key: Entry] = [:]
    /// How often a result was sent again.
    private(set) var resentCount = 0

    package init(patience: Duration = .seconds(5)) {
        self.patience = patience
    }

    package var isEmpty: Bool { messages.isEmpty }
    package var count: Int { messages.count }

    package func contains(_ key: Key) -> Bool { messages[key] != nil }

    package mutating func add(_ message: Message, as key: Key) {
        messages[key] = Entry(message: message, lastSent: nil)
    }

    mutating func acknowledge(_ key: Key) {
        messages[key] = nil
    }

    package mutating func removeAll() {
        messages.removeAll()
    }

    /// Makes everything due at once, after a new login.
    mutating func resendAll() {
        for key in Array(messages.keys) where messages[key]?.lastSent != nil {
            messages[key]?.lastSent = nil
            resentCount += 1
        }
    }

    /// What has to be sent now, in the order of the keys; counted as sent.
    package mutating func due(now: Moment) -> [Message] {
        var due: [Message] = []
        for key in messages.keys.sorted() {
            guard let entry = messages[key] else { continue }
            if let lastSent = entry.lastSent {
                guard lastSent.duration(to: now) > patience else { continue }
                resentCount += 1
            }
            messages[key]?.lastSent = now
            due.append(entry.message)
        }
        return due
    }
}
