package import Messaging
import Synchronization

/// Asks a role to finish; safe to use from any thread, a signal's included by way of ``TerminationSignals``.
package final class StopToken: Sendable {
    private struct State {
        var reason: String?
        var wakeups: [Wakeup] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Why to stop; nil as long as nobody asked.
    package var reason: String? { state.withLock { $0.reason } }

    package var isStopped: Bool { reason != nil }

    /// Asks to finish. Only the first reason counts.
    package func stop(_ reason: String) {
        let wakeups = state.withLock { state in
            if state.reason == nil { state.reason = reason }
            return state.wakeups
        }
        for wakeup in wakeups { wakeup.signal() }
    }

    /// Wakes `wakeup` when somebody asks to finish.
    package func addWakeup(_ wakeup: Wakeup) {
        let stopped = state.withLock { state in
            state.wakeups.append(wakeup)
            return state.reason != nil
        }
        if stopped { wakeup.signal() }
    }
}
