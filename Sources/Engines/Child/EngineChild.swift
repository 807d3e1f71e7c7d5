internal import Base
internal import Foundation
internal import Protocol
package import Trajectories

/// The process in which a reward worker's engine runs: it evaluates what comes over its standard input, a connection to
/// the worker, and ends with it.
///
/// A crystal that crashes the engine takes this process with it, and not the worker.
package enum EngineChild {
    /// The argument that makes the program of the worker an engine child; the number of threads follows.
    package static let argument = "--engine-child"

    /// The number of threads, if the arguments of this process make it an engine child.
    package static var threads: Int? {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, arguments[1] == argument, let threads = Int(arguments[2]), threads > 0 else {
            return nil
        }
        return threads
    }

    /// Runs until the worker is gone.
    ///
    /// - Parameter makeMeasurer: Makes a measurer from a recipe that the learner tells (JSON), one on each thread.
    package static func run(
        threads: Int, makeMeasurer: @escaping @Sendable (_ settings: String) throws -> any CrystalMeasurer
    ) -> Never {
        signal(SIGPIPE, SIG_IGN)
        let socket = EngineSocket(descriptor: STDIN_FILENO)
        let journal = EngineJournal(inherited: EngineJournal.childDescriptor, slots: threads)
        let frames = Mailbox<[UInt8]>(capacity: 4 * threads + 4)
        let sending = NSLock()
        for slot in 0..<threads {
            _ = RoleThread(name: "engine \(slot)") {
                var shelf = MeasurerShelf(limit: WireLimits.recipes + WireLimits.otherRecipes)
                while true {
                    guard let frame = frames.receive(timeout: .seconds(60)) else { continue }
                    // What cannot be read comes from no worker.
                    guard let request = try? EngineRequest(frame: frame) else { _exit(1) }
                    let reply = answer(request) { settings in
                        try shelf.measurer(of: settings, make: makeMeasurer)
                    } note: { index in
                        journal.note(slot: slot, request: request.task.id, index: index)
                    }
                    let isSent = sending.withLock {
                        guard let frame = try? reply.encode(session: 0) else { return false }
                        return socket.send(frame)
                    }
                    if !isSent { _exit(0) }
                }
            }
        }
        while let frame = socket.receive() {
            // Requests beyond what the worker may send at a time come from no worker.
            guard frames.post(frame) == .posted else { break }
        }
        _exit(0)
    }

    private static func answer(
        _ request: EngineRequest, measurer: (String) throws -> any CrystalMeasurer, note: (Int) -> Void
    ) -> PeerMessage {
        do {
            let measurer = try measurer(request.settings)
            var results: [MeasuringResult] = []
            for (index, item) in request.task.items.enumerated() {
                note(index)
                results += try measurer.measure([item])
            }
            return .taskResult(TaskResult(epoch: 0, task: request.task.id, results: results))
        } catch {
            return .taskReturn(TaskReturn(epoch: 0, task: request.task.id, reason: "\(error)"))
        }
    }
}
