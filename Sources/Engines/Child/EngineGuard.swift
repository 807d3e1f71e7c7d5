internal import Foundation
package import Logging
package import Trajectories

/// The engine child of a reward worker: started when it is needed, started again when it ends.
///
/// Measurers made here evaluate in the child. A crystal that was in hand when the child crashed, or that had its time,
/// is evaluated once more alone in a child of its own, and only what ends that one too is `engine_crashed` or
/// `engine_timed_out`: the same outcome wherever the crystal is tried, and its neighbours have theirs.
///
/// Safe to use from any thread.
package final class EngineGuard: @unchecked Sendable {
    /// How long one crystal may take, for true hangs only.
    package static let defaultTimeLimit = Duration.seconds(600)
    /// A child that ends so often in a row before its first crystal cannot run here.
    private static let startLimit = 5
    /// Crystals that are evaluated alone at a time, each in a child with a copy of potential and hull.
    private static let soloLimit = 4

    let timeLimit: Duration
    let logger: Logger
    private let command: EngineCommand
    private let threads: Int
    private let solos: DispatchSemaphore
    private let lock = NSLock()
    // Guarded by `lock`.
    private var current: EngineProcess?
    private var solo: [ObjectIdentifier: EngineProcess] = [:]
    private var failedStarts = 0
    private var isClosed = false

    /// - Parameters:
    ///   - threads: how many crystals the child evaluates at a time.
    ///   - timeLimit: how long one crystal may take.
    package init(
        command: EngineCommand = .own, threads: Int, timeLimit: Duration = defaultTimeLimit, logger: Logger
    ) {
        self.command = command
        self.threads = threads
        self.timeLimit = timeLimit
        self.logger = logger
        solos = DispatchSemaphore(value: max(1, min(threads, Self.soloLimit)))
    }

    /// A measurer for one thread.
    ///
    /// - Parameter settings: what the learner tells (JSON).
    package func makeMeasurer(_ settings: String) -> any CrystalMeasurer {
        GuardedMeasurer(engine: self, settings: settings)
    }

    /// Ends the children; whoever waits for them gets an error.
    package func close() {
        lock.withLock {
            isClosed = true
            current?.end()
            for process in solo.values { process.end() }
        }
    }

    /// Resident memory of the child that all threads share, bytes; 0 while it is being started.
    package var residentBytes: Int {
        guard lock.try() else { return 0 }
        defer { lock.unlock() }
        return current?.residentBytes ?? 0
    }

    /// Evaluates crystals in the child that all threads share.
    ///
    /// - Throws: ``RoleError`` if there is no engine here.
    func evaluate(_ items: [WorkItem], settings: String) throws -> EngineProcess.Answer {
        let process = try shared()
        let answer = process.evaluate(items, settings: settings, limit: timeLimit)
        if case .results = answer { lock.withLock { failedStarts = 0 } }
        return answer
    }

    /// Evaluates one crystal in a child of its own.
    ///
    /// - Throws: ``RoleError`` if there is no engine here.
    func evaluateAlone(_ item: WorkItem, settings: String) throws -> EngineProcess.Answer {
        solos.wait()
        defer { solos.signal() }
        let process = try lock.withLock {
            guard !isClosed else { throw RoleError.work("the worker leaves") }
            // The crash was reported when the shared child ended.
            let process = try EngineProcess(command.withoutBacktrace, threads: 1)
            solo[ObjectIdentifier(process)] = process
            return process
        }
        defer {
            process.end()
            lock.withLock { _ = solo.removeValue(forKey: ObjectIdentifier(process)) }
        }
        let answer = process.evaluate([item], settings: settings, limit: timeLimit)
        if case .died(let death, _) = answer, !death.hadBegun, !death.wasIntended {
            try lock.withLock { try countFailedStart(death) }
        }
        return answer
    }

    /// The child that lives; a new one if it ended.
    private func shared() throws -> EngineProcess {
        try lock.withLock {
            guard !isClosed else { throw RoleError.work("the worker leaves") }
            if let current, current.death == nil { return current }
            if let death = current?.death, !death.wasIntended {
                current = nil
                logger.warning("the engine process ended (\(death)); starting it again")
                if !death.hadBegun { try countFailedStart(death) }
            }
            let process = try EngineProcess(command, threads: threads)
            current = process
            return process
        }
    }

    private func countFailedStart(_ death: EngineDeath) throws {
        failedStarts += 1
        guard failedStarts >= Self.startLimit else {
            // Short of memory, say, it may do better a little later: 0.2 s to 1.6 s.
            Thread.sleep(forTimeInterval: 0.1 * Double(1 << failedStarts))
            return
        }
        throw RoleError.work(
            "the engine process ended \(failedStarts) times in a row before its first crystal (\(death)): is there "
                + "enough memory for potential and hull, and are all libraries installed?")
    }
}
