import Base
internal import CSpawn
import Foundation
import Logging
import Synchronization
import Trajectories

/// A foreign engine that runs: a child process with pipes for its three standard streams.
///
/// It is killed with this process, whatever ends that; its owner ends it when it needs it no more. Thread rule: one
/// request at a time; `end` and the numbers may be used from any thread.
final class ForeignProcess: Sendable {
    private struct State: Sendable {
        var process: pid_t = 0
        var death: EngineDeath?
        var isEnding = false
        var isStopped = false
    }

    /// How often a request that takes long is looked after.
    private static let interval = Duration.milliseconds(200)

    /// What the engine says on standard error.
    let messages: EngineMessages
    private let input: Int32
    private let output: Int32
    private let state = Mutex(State())
    private let ended = Mailbox<Never>(capacity: 1)
    private let reader = Mutex(EngineFrameReader())

    /// Starts the program.
    ///
    /// - Throws: ``RoleError/io(_:)`` if the system cannot.
    init(_ command: ForeignCommand, logger: Logger) throws(RoleError) {
        let pipes = try EnginePipes()
        (input, output) = (pipes.input, pipes.output)
        messages = EngineMessages(descriptor: pipes.messages, logger: logger)
        let started = Mailbox<pid_t>(capacity: 1)
        // The child is killed when the thread that made it ends: it has one of its own, which lives as long.
        _ = RoleThread(name: "engine messages") { [self] in
            let process = command.start(pipes)
            pipes.closeFarEnds()
            state.withLock { $0.process = max(0, process) }
            started.post(process, bounded: "it is the first")
            guard process > 0 else { return ended.close() }
            messages.read()
            reap()
            ended.close()
        }
        let process = started.receive(timeout: .seconds(60)) ?? -ETIMEDOUT
        guard process > 0 else {
            throw .io("the engine \(command.words[0]) cannot be started: \(String(cString: strerror(-process)))")
        }
    }

    // The thread that made the child keeps this object until the child is gone.
    deinit {
        for descriptor in [input, output, messages.descriptor] { close(descriptor) }
    }

    /// How it ended; nil while it lives.
    var death: EngineDeath? { state.withLock { $0.death } }

    /// Resident memory, bytes; 0 if it has ended.
    var residentBytes: Int {
        let process = state.withLock { $0.death == nil ? $0.process : 0 }
        return process > 0 ? Int((ProcessMemory.residentMegabytes(of: process) ?? 0) * 1e6) : 0
    }

    /// Ends it and whatever it started, at once.
    func end() {
        state.withLock { state in
            guard state.death == nil, state.process > 0 else { return }
            state.isEnding = true
            kill(-state.process, SIGKILL)
            kill(state.process, SIGKILL)
        }
    }

    // MARK: Requests

    /// Sends a frame and waits for the next one.
    ///
    /// - Parameter limit: of time, in which this process and the engine both ran.
    func exchange(_ request: [UInt8], limit: Duration) throws(EngineFault) -> EngineFrame {
        var watch = StallWatch(limit: limit, interval: Self.interval, now: .now)
        // The first look begins to count.
        _ = watch.exceeds(position: 0, isStopped: false, now: .now)
        var rest = request[...]
        while true {
            if let frame = try nextFrame() { return frame }
            var descriptors = [
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
            ]
            // Both at once: an engine that writes before it has read everything must not stand still.
            let count = poll(&descriptors, rest.isEmpty ? 1 : 2, Int32(Self.interval / .milliseconds(1)))
            if count > 0 {
                if descriptors[1].revents != 0 { rest = write(rest) }
                if descriptors[0].revents != 0, try !read() { throw endOfOutput() }
            }
            if watch.exceeds(position: 0, isStopped: isStopped, now: .now) { throw .timedOut }
        }
    }

    /// Whether anything stands on its output although nothing was asked.
    func checkSilence() throws(EngineFault) {
        var descriptor = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        while poll(&descriptor, 1, 0) > 0, descriptor.revents & Int16(POLLIN) != 0 {
            if try !read() { throw endOfOutput() }
        }
        if let frame = try nextFrame() { throw .wrongBatch(expected: 0, found: frame.header.batch) }
        if let rest = reader.withLock({ $0.unfinished }) { throw .rubbish(rest) }
    }

    private func nextFrame() throws(EngineFault) -> EngineFrame? {
        try reader.withLock { reader throws(EngineFault) in try reader.next() }
    }

    /// Writes what the pipe takes; what is left. To an engine that is gone, nothing is.
    private func write(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let count = bytes.withUnsafeBytes { Foundation.write(input, $0.baseAddress, $0.count) }
        if count < 0 { return errno == EAGAIN || errno == EINTR ? bytes : [] }
        return bytes.dropFirst(count)
    }

    /// Reads what is there; false at the end of the output.
    private func read() throws(EngineFault) -> Bool {
        let count = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 8) { buffer in
            let count = Foundation.read(output, buffer.baseAddress, buffer.count)
            if count > 0 { reader.withLock { $0.append(UnsafeRawBufferPointer(rebasing: buffer[..<count])) } }
            return count
        }
        return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
    }

    /// How long an engine may take to end once its output has; large libraries take their time.
    private static let ending = Duration.seconds(10)

    /// Why the output ended. An engine that closed it is about to end, or out of its mind.
    private func endOfOutput() -> EngineFault {
        _ = ended.receive(timeout: Self.ending)
        guard let death else {
            end()
            return .answer("it closed its standard output and went on")
        }
        return reader.withLock { $0.unfinished } != nil ? .truncated(death) : .died(death)
    }

    /// Whether it is stopped by a signal; such news comes once. Where it has ended, what it started and left is ended,
    /// too, which may hold its pipes.
    private var isStopped: Bool {
        state.withLock { state in
            guard state.death == nil else { return false }
            var news = siginfo_t()
            if waitid(P_PID, id_t(state.process), &news, WEXITED | WNOWAIT | WNOHANG) == 0, news.si_signo != 0 {
                kill(-state.process, SIGKILL)
                return false
            }
            while waitid(P_PID, id_t(state.process), &news, WSTOPPED | WCONTINUED | WNOHANG) == 0, news.si_signo != 0 {
                state.isStopped = news.si_code == CLD_STOPPED
                news = siginfo_t()
            }
            return state.isStopped
        }
    }

    // MARK: The thread that made it

    private func reap() {
        let process = state.withLock { $0.process }
        var news = siginfo_t()
        // It may have closed its standard error and live on.
        while waitid(P_PID, id_t(process), &news, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        state.withLock { state in
            // Whatever it started goes with it, as long as nobody else can have its number.
            kill(-process, SIGKILL)
            var status: Int32 = 0
            while waitpid(process, &status, 0) == -1, errno == EINTR {}
            let signal = status & 0x7f
            state.death = EngineDeath(
                cause: signal == 0 ? .exit(status >> 8 & 0xff) : .signal(signal), hadBegun: true,
                wasIntended: state.isEnding)
        }
    }
}
