import Dispatch
import Synchronization

/// A bounded queue between threads: whoever posts never waits, whoever receives waits with a deadline.
///
/// Deadlines are on the monotonic clock: setting the wall clock delays nothing.
package final class Mailbox<Element: Sendable>: Sendable {
    /// What became of an element that was posted.
    package enum PostResult: Sendable, Hashable {
        case posted
        /// Not taken: the receiver is behind.
        case full
        /// Not taken: nobody receives any more.
        case closed
    }

    private struct State {
        var elements: [Element] = []
        var isClosed = false
        /// Threads that wait and were not signalled yet.
        var waiting = 0
    }

    private enum Step {
        case done(Element?)
        case wait
    }

    private let capacity: Int
    private let wakeup: Wakeup?
    private let state = Mutex(State())
    /// Signalled once for each thread that stops waiting because of a post or the end.
    private let signals = DispatchSemaphore(value: 0)

    /// - Parameter wakeup: Signalled at each post, for a receiver that waits for sockets too.
    package init(capacity: Int, wakeup: Wakeup? = nil) {
        self.capacity = capacity
        self.wakeup = wakeup
    }

    /// Adds an element if there is room; the caller has to see to what was not taken.
    ///
    /// - Parameter reserve: Places that are left free for others.
    package func post(_ element: Element, leaving reserve: Int = 0) -> PostResult {
        let result: PostResult = state.withLock { state in
            if state.isClosed { return .closed }
            guard state.elements.count < capacity - reserve else { return .full }
            state.elements.append(element)
            if state.waiting > 0 {
                state.waiting -= 1
                signals.signal()
            }
            return .posted
        }
        if result == .posted { wakeup?.signal() }
        return result
    }

    /// Adds an element where the number of elements is bounded by design; in a closed mailbox nobody waits for it.
    ///
    /// - Precondition: There is room, for the reason given.
    package func post(_ element: Element, bounded reason: StaticString) {
        let result = post(element)
        precondition(result != .full, "a mailbox overflows: \(reason)")
    }

    /// Everything that waits, at once.
    package func takeAll() -> [Element] {
        state.withLock { state in
            defer { state.elements.removeAll() }
            return state.elements
        }
    }

    /// The oldest element; nil after `timeout`, or when the mailbox is closed and empty.
    package func receive(timeout: Duration) -> Element? {
        let deadline = DispatchTime.now() + max(0, timeout.seconds)
        while true {
            let step: Step = state.withLock { state in
                if !state.elements.isEmpty { return .done(state.elements.removeFirst()) }
                if state.isClosed { return .done(nil) }
                state.waiting += 1
                return .wait
            }
            if case .done(let element) = step { return element }
            guard signals.wait(timeout: deadline) == .timedOut else { continue }
            // A signal may have come in between: it has to be used up, and what it stands for may be there.
            let isSignalled = state.withLock { state in
                if state.waiting > 0 {
                    state.waiting -= 1
                    return false
                }
                return true
            }
            if isSignalled { signals.wait() }
            return state.withLock { $0.elements.isEmpty ? nil : $0.elements.removeFirst() }
        }
    }

    /// Refuses further elements, and ends all waiting.
    package func close() {
        state.withLock { state in
            state.isClosed = true
            for _ in 0..<state.waiting { signals.signal() }
            state.waiting = 0
        }
    }

    /// Whether nothing will come any more.
    package var isExhausted: Bool { state.withLock { $0.isClosed && $0.elements.isEmpty } }
}
