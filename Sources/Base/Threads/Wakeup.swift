#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Wakes a thread that polls its descriptor, from any other thread: a pipe that holds at most a few bytes.
package final class Wakeup: Sendable {
    /// The end to poll.
    package let descriptor: Int32
    private let writing: Int32

    /// - Throws: ``SystemError`` if the process is out of descriptors.
    package init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError(code: errno, operation: "pipe") }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (descriptor, writing) = (ends[0], ends[1])
    }

    /// Wakes the waiting thread, or spares it the next wait.
    package func signal() {
        var byte: UInt8 = 1
        // A full pipe is as good as a written one.
        while write(writing, &byte, 1) == -1, errno == EINTR {}
    }

    /// Forgets the signals so far.
    package func reset() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while true {
            let count = read(descriptor, &bytes, bytes.count)
            if count == -1, errno == EINTR { continue }
            if count < bytes.count { return }
        }
    }

    deinit {
        close(descriptor)
        close(writing)
    }
}
