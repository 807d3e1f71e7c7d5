/// How many actors and reward workers a run could use: what an autoscaler should start or stop.
///
/// The learner's own speed is the measure: a step of its own takes so long however many peers there are. With fewer
/// peers than wanted it waits for them, with more of them they wait for it.
///
/// * In the synchronous mode nothing is trained while crystals are sampled and measured. Actors are wanted until
///   sampling takes no longer than training, reward workers until measuring takes no longer than sampling, with the
///   actors that are there, and training together.
/// * In the asynchronous mode all of it goes on at the same time: as many of each are wanted as make crystals as fast
///   as the learner uses them.
///
/// Never more than there are units or tasks in a batch to keep busy. What is measured is smoothed over steps, and a
/// number changes only when what is wanted is clearly another.
package struct FleetSizing: Sendable {
    /// What a step took.
    package struct Step: Sendable, Hashable {
        /// The time that threads of actors, or of reward workers, spent on the crystals of the batch, seconds.
        package var samplingSeconds: Double
        package var measuringSeconds: Double
        /// The time that the learner spent on the step itself, seconds.
        package var learnerSeconds: Double
        /// The peers that are there, and their threads, all together.
        package var actors: Int
        package var actorThreads: Int
        package var rewardWorkers: Int
        package var rewardWorkerThreads: Int

        package init(
            samplingSeconds: Double, measuringSeconds: Double, learnerSeconds: Double, actors: Int, actorThreads: Int,
            rewardWorkers: Int, rewardWorkerThreads: Int
        ) {
            self.samplingSeconds = samplingSeconds
            self.measuringSeconds = measuringSeconds
            self.learnerSeconds = learnerSeconds
            self.actors = actors
            self.actorThreads = actorThreads
            self.rewardWorkers = rewardWorkers
            self.rewardWorkerThreads = rewardWorkerThreads
        }
    }

    /// How many peers are wanted.
    package struct Wanted: Sendable, Hashable {
        package var actors: Int
        package var rewardWorkers: Int

        package init(actors: Int, rewardWorkers: Int) {
            self.actors = actors
            self.rewardWorkers = rewardWorkers
        }
    }

    /// The weight of the newest step.
    private static let weight = 0.3
    /// A number stays until what is wanted is this far beyond it.
    private static let slack = 0.1
    /// A learner that takes no time at all wants no infinite fleet.
    private static let shortestStep = 0.01

    private let isAsynchronous: Bool
    private let unitsPerBatch: Int
    private let tasksPerBatch: Int
    /// What is wanted, not yet whole, smoothed.
    private var actors: Double?
    private var rewardWorkers: Double?
    package private(set) var wanted: Wanted?

    package init(isAsynchronous: Bool, unitsPerBatch: Int, tasksPerBatch: Int) {
        self.isAsynchronous = isAsynchronous
        self.unitsPerBatch = unitsPerBatch
        self.tasksPerBatch = tasksPerBatch
    }

    /// Notes a step. Of a role that nobody has, nothing is learned: one of it is wanted.
    package mutating func note(_ step: Step) {
        let training = max(Self.shortestStep, step.learnerSeconds)
        let actorThreads = Self.threads(of: step.actorThreads, step.actors)
        let workerThreads = Self.threads(of: step.rewardWorkerThreads, step.rewardWorkers)
        let sampling = step.samplingSeconds / Double(max(1, step.actorThreads))
        let time = isAsynchronous ? training : training + sampling
        actors = Self.smoothed(actors, step.samplingSeconds / (actorThreads * training))
        rewardWorkers = Self.smoothed(rewardWorkers, step.measuringSeconds / (workerThreads * time))
        wanted = Wanted(
            actors: Self.number(
                actors, before: wanted?.actors, atMost: Self.most(unitsPerBatch, threads: actorThreads)),
            rewardWorkers: Self.number(
                rewardWorkers, before: wanted?.rewardWorkers,
                atMost: Self.most(tasksPerBatch, threads: workerThreads)))
    }

    /// Threads of one peer.
    private static func threads(of all: Int, _ peers: Int) -> Double { max(1, Double(all) / Double(max(1, peers))) }

    /// So many peers can work at the units or tasks of a batch.
    private static func most(_ parts: Int, threads: Double) -> Int {
        max(1, Int((Double(parts) / threads).rounded(.up)))
    }

    private static func smoothed(_ before: Double?, _ value: Double) -> Double {
        guard value.isFinite else { return before ?? 0 }
        return before.map { $0 + weight * (value - $0) } ?? value
    }

    private static func number(_ value: Double?, before: Int?, atMost most: Int) -> Int {
        let value = min(value ?? 0, Double(most))
        let whole = max(1, Int((value - 1e-9).rounded(.up)))
        guard let before else { return whole }
        if value > Double(before) + slack || Double(before) > Double(most) { return whole }
        return value < Double(before - 1) - slack ? whole : before
    }
}
