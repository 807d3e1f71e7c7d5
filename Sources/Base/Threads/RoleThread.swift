import Foundation

/// A plain thread with an owner: blocking work never runs on Swift's cooperative pool.
package final class RoleThread: Sendable {
    /// Enough for deep recursion and large temporaries in numerical code.
    private static let stackBytes = 16 << 20
    private let ended = Mailbox<Never>(capacity: 1)

    /// Starts a thread.
    package init(name: String, _ body: @escaping @Sendable () -> Void) {
        let ended = ended
        let thread = Thread {
            body()
            ended.close()
        }
        thread.name = name
        thread.stackSize = Self.stackBytes
        thread.start()
    }

    /// Waits for its end, however long it takes.
    package func join() {
        while !join(timeout: .seconds(3600)) {}
    }

    /// Waits for its end; false if that takes longer than `timeout`.
    @discardableResult
    package func join(timeout: Duration) -> Bool {
        _ = ended.receive(timeout: timeout)
        return ended.isExhausted
    }
}
