internal import Foundation
package import Trajectories

/// The program of an engine child: the path, and the arguments before the number of threads.
package struct EngineCommand: Sendable, Hashable {
    package var executable: String
    package var arguments: [String]
    /// Variables that the child has beside this process's own, which it does not replace.
    package var environment: [String: String]

    package init(executable: String, arguments: [String], environment: [String: String] = [:]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }

    /// The same without the Swift runtime's report of a crash, which takes a second.
    package var withoutBacktrace: EngineCommand {
        var command = self
        command.environment["SWIFT_BACKTRACE"] = "enable=no"
        return command
    }

    /// This program itself, with the argument that makes it an engine child.
    package static var own: EngineCommand {
        let path = Bundle.main.executableURL?.path ?? CommandLine.arguments.first ?? "reward-worker"
        return EngineCommand(executable: path, arguments: [EngineChild.argument])
    }

    /// Starts the program, with one end of a new connection as its standard input and the journal at its place.
    ///
    /// Signals that ask to finish are held back in the child: it ends when its connection does. A terminal's Ctrl-C,
    /// which reaches all processes of the group, thus leaves it at work for a worker that finishes what it has in hand.
    package func start(threads: Int, journal: EngineJournal) throws(RoleError) -> (process: Int32, socket: EngineSocket)
    {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw failure("no connection", errno)
        }
        // Away from the standard descriptors, which may be closed in this process.
        let moved = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
        for end in ends { close(end) }
        defer { close(moved[1]) }
        guard moved.allSatisfy({ $0 >= 0 }) else {
            let code = errno
            close(moved[0])
            throw failure("no connection", code)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, moved[1], STDIN_FILENO)
        // What an engine prints must not get between the worker's own lines.
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, journal.descriptor, EngineJournal.childDescriptor)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var blocked = sigset_t()
        sigemptyset(&blocked)
        for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] { sigaddset(&blocked, number) }
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let texts = [executable] + arguments + ["\(threads)"]
        let variables = ProcessInfo.processInfo.environment.merging(environment) { own, _ in own }
            .map { "\($0.key)=\($0.value)" }
        let argumentList = texts.map { strdup($0) } + [nil]
        let environmentList = variables.map { strdup($0) } + [nil]
        defer { for text in argumentList + environmentList { free(text) } }
        var process: pid_t = 0
        let status = posix_spawn(&process, executable, &actions, &attributes, argumentList, environmentList)
        guard status == 0 else {
            close(moved[0])
            throw failure(executable, status)
        }
        return (process, EngineSocket(descriptor: moved[0]))
    }

    private func failure(_ what: String, _ code: Int32) -> RoleError {
        .io("the engine process cannot be started: \(what): \(String(cString: strerror(code)))")
    }
}
