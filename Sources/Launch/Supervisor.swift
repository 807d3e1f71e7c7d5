package import Base
internal import Foundation
package import Logging
internal import Trajectories

/// Runs a set of processes until the primary one is done: `druse launch`.
///
/// Each child gets the reading end of a pipe as its standard input; the pipe closes when this process dies, however it
/// dies, and children started with `--exit-with-parent` (``ParentWatch``) then leave too.
package struct Supervisor {
    package struct Summary: Sendable {
        /// That of ``ExitStatus``: 0 if the primary succeeded, 3 if it stopped when asked; 128 + a signal if it ended
        /// at once.
        package var status: Int32
        /// Restarts by child, in the order given.
        package var restarts: [Int]
    }

    private let children: [ChildSpecification]
    private let timing: SupervisionCore.Timing
    private let logger: Logger

    package init(
        children: [ChildSpecification], timing: SupervisionCore.Timing = SupervisionCore.Timing(), logger: Logger
    ) {
        self.children = children
        self.timing = timing
        self.logger = logger
    }

    private struct Exit: Sendable {
        var child: Int
        var status: Int32
    }

    /// Blocks the calling thread until all children are gone.
    ///
    /// - Parameter started: Told the process id of each start.
    /// - Throws: ``RoleError`` if a program cannot be started; the children already running are killed.
    package func run(stop: StopToken, started: (_ child: Int, _ process: Int32) -> Void = { _, _ in }) throws -> Summary
    {
        let exits = Mailbox<Exit>(capacity: 10_000)
        var core = SupervisionCore(children: children, timing: timing)
        var running: [Int: RunningChild] = [:]
        defer { for child in running.values { child.kill() } }
        var pending = core.start(now: .now)
        var (stopSeen, abortSeen) = (false, false)
        while true {
            for action in pending {
                switch action {
                case .start(let index, let isRestart):
                    let child = try RunningChild(children[index], isRestart: isRestart) { status in
                        exits.post(
                            Exit(child: index, status: status),
                            bounded: "a child ends once, and its exit is taken at once")
                    }
                    running[index] = child
                    started(index, child.identifier)
                case .terminate(let index): running[index]?.terminate()
                case .kill(let index): running[index]?.kill()
                case .save(let index): running[index]?.save()
                case .log(let text): logger.info("\(text)")
                case .finish(let status): return Summary(status: status, restarts: core.restarts)
                }
            }
            pending = core.tick(now: .now)
            if let exit = exits.receive(timeout: .milliseconds(50)) {
                running[exit.child] = nil
                pending += core.exited(exit.child, status: exit.status, now: .now)
            }
            if stop.isStopped, !stopSeen {
                stopSeen = true
                pending += core.stop(now: .now)
            }
            if let status = stop.abortStatus, !abortSeen {
                abortSeen = true
                pending += core.abort(status: status)
            }
            if stop.takeSaveRequest() { pending += core.save() }
        }
    }
}

/// A started child with the pipe that ties its life to this process.
private struct RunningChild {
    private let process: Process
    private let lifeline: FileHandle

    init(
        _ specification: ChildSpecification, isRestart: Bool, ended: @escaping @Sendable (Int32) -> Void
    ) throws(RoleError) {
        let process = Process()
        process.executableURL = URL(filePath: specification.executable)
        process.arguments = specification.arguments + (isRestart ? specification.restartArguments : [])
        let pipe = Pipe()
        lifeline = pipe.fileHandleForWriting
        // Another child that held it would keep this one alive.
        _ = fcntl(lifeline.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.standardInput = pipe
        process.terminationHandler = { process in
            ended(
                process.terminationReason == .uncaughtSignal
                    ? 128 + process.terminationStatus : process.terminationStatus)
        }
        // A child inherits the mask of the thread that starts it, and must hear the signals it is sent; a request to
        // save would end it before it listens.
        var (held, mask) = (sigset_t(), sigset_t())
        sigemptyset(&held)
        sigaddset(&held, SIGUSR1)
        pthread_sigmask(SIG_SETMASK, &held, &mask)
        defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
        do {
            try process.run()
        } catch {
            throw .io("\(specification.name): \(specification.executable) cannot be started: \(error)")
        }
        self.process = process
    }

    var identifier: Int32 { process.processIdentifier }

    /// Asks it to leave, which one that is suspended could not hear.
    func terminate() {
        signal(SIGTERM)
        signal(SIGCONT)
    }

    func save() { signal(SIGUSR1) }

    func kill() { signal(SIGKILL) }

    private func signal(_ number: Int32) {
        // A child that has ended may have given its number to another process.
        guard process.isRunning else { return }
        _ = Foundation.kill(process.processIdentifier, number)
    }
}
