import Foundation

/// What every program does before anything else: descriptors and signals as the rest relies on them.
package enum StandardDescriptors {
    /// Fewer open files than this are not enough to run.
    static let fewest = 64
    /// More are never needed, and cost time when a child is started.
    private static let most: rlim_t = 65_536

    /// Opens `/dev/null` in place of closed standard descriptors, raises the limit of open files, and ignores SIGUSR1
    /// until somebody listens to it.
    ///
    /// With a standard descriptor closed, the next file, pipe or socket opened would get its number, and be read and
    /// written as standard input, output or error.
    package static func secure() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // The lowest free number, which is this one.
            _ = open("/dev/null", O_RDWR)
        }
        signal(SIGUSR1, SIG_IGN)
        raiseLimit()
    }

    private static func raiseLimit() {
        guard var limit = currentLimit, limit.rlim_cur < limit.rlim_max, limit.rlim_cur < most else { return }
        limit.rlim_cur = min(limit.rlim_max, most)
        #if canImport(Glibc)
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            _ = setrlimit(RLIMIT_NOFILE, &limit)
        #endif
    }

    /// How many files and sockets this process may have open.
    package static var limit: Int {
        currentLimit.map { Int(clamping: $0.rlim_cur) } ?? 1024
    }

    /// - Throws: ``TooFewDescriptors`` if the limit is too low to run at all.
    package static func requireEnough(_ limit: Int = limit) throws(TooFewDescriptors) {
        guard limit >= fewest else { throw TooFewDescriptors(limit: limit) }
    }

    private static var currentLimit: rlimit? {
        var limit = rlimit()
        #if canImport(Glibc)
            let status = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            let status = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        return status == 0 ? limit : nil
    }
}

/// So few files and sockets may be open that a program cannot run.
package struct TooFewDescriptors: LastingError, Sendable, Hashable, CustomStringConvertible {
    package var limit: Int

    package var description: String {
        "only \(limit) files and sockets may be open at once (ulimit -n), and at least \(StandardDescriptors.fewest) "
            + "are needed: raise the limit"
    }
}
