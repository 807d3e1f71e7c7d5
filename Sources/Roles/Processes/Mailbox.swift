import Foundation
package import Messaging

/// A bounded queue between threads: whoever posts never waits, whoever receives waits with a deadline.
///
/// - Note: `@unchecked Sendable` because `condition` guards all state.
package final class Mailbox<Element: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private let capacity: Int
    private let wakeup: Wakeup?
    private var elements: [Element] = []
    private var isClosed = false

    /// - Parameter wakeup: Signalled at each post, for a receiver that waits for sockets too.
    package init(capacity: Int, wakeup: Wakeup? = nil) {
        self.capacity = capacity
        self.wakeup = wakeup
    }

    /// Adds an element; false, and nothing is added, if the mailbox is full or closed.
    @discardableResult
    package func post(_ element: Element) -> Bool {
        condition.lock()
        let fits = elements.count < capacity && !isClosed
        if fits {
            elements.append(element)
            condition.signal()
        }
        condition.unlock()
        if fits { wakeup?.signal() }
        return fits
    }

    /// Everything that waits, at once.
    package func takeAll() -> [Element] {
        condition.lock()
        defer { condition.unlock() }
        defer { elements.removeAll() }
        return elements
    }

    /// The oldest element; nil after `timeout`, or when the mailbox is closed and empty.
    package func receive(timeout: Duration) -> Element? {
        let deadline = Date(timeIntervalSinceNow: timeout.seconds)
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty {
            if isClosed || !condition.wait(until: deadline) { break }
        }
        return elements.isEmpty ? nil : elements.removeFirst()
    }

    /// Refuses further elements, and ends all waiting.
    package func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    /// Whether nothing will come any more.
    package var isExhausted: Bool {
        condition.lock()
        defer { condition.unlock() }
        return isClosed && elements.isEmpty
    }
}
