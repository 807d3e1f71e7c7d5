package import Base
internal import Foundation
package import Logging
internal import Trajectories

/// Runs a set of processes until the primary one is done: `druse launch`.
///
/// Each child gets the reading end of a pipe as its standard input; the pipe closes when this process dies, however it
/// dies, and children started with `--exit-with-parent` (`ParentWatch`) then leave too.
package struct Supervisor {
    package struct Summary: Sendable {
        /// That of `ExitStatus`: 0 if the primary succeeded, 3 if it stopped when asked; 128 + a signal if it ended
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
    /// - Throws: `RoleError` if a program cannot be started; the children already running are killed.
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
    private let process: ChildProcess
    private let lifeline: Pipe

    init(
        _ specification: ChildSpecification, isRestart: Bool, ended: @escaping @Sendable (Int32) -> Void
    ) throws(RoleError) {
        lifeline = Pipe()
        var streams = ChildProcess.Streams()
        streams.input = lifeline.fileHandleForReading.fileDescriptor
        do {
            // A request to save would end a child before it listens.
            process = try ChildProcess(
                specification.executable,
                specification.arguments + (isRestart ? specification.restartArguments : []),
                streams: streams, holdsSaveRequests: true, niceness: specification.niceness, whenEnded: ended)
        } catch {
            throw .io("\(specification.name) cannot be started: \(error)")
        }
        try? lifeline.fileHandleForReading.close()
    }

    var identifier: Int32 { process.identifier }

    /// Asks it to leave, which one that is suspended could not hear.
    func terminate() {
        process.signal(SIGTERM)
        process.signal(SIGCONT)
    }

    func save() { process.signal(SIGUSR1) }

    func kill() { process.signal(SIGKILL) }
}
