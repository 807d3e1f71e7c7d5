import Base
import Coordination
import Fleet
import FleetFixtures
import Testing
import Trajectories

/// What the learner does with what its trainer finds: peers whose claims are wrong, and training that cannot go on.
@Suite(.serialized, .timeLimit(.minutes(1))) struct TrainerVerdictTests {
    /// A toy trainer with a say of its own about some versions.
    private struct Trainer: BatchTrainer {
        let base = ToyTrainer()
        var gathering: GatheringState?
        let verdict: @Sendable (ScoredBatch, inout TrainedVersion) throws -> Void

        func start() throws -> TrainingStart {
            var start = try base.start()
            start.gathering = gathering
            return start
        }

        func train(_ batch: ScoredBatch) throws -> TrainedVersion {
            var trained = try base.train(batch)
            try verdict(batch, &trained)
            return trained
        }

        func checkpoint() throws { try base.checkpoint() }
    }

    private func learner(
        _ observer: RecordingObserver, gathering: GatheringState? = nil,
        verdict: @escaping @Sendable (ScoredBatch, inout TrainedVersion) throws -> Void
    ) throws -> Running<LearnerSummary> {
        var configuration = try Toys.configuration(versions: 4)
        configuration.timing.heartbeat = .milliseconds(50)
        configuration.timing.liveness = .milliseconds(1500)
        configuration.timing.report = .milliseconds(100)
        let settings = configuration
        return Running {
            try LearnerRole(configuration: settings, observer: observer)
                .run(trainer: Trainer(gathering: gathering, verdict: verdict), stop: StopToken())
        }
    }

    @Test func trainingThatCannotGoOn_endsEveryRole() throws {
        let observer = RecordingObserver()
        let learner = try learner(observer) { batch, _ in
            if batch.step == 1 { throw RoleError.cannotServe("it diverges") }
        }
        let endpoint = try #require(observer.awaitStart())
        let actor = ToyRoles.actor(ToyRoles.peer(endpoint))
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint, process: 100))
        #expect(throws: RoleError.cannotServe("it diverges")) { try learner.value() }
        try actor.value()
        try worker.value()
    }

    @Test func checkpointOfAnotherGathering_endsTheRunWithTheReason() throws {
        let observer = RecordingObserver()
        let state = GatheringState(kind: "first_complete", nextStep: 0)
        let learner = try learner(observer, gathering: state) { _, _ in }
        let error = try #require(throws: RoleError.self) { try learner.value() }
        #expect("\(error)".contains("first_complete") && error.isLasting)
    }

    @Test func actorWhoseClaimsAreWrong_isTurnedAwayAndTheRunGoesOn() throws {
        let observer = RecordingObserver()
        let learner = try learner(observer) { batch, trained in
            if batch.step == 0, batch.crystals.contains(where: { $0.sampledBy == "test:1" }) {
                trained.distrusted = ["test:1"]
            }
        }
        let endpoint = try #require(observer.awaitStart())
        let liar = ToyRoles.actor(ToyRoles.peer(endpoint, process: 1))
        let worker = ToyRoles.worker(ToyRoles.peer(endpoint, process: 100))
        // The first version is the liar's alone; it is turned away before it can do more.
        #expect(throws: RoleError.self) { try liar.value() }
        let honest = ToyRoles.actor(ToyRoles.peer(endpoint, process: 2))
        let summary = try learner.value()
        try honest.value()
        try worker.value()
        #expect(summary.isComplete && summary.counters.refusedPeers == 1)
    }
}
