import Foundation
import Synchronization

/// Turns SIGINT and SIGTERM into a ``StopToken``: the first asks to finish, a second, more than a second later, ends the
/// process at once.
///
/// A signal handler can only reach what is global, so the pipe it writes to is.
package enum TerminationSignals {
    private static let pipeEnd = Atomic<Int32>(-1)

    /// Installs the handlers; call it once, at the start of the program.
    package static func install(_ stop: StopToken) {
        var ends: [Int32] = [0, 0]
        guard pipeEnd.load(ordering: .relaxed) == -1, pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd.store(ends[1], ordering: .sequentiallyConsistent)
        let reading = ends[0]
        Thread { listen(at: reading, stop) }.start()
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                var byte = UInt8(truncatingIfNeeded: number)
                let saved = errno
                _ = write(TerminationSignals.pipeEnd.load(ordering: .relaxed), &byte, 1)
                errno = saved
            }
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
        }
        // In case the parent started this process with them held back.
        var heard = sigset_t()
        sigemptyset(&heard)
        sigaddset(&heard, SIGINT)
        sigaddset(&heard, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &heard, nil)
        // A closed pipe or connection is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
    }

    private static func listen(at descriptor: Int32, _ stop: StopToken) {
        var first: ContinuousClock.Instant?
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count == -1, errno == EINTR { continue }
            guard count == 1 else { return }
            let name = Int32(byte) == SIGINT ? "SIGINT" : "SIGTERM"
            // A terminal's Ctrl-C reaches a child both directly and by way of its parent: that is one request.
            if let first, first.duration(to: .now) > .seconds(1) { _exit(128 + Int32(byte)) }
            first = first ?? .now
            stop.stop(name)
        }
    }
}
