internal import CSpawn
internal import Foundation
internal import Synchronization

/// A program in a process, and a process group, of its own. It has no descriptor of this process but its three streams.
///
/// In place of Foundation's `Process`, which on Linux reads beyond the end of a buffer, and may crash, where a process
/// has more than a thousand descriptors open (swift-corelibs-foundation issue 5472).
package final class ChildProcess: Sendable {
    /// The descriptors that become the child's standard streams; this process's own, unless others are named.
    package struct Streams: Sendable, Hashable {
        package var input: Int32 = STDIN_FILENO
        package var output: Int32 = STDOUT_FILENO
        package var messages: Int32 = STDERR_FILENO

        package init() {}
    }

    package let identifier: Int32
    /// The exit status once it is known; the child is waited for, and its number given back, under the lock.
    private let ending = Mutex<Int32?>(nil)
    private let ended = Mailbox<Never>(capacity: 1)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - executable: The path of the program.
    ///   - environment: All of its variables; nil: those of this process.
    ///   - holdsSaveRequests: Whether SIGUSR1 waits until the program listens to it.
    ///   - niceness: How much more than this process it gives way to others (nice(2)): 0 to 19.
    ///   - whenEnded: Told the ``status`` of its end, on a thread of its own.
    /// - Throws: ``SystemError`` with the path if the system cannot.
    package init(
        _ executable: String, _ arguments: [String], environment: [String: String]? = nil,
        streams: Streams = Streams(), holdsSaveRequests: Bool = false, niceness: Int32 = 0,
        whenEnded: @escaping @Sendable (Int32) -> Void = { _ in }
    ) throws(SystemError) {
        let variables = environment ?? ProcessInfo.processInfo.environment
        let words = ([executable] + arguments).map { strdup($0) } + [nil]
        let settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + settings { free(text) } }
        let process = cspawn_start(
            executable, words, settings, streams.input, streams.output, streams.messages,
            holdsSaveRequests ? CSPAWN_HOLDS_USR1 : 0, niceness)
        guard process > 0 else { throw SystemError(code: -process, operation: executable) }
        identifier = process
        _ = RoleThread(name: "child") { [self] in
            // The number stays the child's until it is waited for: a signal can reach no other process.
            var end = siginfo_t()
            while waitid(P_PID, id_t(process), &end, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            let status = ending.withLock { ending in
                var code: Int32 = 0
                while waitpid(process, &code, 0) < 0, errno == EINTR {}
                let status = code & 0x7f == 0 ? (code >> 8) & 0xff : 128 + code & 0x7f
                ending = status
                return status
            }
            ended.close()
            whenEnded(status)
        }
    }

    /// The exit status, or 128 + the signal that ended it; nil while it runs.
    package var status: Int32? { ending.withLock { $0 } }

    package var isRunning: Bool { status == nil }

    /// Waits for its end; its ``status``.
    @discardableResult
    package func wait() -> Int32 {
        while true {
            _ = ended.receive(timeout: .seconds(3600))
            if let status { return status }
        }
    }

    /// Sends it a signal, if it still runs.
    package func signal(_ number: Int32) {
        ending.withLock { ending in
            if ending == nil { _ = kill(identifier, number) }
        }
    }
}
