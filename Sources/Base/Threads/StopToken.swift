internal import Foundation
internal import Synchronization

/// Asks a role to finish; safe to use from any thread, a signal's included by way of ``TerminationSignals``.
package final class StopToken: Sendable {
    private struct State {
        var reason: String?
        var isUrgent = false
        var abortStatus: Int32?
        var wantsSave = false
        var wakeups: [Wakeup] = []
    }

    private let state = Mutex(State())
    /// Broadcast when somebody asks to finish.
    private let asked = NSCondition()

    package init() {}

    /// Why to stop; nil as long as nobody asked.
    package var reason: String? { state.withLock { $0.reason } }

    package var isStopped: Bool { reason != nil }

    /// Whether what is in hand cannot be waited for: save and leave.
    package var isUrgent: Bool { state.withLock { $0.isUrgent } }

    /// The exit status to end with at once, leaving everything as it is; nil as long as nobody asked for that.
    package var abortStatus: Int32? { state.withLock { $0.abortStatus } }

    /// Asks to finish. Only the first reason counts.
    ///
    /// - Parameter isUrgent: Without waiting for what is in hand.
    package func stop(_ reason: String, isUrgent: Bool = false) {
        change { state in
            if state.reason == nil { state.reason = reason }
            if isUrgent { state.isUrgent = true }
        }
    }

    /// Asks to end at once.
    package func abort(status: Int32) {
        change { $0.abortStatus = $0.abortStatus ?? status }
    }

    /// Asks to save what is done, and to go on.
    func requestSave() { state.withLock { $0.wantsSave = true } }

    /// Whether somebody has asked to save since the last call.
    package func takeSaveRequest() -> Bool {
        state.withLock { state in
            defer { state.wantsSave = false }
            return state.wantsSave
        }
    }

    /// Blocks until somebody asks to finish, or a time has passed.
    ///
    /// - Returns: whether somebody has asked.
    package func wait(atMost time: Duration) -> Bool {
        let deadline = Date(timeIntervalSinceNow: time / .seconds(1))
        return asked.withLock {
            while !isStopped, asked.wait(until: deadline) {}
            return isStopped
        }
    }

    /// Wakes `wakeup` when somebody asks to finish.
    package func addWakeup(_ wakeup: Wakeup) {
        let stopped = state.withLock { state in
            state.wakeups.append(wakeup)
            return state.reason != nil
        }
        if stopped { wakeup.signal() }
    }

    private func change(_ body: (inout State) -> Void) {
        let wakeups = state.withLock { state in
            body(&state)
            return state.wakeups
        }
        asked.withLock { asked.broadcast() }
        for wakeup in wakeups { wakeup.signal() }
    }
}
