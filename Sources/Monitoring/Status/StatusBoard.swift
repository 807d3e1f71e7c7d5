internal import Synchronization

/// The newest status of a run: the learner's threads fill it, any other reads it.
///
/// Nobody waits for anybody: a lock is held for as long as a value takes to be replaced or copied.
package final class StatusBoard: Sendable {
    private struct State {
        var status: RunStatus?
        /// Of the status; it grows with each.
        var number = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// The newest status; nil before the first.
    package var status: RunStatus? { state.withLock { $0.status } }

    /// The newest status with its number; nil if its number is `number`, which the caller has seen.
    package func status(after number: Int) -> (number: Int, status: RunStatus)? {
        state.withLock { state in
            guard state.number != number, let status = state.status else { return nil }
            return (state.number, status)
        }
    }

    /// Puts up a new status, with its verdict.
    package func put(_ status: RunStatus) {
        var judged = status
        judged.verdict = RunStatus.Verdict(of: status)
        let whole = judged
        state.withLock { state in
            state.status = whole
            state.number += 1
        }
    }
}
