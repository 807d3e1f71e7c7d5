import Base
import Foundation
import Protocol
import Synchronization
import Trajectories

/// A running engine child, seen from the worker. Safe to use from several threads, each with a request of its own.
final class EngineProcess: Sendable {
    enum Answer: Sendable {
        /// One result for each crystal.
        case results([MeasuringResult])
        /// There is no engine; the text tells why.
        case problem(String)
        /// A crystal had its time; the child is ended.
        case timedOut(inHand: Int)
        /// The child ended; the crystal that was in hand, nil if the request was not begun.
        case died(EngineDeath, inHand: Int?)
    }

    private enum Reply: Sendable {
        case results([MeasuringResult])
        case problem(String)
        case died(EngineDeath)
    }

    private struct State: Sendable {
        var waiting: [UInt64: Mailbox<Reply>] = [:]
        var nextRequest: UInt64 = 1
        var death: EngineDeath?
        var isEnding = false
        var isStopped = false
    }

    /// How often a request that takes long is looked after.
    private static let interval = Duration.milliseconds(500)
    /// How long a child may live on without its connection, s.
    private static let patience = 5.0

    private let process: Int32
    private let journal: EngineJournal
    private let socket: EngineSocket
    /// Whether the socket can be written to; held while a frame is sent.
    private let isOpen = Mutex(true)
    private let state = Mutex(State())

    /// Starts the child.
    init(_ command: EngineCommand, threads: Int) throws(RoleError) {
        journal = try EngineJournal(slots: threads)
        (process, socket) = try command.start(threads: threads, journal: journal)
        _ = RoleThread(name: "engine replies") { self.listen() }
    }

    /// How it ended; nil while it lives.
    var death: EngineDeath? { state.withLock { $0.death } }

    /// Evaluates crystals; blocks the calling thread. At most as many calls at a time as the child has threads.
    ///
    /// - Parameter limit: how long one crystal may take.
    func evaluate(_ items: [WorkItem], settings: String, limit: Duration) -> Answer {
        let replies = Mailbox<Reply>(capacity: 4)
        let id = state.withLock { state in
            defer { state.nextRequest += 1 }
            if let death = state.death { replies.post(.died(death), bounded: "it is new") }
            state.waiting[state.nextRequest] = replies
            return state.nextRequest
        }
        defer { state.withLock { _ = $0.waiting.removeValue(forKey: id) } }
        guard let frame = try? EngineRequest(id: id, settings: settings, items: items).frame() else {
            return .problem("a task of \(items.count) items is too large for the engine process")
        }
        // If nobody is there to take it, the end of the child is the reply.
        _ = isOpen.withLock { isOpen in isOpen && socket.send(frame) }
        var watch = StallWatch(limit: limit, interval: Self.interval, now: .now)
        while true {
            if let reply = replies.receive(timeout: Self.interval) { return answer(reply, to: id, items.count) }
            let position = journal.position(of: id)
            guard watch.exceeds(position: position, isStopped: isStopped, now: .now), let position else { continue }
            end()
            // What came in the last moment counts.
            if case .results(let results) = replies.receive(timeout: .seconds(10)), results.count == items.count {
                return .results(results)
            }
            return .timedOut(inHand: position)
        }
    }

    /// Resident memory of the child, bytes; 0 if it has ended.
    var residentBytes: Int {
        death == nil ? Int((ProcessMemory.residentMegabytes(of: process) ?? 0) * 1e6) : 0
    }

    /// Ends the child at once, whatever it does.
    func end() {
        state.withLock { state in
            guard state.death == nil else { return }
            state.isEnding = true
            kill(process, SIGKILL)
        }
    }

    private func answer(_ reply: Reply, to id: UInt64, _ count: Int) -> Answer {
        switch reply {
        case .results(let results):
            results.count == count
                ? .results(results)
                : .problem("the engine process answered with \(results.count) results for \(count) crystals")
        case .problem(let text): .problem(text)
        case .died(let death): .died(death, inHand: journal.position(of: id))
        }
    }

    /// Whether the child is stopped by a signal; such news comes once, to whoever asks first.
    private var isStopped: Bool {
        state.withLock { state in
            guard state.death == nil else { return false }
            var news = siginfo_t()
            while waitid(P_PID, id_t(process), &news, WSTOPPED | WCONTINUED | WNOHANG) == 0, news.si_signo != 0 {
                state.isStopped = news.si_code == CLD_STOPPED
                news = siginfo_t()
            }
            return state.isStopped
        }
    }

    // MARK: The thread that listens

    private func listen() {
        while let frame = socket.receive() {
            switch try? PeerMessage.decode(frame).message {
            case .taskResult(let result): reply(.results(result.results), to: result.task)
            case .taskReturn(let task): reply(.problem(task.reason), to: task.task)
            default: kill(process, SIGKILL)
            }
        }
        isOpen.withLock { $0 = false }
        close(socket.descriptor)
        reap()
    }

    private func reply(_ reply: Reply, to request: UInt64) {
        state.withLock { _ = $0.waiting[request]?.post(reply) }
    }

    /// Takes the child's status, and tells everyone who waits.
    private func reap() {
        // A child that closed its connection is about to end, or out of its mind.
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) {
            // Its number is another process's only once its status was taken, which notes the death.
            self.state.withLock { state in
                if state.death == nil { kill(self.process, SIGKILL) }
            }
        }
        var news = siginfo_t()
        while waitid(P_PID, id_t(process), &news, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        let hadBegun = !journal.isBlank
        state.withLock { state in
            var status: Int32 = 0
            while waitpid(process, &status, 0) == -1, errno == EINTR {}
            let signal = status & 0x7f
            let death = EngineDeath(
                cause: signal == 0 ? .exit(status >> 8 & 0xff) : .signal(signal), hadBegun: hadBegun,
                wasIntended: state.isEnding)
            state.death = death
            // A full mailbox holds an answer already.
            for mailbox in state.waiting.values { _ = mailbox.post(.died(death)) }
        }
    }
}
