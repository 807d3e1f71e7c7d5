package import Base
package import Protocol
package import Trajectories

/// The work of a reward worker: its engine, its tasks.
///
/// It asks for work only once its engine is there and is the learner's. Files that the recipe names and that this
/// machine lacks are pulled from the learner first.
package struct MeasuringWork: PeerWork {
    package enum Job: Sendable {
        /// Make sure that there is an engine for recipes, or some of them.
        case prepare([String])
        /// Look which of further recipes there is an engine for.
        case prepareFurther([String])
        /// Keep a file that recipes name.
        case keep(Blob, [String])
        case measure(RewardTask, recipe: String)
    }

    package enum Output: Sendable {
        /// There is an engine for those of the recipes that are `usable`, or none, because of a problem.
        case prepared([String], usable: Result<[String], RoleError>)
        /// There is an engine for those of the further recipes that are `usable`.
        case preparedFurther([String], usable: [String])
        /// These files are not on this machine.
        case lacking([Digest], of: [String])
        case kept(Digest)
        case measured(RewardTask, [MeasuringResult], seconds: Double)
        /// There is no engine any more.
        case failed(RewardTask, RoleError)
    }

    private enum Preparation: Sendable, Hashable {
        case none
        case working
        /// Waits for files of recipes.
        case lacking([Digest], of: [String])
        case done([String], usable: [Digest])
    }

    private struct Further: Sendable {
        var recipes: [String] = []
        /// Those of the login, which stay whatever is told.
        var ofLogin: Set<Digest> = []
        var usable: [Digest] = []
        var isPrepared = true
        var isWorking = false

        var digests: [Digest] { recipes.map { Digest(of: $0.utf8) } }
    }

    package static let role = PeerRole.rewardWorker

    private var epoch: UInt64?
    /// Those of the login, by their digests.
    private var recipes: [Digest: String] = [:]
    private var preparation = Preparation.none
    /// Recipes of others than the run, as the learner told them last, and those of them that there is an engine for.
    private var further = Further()
    private var newestVersion: PolicyVersion = 0
    private var queue: [RewardTask] = []
    private var measuring: Set<UInt64> = []
    private var outbox = Outbox<UInt64, TaskResult>()
    private let engine: @Sendable () -> BroughtEngine?

    /// - Parameter engine: tells of the engine that the worker was started with, once it has started; nil for the
    ///   program's own.
    package init(engine: @escaping @Sendable () -> BroughtEngine? = { nil }) { self.engine = engine }

    // MARK: - Messages

    package mutating func joined(_ welcome: Welcome, _ session: inout PeerSession) {
        // Another life of the learner samples, and hands out, its crystals anew.
        if epoch != welcome.epoch { outbox.removeAll() }
        epoch = welcome.epoch
        recipes = Dictionary(
            RecipeList.recipes(in: welcome.settings).map { (Digest(of: $0.utf8), $0) }, uniquingKeysWith: { $1 })
        queue.removeAll()
        further.recipes = []
        further.usable = []
        further.isPrepared = true
        further.ofLogin = Set(recipes.keys)
        outbox.resendAll()
    }

    package mutating func receive(_ message: HubMessage, _ session: inout PeerSession) {
        switch message {
        case .heartbeatReply(let weights): newestVersion = weights?.version ?? newestVersion
        case .blobUnavailable(let digest, _):
            guard case .lacking(let digests, _) = preparation, digests.contains(digest) else { return }
            session.leave(
                .cannotServe("the learner does not have the file \(digest) that its recipe names; start it again"))
        case .task(let task) where session.isLeaving: giveBack(task, &session)
        case .task(let task): take(task, &session)
        case .taskAcknowledgement(let task): outbox.acknowledge(task)
        case .furtherRecipes(let recipes):
            for digest in further.digests where !further.ofLogin.contains(digest) { self.recipes[digest] = nil }
            for recipe in recipes { self.recipes[Digest(of: recipe.utf8)] = recipe }
            further.recipes = recipes
            further.usable = []
            further.isPrepared = recipes.isEmpty
        default: break
        }
    }

    private mutating func take(_ task: RewardTask, _ session: inout PeerSession) {
        guard task.epoch == epoch else { return }
        guard recipes[task.recipe] != nil else {
            // What others want measured is no reason to leave a run.
            if task.id > HubCore.otherTasks {
                giveBack(task, because: "its recipe is not known here", &session)
                return
            }
            session.leave(
                .work(
                    "the learner asks to measure by the recipe \(task.recipe), and told another at login; start "
                        + "this worker again"))
            return
        }
        guard !queue.contains(where: { $0.id == task.id }), !measuring.contains(task.id),
            queue.count <= session.configuration.threads + 1
        else { return }
        queue.append(task)
    }

    package mutating func giveBack(_ session: inout PeerSession) {
        for task in queue { giveBack(task, &session) }
        queue.removeAll()
    }

    private func giveBack(
        _ task: RewardTask, because reason: String = "the worker leaves", _ session: inout PeerSession
    ) {
        session.send(.taskReturn(TaskReturn(epoch: task.epoch, task: task.id, reason: reason)))
    }

    // MARK: - Jobs

    package mutating func takeJobs(_ session: inout PeerSession, now: Moment) -> [Job] {
        guard let wanted = session.welcome.map({ RecipeList.recipes(in: $0.settings) }) else { return [] }
        switch preparation {
        case .working: return []
        case .lacking(let digests, wanted):
            guard let blob = session.takeBlob(), digests.contains(blob.digest) else {
                if let first = digests.first { session.pull(first) }
                return []
            }
            preparation = .working
            return [.keep(blob, wanted)]
        case .done(wanted, _): break
        case .none, .lacking, .done:
            preparation = .working
            return [.prepare(wanted)]
        }
        var jobs: [Job] = []
        if !further.isPrepared, !further.isWorking {
            further.isWorking = true
            jobs.append(.prepareFurther(further.recipes))
        }
        while measuring.count < session.configuration.threads, !queue.isEmpty {
            let task = queue.removeFirst()
            // One that was dropped meanwhile.
            guard let recipe = recipes[task.recipe] else {
                giveBack(task, because: "its recipe is not known here any more", &session)
                continue
            }
            measuring.insert(task.id)
            jobs.append(.measure(task, recipe: recipe))
        }
        return jobs
    }

    /// The recipes of the login that there is an engine for.
    private var usable: [Digest] {
        guard case .done(_, let usable) = preparation else { return [] }
        return usable.filter { recipes[$0] != nil }
    }

    package mutating func finished(_ output: Output, _ session: inout PeerSession) {
        switch output {
        case .prepared(let wanted, .success(let usable)):
            preparation = .done(wanted, usable: usable.map { Digest(of: $0.utf8) })
        case .prepared(_, .failure(let problem)): session.leave(problem)
        case .preparedFurther(let recipes, let usable):
            further.isWorking = false
            guard recipes == further.recipes else { return }
            further.isPrepared = true
            further.usable = usable.map { Digest(of: $0.utf8) }
        case .lacking(let digests, let wanted):
            session.log("pulling \(digests.count) files of the recipe from the learner")
            preparation = .lacking(digests, of: wanted)
        // What is still missing, the next look tells.
        case .kept: preparation = .none
        case .failed(let task, let problem):
            measuring.remove(task.id)
            session.send(.taskReturn(TaskReturn(epoch: task.epoch, task: task.id, reason: "\(problem)")))
            // What others want measured is no reason to leave a run.
            guard further.ofLogin.contains(task.recipe) else {
                further.usable.removeAll { $0 == task.recipe }
                session.log("no more crystals of an evaluation are measured here: \(problem)")
                return
            }
            session.leave(problem)
        case .measured(let task, let results, let seconds):
            measuring.remove(task.id)
            session.worked(crystals: task.items.count, seconds: seconds)
            if task.epoch == epoch { outbox.add(Self.result(of: task, results), as: task.id) }
        }
    }

    private static func result(of task: RewardTask, _ results: [MeasuringResult]) -> TaskResult {
        var results = results
        if results.count != task.items.count {
            let outcome = Outcome.failed(.engine("the engine returned another number of results"))
            results = task.items.map { _ in MeasuringResult(outcome: outcome, seconds: 0) }
        }
        return TaskResult(epoch: task.epoch, task: task.id, results: results.map(usable))
    }

    /// The result, or a failure where the learner would not take its numbers.
    private static func usable(_ result: MeasuringResult) -> MeasuringResult {
        guard let problem = Admission().problem(of: result.outcome, needsHeight: false) else { return result }
        return MeasuringResult(outcome: .failed(.engine(problem)), seconds: result.seconds)
    }

    package mutating func dueResults(now: Moment) -> [PeerMessage] { outbox.due(now: now).map { .taskResult($0) } }

    // MARK: - State

    package func readiness(threads: Int) -> Readiness {
        let usable = usable
        var readiness = Readiness(
            window: usable.isEmpty ? 0 : threads + 1, recipes: usable.isEmpty ? [] : usable + further.usable)
        if !usable.isEmpty { readiness.engine = engine() }
        return readiness
    }

    package func wait(_ session: PeerSession) -> PeerWait? {
        guard measuring.isEmpty, queue.isEmpty else { return nil }
        switch preparation {
        case .none, .working: return PeerWait(what: "its own engine to be made")
        case .lacking(let digests, _):
            let files = "\(digests.count == 1 ? "a file" : "\(digests.count) files") of the recipe"
            let next = digests.first.map { " (\($0))" } ?? ""
            return PeerWait(what: files + next, progress: session.pullProgress)
        case .done: return PeerWait(what: "crystals to measure", isIdle: true)
        }
    }

    package var load: PeerLoad {
        PeerLoad(
            version: newestVersion, waiting: queue.count, working: measuring.count, unacknowledged: outbox.count,
            resent: outbox.resentCount)
    }
}

package typealias RewardWorkerCore = PeerCore<MeasuringWork>
