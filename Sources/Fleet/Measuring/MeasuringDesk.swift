import Dispatch
import Synchronization
import Trajectories

/// Threads that each wait for the result of an item. Safe to use from any thread.
final class MeasuringDesk: Sendable {
    private struct State {
        var waiting: [Int: Ticket] = [:]
        var nextNumber = 0
        var failure: RoleError?
    }

    /// One thread's wait for one result.
    private final class Ticket: Sendable {
        private let result = Mutex<MeasuringResult?>(nil)
        private let isDone = DispatchSemaphore(value: 0)

        func give(_ result: MeasuringResult?) {
            self.result.withLock { $0 = result }
            isDone.signal()
        }

        func wait() -> MeasuringResult? {
            isDone.wait()
            return result.withLock { $0 }
        }
    }

    private let state = Mutex(State())

    /// Asks for a result under a number of its own, and waits for it.
    ///
    /// - Throws: what ``fail(_:)`` said, before or meanwhile.
    func wait(asking ask: (_ number: Int) -> Void) throws(RoleError) -> MeasuringResult {
        let ticket = Ticket()
        let number: Int? = state.withLock { state in
            if state.failure != nil { return nil }
            state.nextNumber += 1
            state.waiting[state.nextNumber] = ticket
            return state.nextNumber
        }
        if let number {
            ask(number)
            if let result = ticket.wait() { return result }
        }
        throw state.withLock { $0.failure } ?? .io("there will be no result")
    }

    /// Hands out results by their numbers.
    func give(_ results: [(number: Int, result: MeasuringResult)]) {
        let tickets = state.withLock { state in
            results.compactMap { item in state.waiting.removeValue(forKey: item.number).map { ($0, item.result) } }
        }
        for (ticket, result) in tickets { ticket.give(result) }
    }

    /// Ends all waiting, now and later; the first reason counts.
    func fail(_ error: RoleError) {
        let tickets = state.withLock { state in
            state.failure = state.failure ?? error
            defer { state.waiting.removeAll() }
            return Array(state.waiting.values)
        }
        for ticket in tickets { ticket.give(nil) }
    }
}
