package import Base
package import Coordination
package import Logging
internal import Protocol
package import Trajectories
internal import Transport

/// The reward worker: measures the crystals of the tasks it is given, until the run is over.
package struct RewardWorkerRole {
    private let configuration: PeerConfiguration
    private let logger: Logger
    private let children: @Sendable () -> ChildReport
    private let files: (any RecipeFileStore)?
    private let makeMeasurer: @Sendable (String) throws -> any CrystalMeasurer

    /// - Parameters:
    ///   - files: The files that settings name, on this machine; nil where they name none.
    ///   - children: Tells of the engine's processes, for reports.
    ///   - makeMeasurer: Makes a measurer from the settings that the learner tells (JSON): one on each thread, and
    ///     again if they change.
    package init(
        configuration: PeerConfiguration, logger: Logger, files: (any RecipeFileStore)? = nil,
        children: @escaping @Sendable () -> ChildReport = { ChildReport() },
        makeMeasurer: @escaping @Sendable (_ settings: String) throws -> any CrystalMeasurer
    ) {
        self.files = files
        self.children = children
        self.configuration = configuration
        self.logger = logger
        self.makeMeasurer = makeMeasurer
    }

    /// Runs on the calling thread, which it blocks, until the learner ends the run or `stop` asks to leave.
    ///
    /// - Throws: ``RoleError``, `ZMQError`.
    package func run(stop: StopToken) throws {
        guard configuration.problems.isEmpty else { throw RoleError.configuration(configuration.problems) }
        let wakeup = try Wakeup()
        stop.addWakeup(wakeup)
        let (makeMeasurer, files) = (makeMeasurer, files)
        let pool = JobPool<MeasuringWork.Job, MeasuringWork.Output>(
            name: "measurer", threads: configuration.threads, wakeup: wakeup
        ) {
            var made: (settings: String, measurer: any CrystalMeasurer)?
            func measure(_ items: [WorkItem], settings: String) throws(RoleError) -> [MeasuringResult] {
                do {
                    if made?.settings != settings { made = (settings, try makeMeasurer(settings)) }
                    return try made?.measurer.measure(items) ?? []
                } catch {
                    throw roleError(error)
                }
            }
            func roleError(_ error: any Error) -> RoleError {
                error as? RoleError ?? .work("the engine cannot be made: \(error)")
            }
            return { job in
                let begin = Moment.now
                switch job {
                case .prepare(let settings):
                    do {
                        let missing = try files?.missing(of: settings) ?? []
                        if !missing.isEmpty { return .lacking(missing, settings: settings) }
                        _ = try measure([], settings: settings)
                        return .prepared(settings: settings, problem: nil)
                    } catch { return .prepared(settings: settings, problem: roleError(error)) }
                case .keep(let blob, let settings):
                    do {
                        try files?.keep(blob, of: settings)
                        return .kept(blob.digest, settings: settings)
                    } catch { return .prepared(settings: settings, problem: roleError(error)) }
                case .measure(let task, let settings):
                    do throws(RoleError) {
                        let results = try measure(task.items, settings: settings)
                        return .measured(task, results, seconds: begin.duration(to: .now).seconds)
                    } catch { return .failed(task, error) }
                }
            }
        }
        let context = try ZMQContext()
        var loop = PeerLoop(
            core: RewardWorkerCore(
                MeasuringWork(), configuration: configuration, generator: SystemRandomNumberGenerator(),
                children: children),
            endpoint: configuration.endpoint, context: context, wakeup: wakeup, pool: pool, logger: logger)
        defer {
            pool.close(timeout: .seconds(3))
            context.shutDown()
        }
        try loop.run(stop: stop)
    }
}
