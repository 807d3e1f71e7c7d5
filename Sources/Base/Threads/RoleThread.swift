import Foundation

/// A plain thread with an owner: blocking work never runs on Swift's cooperative pool.
package final class RoleThread: Sendable {
    /// Enough for deep recursion and large temporaries in numerical code.
    private static let stackBytes = 16 << 20
    private let ended = Mailbox<Never>(capacity: 1)

    /// Starts a thread.
    ///
    /// - Parameter name: What `top -H`, profilers and debuggers call it, 15 letters at most on Linux.
    package init(name: String, _ body: @escaping @Sendable () -> Void) {
        let ended = ended
        let thread = Thread {
            Self.tellSystem(name)
            body()
            ended.close()
        }
        thread.stackSize = Self.stackBytes
        thread.start()
    }

    /// Foundation keeps names of threads to itself on Linux, and `pthread_setname_np` is not in its module.
    private static func tellSystem(_ name: String) {
        #if os(Linux)
            try? Data(name.utf8.prefix(15)).write(to: URL(filePath: "/proc/thread-self/comm"))
        #else
            Thread.current.name = name
        #endif
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
