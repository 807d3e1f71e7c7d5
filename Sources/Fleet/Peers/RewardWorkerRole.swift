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
    private let engine: @Sendable () -> BroughtEngine?
    private let files: (any RecipeFileStore)?
    private let makeMeasurer: @Sendable (String) throws -> any CrystalMeasurer

    /// - Parameters:
    ///   - files: The files that settings name, on this machine; nil where they name none.
    ///   - children: Tells of the engine's processes, for reports.
    ///   - engine: Tells of the engine that it was started with, once that has started; nil for the program's own.
    ///   - makeMeasurer: Makes a measurer from a recipe that the learner tells (JSON), one on each thread; it throws
    ///     `RoleError.cannotServe(_:)` for one that others measure by.
    package init(
        configuration: PeerConfiguration, logger: Logger, files: (any RecipeFileStore)? = nil,
        children: @escaping @Sendable () -> ChildReport = { ChildReport() },
        engine: @escaping @Sendable () -> BroughtEngine? = { nil },
        makeMeasurer: @escaping @Sendable (_ recipe: String) throws -> any CrystalMeasurer
    ) {
        self.files = files
        self.children = children
        self.engine = engine
        self.configuration = configuration
        self.logger = logger
        self.makeMeasurer = makeMeasurer
    }

    /// Runs on the calling thread, which it blocks, until the learner ends the run or `stop` asks to leave.
    ///
    /// - Returns: which of the two it was.
    /// - Throws: `RoleError`, `ZMQError`.
    package func run(stop: StopToken) throws -> PeerLeave {
        guard configuration.problems.isEmpty else { throw RoleError.configuration(configuration.problems) }
        let wakeup = try Wakeup()
        stop.addWakeup(wakeup)
        let (makeMeasurer, files, logger) = (makeMeasurer, files, logger)
        let pool = JobPool<MeasuringWork.Job, MeasuringWork.Output>(
            name: "measurer", threads: configuration.threads, wakeup: wakeup
        ) {
            var engine = ThreadEngine(files: files, logger: logger, makeMeasurer: makeMeasurer)
            return { engine.perform($0) }
        }
        let context = try ZMQContext()
        var loop = PeerLoop(
            core: RewardWorkerCore(
                MeasuringWork(engine: engine), configuration: configuration, generator: SystemRandomNumberGenerator(),
                children: children),
            configuration: configuration, context: context, wakeup: wakeup, pool: pool, logger: logger)
        defer {
            pool.close(timeout: .seconds(3))
            context.shutDown()
        }
        return try loop.run(stop: stop)
    }
}

/// The engine of one thread: a measurer for each recipe that it can measure by.
private struct ThreadEngine {
    let files: (any RecipeFileStore)?
    let logger: Logger
    let makeMeasurer: @Sendable (String) throws -> any CrystalMeasurer
    private var shelf = MeasurerShelf(limit: WireLimits.recipes + WireLimits.otherRecipes)

    init(
        files: (any RecipeFileStore)?, logger: Logger,
        makeMeasurer: @escaping @Sendable (String) throws -> any CrystalMeasurer
    ) {
        self.files = files
        self.logger = logger
        self.makeMeasurer = makeMeasurer
    }

    mutating func perform(_ job: MeasuringWork.Job) -> MeasuringWork.Output {
        switch job {
        case .prepare(let recipes):
            do throws(RoleError) {
                let missing = try lacking(of: recipes)
                if !missing.isEmpty { return .lacking(missing, of: recipes) }
                return .prepared(recipes, usable: .success(try usable(recipes)))
            } catch { return .prepared(recipes, usable: .failure(error)) }
        case .prepareFurther(let recipes):
            return .preparedFurther(recipes, usable: recipes.filter { canMeasure(by: $0) })
        case .keep(let blob, let recipes):
            do {
                for recipe in recipes { try files?.keep(blob, of: recipe) }
                return .kept(blob.digest)
            } catch { return .prepared(recipes, usable: .failure(Self.roleError(error))) }
        case .measure(let task, let recipe):
            let begin = Moment.now
            do throws(RoleError) {
                let results = try measure(task.items, by: recipe)
                return .measured(task, results, seconds: begin.duration(to: .now).seconds)
            } catch { return .failed(task, error) }
        }
    }

    /// The files of recipes that are not on this machine.
    private func lacking(of recipes: [String]) throws(RoleError) -> [Digest] {
        do {
            var missing: [Digest] = []
            for digest in try recipes.flatMap({ try files?.missing(of: $0) ?? [] }) where !missing.contains(digest) {
                missing.append(digest)
            }
            return missing
        } catch { throw Self.roleError(error) }
    }

    /// Those of the recipes that can be measured by here.
    ///
    /// - Throws: why none of them can, if so, and what keeps this process from measuring at all.
    private mutating func usable(_ recipes: [String]) throws(RoleError) -> [String] {
        shelf.keep(recipes)
        var usable: [String] = []
        // Which of them the worker was started for is its owner's to know: each is told.
        var refusals: [String] = []
        for recipe in recipes {
            do {
                _ = try measure([], by: recipe)
                usable.append(recipe)
            } catch .cannotServe(let reason) {
                if !refusals.contains(reason) { refusals.append(reason) }
                if recipes.count > 1 { logger.info("left to other reward workers: \(reason)") }
            }
        }
        if usable.isEmpty, !refusals.isEmpty { throw .cannotServe(refusals.joined(separator: "; or: ")) }
        return usable
    }

    /// Whether crystals can be measured by the recipe of somebody else than the run: if not, that is no fault.
    private mutating func canMeasure(by recipe: String) -> Bool {
        do throws(RoleError) {
            guard try lacking(of: [recipe]).isEmpty else {
                logger.info("an evaluation's recipe names a file that is not here: left to other reward workers")
                return false
            }
            _ = try measure([], by: recipe)
            return true
        } catch {
            logger.info("an evaluation's crystals are left to other reward workers: \(error)")
            return false
        }
    }

    private mutating func measure(_ items: [WorkItem], by recipe: String) throws(RoleError) -> [MeasuringResult] {
        do {
            return try shelf.measurer(of: recipe, make: makeMeasurer).measure(items)
        } catch { throw Self.roleError(error) }
    }

    private static func roleError(_ error: any Error) -> RoleError {
        error as? RoleError ?? .work("the engine cannot be made: \(error)")
    }
}
