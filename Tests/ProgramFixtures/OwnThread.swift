import Foundation

/// A thread for what blocks or computes for long.
///
/// All tests share as many threads as the machine has cores: one that holds a thread up keeps others from being woken,
/// for longer than the runs take that they watch.
package enum OwnThread {
    /// As those have that compute outside tests.
    private static let stackBytes = 16 << 20

    /// Does something on a new thread; the caller is suspended until it is done.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try body() }) }
            thread.stackSize = stackBytes
            thread.start()
        }
    }
}
