import Base
import Coordination
import Fleet
import FleetFixtures
import Synchronization
import Testing
import Trajectories

/// What is measured is handed over to be kept, while a step is made and when the learner ends.
@Suite(.serialized, .timeLimit(.minutes(1))) struct OutcomeKeeperTests {
    /// Collects the crystals that it is given to keep.
    private final class Keeper: RunObserver {
        private let started = Mailbox<Endpoint>(capacity: 1)
        let kept = Mailbox<[ScoredCrystal]>(capacity: 10_000)
        let ids = Mutex<Set<CrystalID>>([])

        func awaitStart() -> Endpoint? { started.receive(timeout: .seconds(20)) }

        func hubStarted(_ endpoint: Endpoint) { _ = started.post(endpoint) }

        func crystalsFinished(_ crystals: [ScoredCrystal]) throws {
            ids.withLock { $0.formUnion(crystals.map(\.sampled.id)) }
            _ = kept.post(crystals)
        }
    }

    /// Makes its first step only once a crystal is kept that is not in its batch, and asks to stop then.
    private final class Trainer: BatchTrainer {
        private let base = ToyTrainer()
        private let keeper: Keeper
        private let taken: Taken
        private let stop: StopToken

        final class Taken: Sendable {
            let ids = Mutex<Set<CrystalID>>([])
            let sawOthers = Mutex(false)
        }

        init(_ keeper: Keeper, _ taken: Taken, stop: StopToken) {
            (self.keeper, self.taken, self.stop) = (keeper, taken, stop)
        }

        func start() throws -> TrainingStart { try base.start() }

        func train(_ batch: ScoredBatch) throws -> TrainedVersion {
            let ids = Set(batch.crystals.map(\.sampled.id))
            taken.ids.withLock { $0.formUnion(ids) }
            while batch.step == 0, !taken.sawOthers.withLock({ $0 }) {
                guard let crystals = keeper.kept.receive(timeout: .seconds(20)) else { break }
                if !ids.isSuperset(of: crystals.map(\.sampled.id)) { taken.sawOthers.withLock { $0 = true } }
            }
            stop.stop("enough")
            return try base.train(batch)
        }

        func checkpoint() throws { try base.checkpoint() }
    }

    @Test func outcomes_areKeptWhileAStepIsMade_andAtTheEnd() throws {
        let (keeper, taken) = (Keeper(), Trainer.Taken())
        var configuration = try Toys.configuration(versions: 9)
        configuration.mode = .asynchronous(maximumStaleness: 2)
        configuration.timing.heartbeat = .milliseconds(50)
        configuration.timing.liveness = .milliseconds(1500)
        let (settings, stop) = (configuration, StopToken())
        let learner = Running {
            try LearnerRole(configuration: settings, observer: keeper)
                .run(trainer: Trainer(keeper, taken, stop: stop), stop: stop)
        }
        let endpoint = try #require(keeper.awaitStart())
        let actor = ToyRoles.actor(ToyRoles.peer(endpoint))
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint, process: 100))
        let summary = try learner.value()
        try actor.value()
        try worker.value()
        #expect(taken.sawOthers.withLock { $0 })
        // All that was measured is kept, or was in a batch.
        let all = keeper.ids.withLock { $0 }.union(taken.ids.withLock { $0 })
        #expect(all.count == summary.counters.crystalsFinished && all.count > 50)
        #expect(!summary.isComplete && taken.ids.withLock { $0.count } == 50)
    }

    /// What cannot be kept ends the run.
    @Test func outcomesThatCannotBeKept_endTheRun() throws {
        final class Failing: RunObserver {
            let started = Mailbox<Endpoint>(capacity: 1)
            func hubStarted(_ endpoint: Endpoint) { _ = started.post(endpoint) }
            func crystalsFinished(_ crystals: [ScoredCrystal]) throws { throw RoleError.cannotServe("no archive") }
        }
        let observer = Failing()
        let settings = try Toys.configuration(versions: 500)
        let learner = Running {
            try LearnerRole(configuration: settings, observer: observer).run(trainer: ToyTrainer(), stop: StopToken())
        }
        let endpoint = try #require(observer.started.receive(timeout: .seconds(20)))
        let actor = ToyRoles.actor(ToyRoles.peer(endpoint))
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint, process: 100))
        #expect(throws: RoleError.cannotServe("no archive")) { try learner.value() }
        try actor.value()
        try worker.value()
    }
}
