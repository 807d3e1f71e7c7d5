import Crystals
package import Logging
package import Potentials
import Synchronization
package import Trajectories

/// An engine in any language, which runs in a process of its own behind each thread of a reward worker, or in one for
/// all: batches of cells, atomic numbers and positions go in, named numbers come out (`Documentation/engines.md`).
///
/// Safe to use from any thread.
package final class ForeignEngine: Sendable {
    /// How an engine is used.
    package struct Settings: Sendable, Hashable {
        /// Whether all threads share one process.
        package var isShared = false
        /// The most structures that are asked for at a time.
        package var batch = 64
        /// What the engine is told to compute on, such as "cuda:0"; empty for its own choice.
        package var device = ""
        /// How long a batch may take, for true hangs only.
        package var timeLimit = Duration.seconds(600)
        /// How long it may take to start: to read its weights, to compile.
        package var startLimit = Duration.seconds(600)
        /// Between the end of an engine and the next start; doubled with each failure in a row, up to 100 times.
        package var pause = Duration.milliseconds(100)

        package init() {}
    }

    let command: ForeignCommand
    private let settings: Settings
    let logger: Logger
    private let found = Mutex<EngineIdentity?>(nil)
    private let counts = Mutex<[String: Int]>([:])
    private struct Lanes: Sendable {
        var all: [EngineLane] = []
        var free: [EngineLane] = []
    }
    private let lanes = Mutex(Lanes())

    package init(command: ForeignCommand, settings: Settings, logger: Logger) {
        self.command = command
        self.settings = settings
        self.logger = logger
    }

    /// What it says of itself; nil until one has started.
    var identity: EngineIdentity? { found.withLock { $0 } }

    /// How often what went wrong, by reason.
    package var faults: [String: Int] { counts.withLock { $0 } }

    /// What it is to a run; nil until one has started.
    package var brought: BroughtEngine? {
        identity.map { BroughtEngine(name: $0.name, convention: $0.convention.rawValue) }
    }

    /// What a worker's reports say of it.
    package var report: ChildReport {
        let bytes = lanes.withLock { $0.all.reduce(0) { $0 + $1.residentBytes } }
        return ChildReport(residentBytes: bytes, engine: identity?.label ?? "")
    }

    /// Ends the processes; whoever waits for them gets an error.
    package func close() {
        for lane in lanes.withLock({ $0.all }) { lane.close() }
        let faults = faults
        if !faults.isEmpty {
            let list = faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            logger.notice("what went wrong with the engine: \(list)")
        }
    }

    /// An evaluator for one thread. Whatever goes wrong is a result, also that there is no engine.
    package func makeEvaluator() -> any PotentialEvaluator { ForeignEvaluator(self) }

    /// A lane for one thread, its own unless all share one; to be given back.
    func takeLane() -> EngineLane {
        lanes.withLock { lanes in
            if settings.isShared, let lane = lanes.all.first { return lane }
            if let lane = lanes.free.popLast() { return lane }
            let lane = EngineLane(self, settings: settings, logger: logger)
            lanes.all.append(lane)
            return lane
        }
    }

    func giveBack(_ lane: EngineLane) {
        if !settings.isShared { lanes.withLock { $0.free.append(lane) } }
    }

    /// Notes what went wrong.
    func count(_ reason: String) { counts.withLock { $0[reason, default: 0] += 1 } }

    /// Takes in what a process that has started says of itself.
    ///
    /// - Throws: ``EngineFault/answer(_:)`` if it is another engine than the processes before.
    func adopt(_ identity: EngineIdentity) throws(EngineFault) {
        let known = found.withLock { found in
            defer { found = found ?? identity }
            return found
        }
        guard let known else { return logger.info("engine: \(identity)") }
        guard known == identity else { throw .answer("it is \(identity) now, and was \(known)") }
    }
}
