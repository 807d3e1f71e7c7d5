import Foundation
import Synchronization

/// Turns signals into a ``StopToken``: the first SIGINT, SIGTERM or SIGHUP asks to finish, a second one, more than a
/// second later, ends the process at once, as does SIGQUIT (Ctrl-\); SIGUSR1 asks to save and to go on.
///
/// A signal handler can only reach what is global, so the pipe it writes to is.
package enum TerminationSignals {
    private static let pipeEnd = Atomic<Int32>(-1)
    private static let names = [SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGHUP", SIGQUIT: "SIGQUIT"]

    /// Installs the handlers; call it once, at the start of the program.
    ///
    /// - Parameter second: What a second signal to finish, or the first SIGQUIT, does, given its number.
    package static func install(
        _ stop: StopToken, second: @escaping @Sendable (Int32) -> Void = { _exit(128 + $0) }
    ) {
        var ends: [Int32] = [0, 0]
        guard pipeEnd.load(ordering: .relaxed) == -1, pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd.store(ends[1], ordering: .sequentiallyConsistent)
        let reading = ends[0]
        Thread { listen(at: reading, stop, second) }.start()
        var heard = sigset_t()
        sigemptyset(&heard)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1] where !(number == SIGHUP && isIgnored(SIGHUP)) {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                var byte = UInt8(truncatingIfNeeded: number)
                let saved = errno
                _ = write(TerminationSignals.pipeEnd.load(ordering: .relaxed), &byte, 1)
                errno = saved
            }
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
            sigaddset(&heard, number)
        }
        // In case the parent started this process with them held back.
        pthread_sigmask(SIG_UNBLOCK, &heard, nil)
        // A closed pipe or connection is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Whether the parent has asked to ignore a signal, as `nohup` does with SIGHUP.
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private static func listen(
        at descriptor: Int32, _ stop: StopToken, _ second: @Sendable (Int32) -> Void
    ) {
        var first: ContinuousClock.Instant?
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count == -1, errno == EINTR { continue }
            guard count == 1 else { return }
            let number = Int32(byte)
            guard let name = names[number] else {
                stop.requestSave()
                continue
            }
            // A terminal's Ctrl-C may reach a child both directly and by way of its parent: that is one request.
            if number == SIGQUIT || first.map({ $0.duration(to: .now) > .seconds(1) }) ?? false {
                second(number)
                continue
            }
            first = first ?? .now
            stop.stop(name)
        }
    }
}
