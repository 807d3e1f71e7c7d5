package import Logging
import Messaging

/// The reward worker: scores the tasks it is given, until the run is over.
package struct RewardWorkerRole {
    private let configuration: PeerConfiguration
    private let logger: Logger
    private let engineBytes: @Sendable () -> Int
    private let makeScorer: @Sendable (String) throws -> any CrystalScorer

    /// - Parameters:
    ///   - engineBytes: Tells the resident memory of the engine's process, for reports.
    ///   - makeScorer: Makes a scorer from the settings that the learner tells (JSON): one on each thread, and again if
    ///     they change.
    package init(
        configuration: PeerConfiguration, logger: Logger, engineBytes: @escaping @Sendable () -> Int = { 0 },
        makeScorer: @escaping @Sendable (_ settings: String) throws -> any CrystalScorer
    ) {
        self.engineBytes = engineBytes
        self.configuration = configuration
        self.logger = logger
        self.makeScorer = makeScorer
    }

    /// Runs on the calling thread, which it blocks, until the learner ends the run or `stop` asks to leave.
    ///
    /// - Throws: ``RoleError``, `ZMQError`.
    package func run(stop: StopToken) throws {
        guard configuration.problems.isEmpty else { throw RoleError.configuration(configuration.problems) }
        let wakeup = try Wakeup()
        stop.addWakeup(wakeup)
        let makeScorer = makeScorer
        let pool = JobPool<RewardWorkerCore.Job, RewardWorkerCore.Output>(
            name: "scorer", threads: configuration.threads, wakeup: wakeup
        ) {
            var made: (settings: String, scorer: any CrystalScorer)?
            func score(_ crystals: [SampledCrystal], settings: String) throws(RoleError) -> [ScoringResult] {
                do {
                    if made?.settings != settings { made = (settings, try makeScorer(settings)) }
                    return try made?.scorer.score(crystals) ?? []
                } catch {
                    throw error as? RoleError ?? .work("the scorer cannot be made: \(error)")
                }
            }
            return { job in
                let begin = Moment.now
                switch job {
                case .prepare(let settings):
                    do throws(RoleError) {
                        _ = try score([], settings: settings)
                        return .prepared(settings: settings, problem: nil)
                    } catch { return .prepared(settings: settings, problem: error) }
                case .score(let task, let settings):
                    do throws(RoleError) {
                        let results = try score(task.crystals, settings: settings)
                        return .scored(task, results, seconds: begin.duration(to: .now).seconds)
                    } catch { return .failed(task, error) }
                }
            }
        }
        let context = try ZMQContext()
        var loop = PeerLoop(
            core: RewardWorkerCore(
                configuration: configuration, generator: SystemRandomNumberGenerator(), engineBytes: engineBytes),
            endpoint: configuration.endpoint, context: context, wakeup: wakeup, pool: pool, logger: logger)
        defer {
            pool.close(timeout: .seconds(3))
            context.shutDown()
        }
        try loop.run(stop: stop)
    }
}
