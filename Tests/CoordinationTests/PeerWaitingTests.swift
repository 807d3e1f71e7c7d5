import Base
import Coordination
import FleetFixtures
import Protocol
import Testing
import Trajectories

/// What a peer that is logged in and does nothing says that it waits for.
@Suite struct PeerWaitingTests {
    private let now = Toys.begin
    private let weights = Announcement(
        epoch: 1, run: "r", version: 3, policy: Blob([1, 2, 3]).digest, reference: Blob([4]).digest)

    private func configuration() throws -> PeerConfiguration {
        PeerConfiguration(
            endpoint: try Endpoint("tcp://127.0.0.1:5555"), build: "test", host: "test", process: 1)
    }

    private func welcome(_ settings: String, _ weights: Announcement?) -> HubMessage {
        .welcome(
            Welcome(
                session: 1, epoch: 1, run: "r", heartbeat: .seconds(1), liveness: .seconds(10), settings: settings,
                weights: weights))
    }

    /// What is said at which second, while the learner answers each heartbeat.
    private func said<Work>(
        by core: inout PeerCore<Work>, from begin: Int = 0, for seconds: Int, weights: Announcement? = nil
    ) -> [String] {
        var said: [String] = []
        for second in begin + 1...begin + seconds {
            let moment = now.advanced(by: .seconds(second))
            core.receive(.heartbeatReply(weights), now: moment)
            core.tick(now: moment)
            for case .log(let text) in core.takeEffects() where text.contains("waiting for") {
                said.append("\(second) \(text)")
            }
        }
        return said
    }

    @Test func actor_withoutWeights_saysForWhich() throws {
        var core = ActorCore(SamplingWork(), configuration: try configuration(), generator: SeededGenerator(seed: 1))
        core.start(now: now)
        core.receive(welcome("{}", nil), now: now)
        #expect(said(by: &core, for: 15) == ["11 waiting for its own sampler to be made for 10 s"])
        core.finished(.prepared(settings: "{}", problem: nil), now: now.advanced(by: .seconds(15)))
        #expect(
            said(by: &core, from: 15, for: 75) == [
                "26 waiting for the learner's first weights for 10 s",
                "86 waiting for the learner's first weights for 70 s",
            ])
        let missing = said(by: &core, from: 90, for: 15, weights: weights)
        #expect(missing.count == 1)
        #expect(
            missing.first?.contains(
                "waiting for the policy of version 3 (\(weights.policy)) for 10 s: the learner has not said yet"
            )
                ?? false, "\(missing)")
    }

    /// That there is no work is said once a login.
    @Test func worker_withoutWork_saysItOnce() throws {
        var core = RewardWorkerCore(
            MeasuringWork(), configuration: try configuration(), generator: SeededGenerator(seed: 1))
        core.start(now: now)
        core.receive(welcome("{}", nil), now: now)
        core.finished(.prepared(["{}"], usable: .success(["{}"])), now: now)
        let said = said(by: &core, for: 300)
        #expect(said == ["11 no work for 10 s: waiting for crystals to measure; this is said once"])
    }

    @Test func worker_thatLacksAFile_namesIt() throws {
        var core = RewardWorkerCore(
            MeasuringWork(), configuration: try configuration(), generator: SeededGenerator(seed: 1))
        core.start(now: now)
        core.receive(welcome("{}", nil), now: now)
        let digest = Digest(of: [9])
        core.finished(.lacking([digest], of: ["{}"]), now: now)
        let said = said(by: &core, for: 20)
        #expect(
            said.count == 1 && said.first?.contains("waiting for a file of the recipe (\(digest))") ?? false, "\(said)")
    }

    /// Work in hand is finished for so long and no longer; then the peer goes, and says goodbye.
    @Test func worker_askedToLeave_goesWhenItsTimeIsOver() throws {
        var configuration = try configuration()
        configuration.drain = .seconds(12)
        var core = RewardWorkerCore(
            MeasuringWork(), configuration: configuration, generator: SeededGenerator(seed: 1))
        core.start(now: now)
        core.receive(welcome("{}", nil), now: now)
        core.finished(.prepared(["{}"], usable: .success(["{}"])), now: now)
        let crystals = try Toys.crystals(of: WorkUnit(runSeed: 1, version: 0, unit: 0, crystalCount: 2))
        let items = crystals.map { WorkItem(job: 0, index: $0.id.index, crystal: $0.crystal, isTerminated: true) }
        for id in [1, 2] as [UInt64] {
            core.receive(.task(RewardTask(epoch: 1, id: id, recipe: Digest(of: "{}".utf8), items: items)), now: now)
        }
        _ = core.takeEffects()
        core.stop(now: now)
        var sent: [String] = []
        for second in 0...20 where sent.last?.hasSuffix("leaves") != true {
            let moment = now.advanced(by: .seconds(second))
            core.receive(.heartbeatReply(nil), now: moment)
            core.tick(now: moment)
            for effect in core.takeEffects() {
                switch effect {
                case .send(.taskReturn(let task), _): sent.append("\(second) returns \(task.task)")
                case .send(.goodbye, _): sent.append("\(second) goodbye")
                case .leave(.success): sent.append("\(second) leaves")
                case .log(let text) where text.contains("time to drain is over"): sent.append("\(second) says so")
                default: continue
                }
            }
        }
        // One was begun, the other not.
        #expect(sent == ["0 returns 2", "12 says so", "12 goodbye", "12 leaves"])
    }

    /// A task that takes longer than from report to report is told in several: none has more work than time, and all
    /// of it is told.
    @Test func worker_withLongTasks_reportsNoMoreWorkThanTime() throws {
        var core = RewardWorkerCore(
            MeasuringWork(), configuration: try configuration(), generator: SeededGenerator(seed: 1))
        core.start(now: now)
        core.receive(welcome("{}", nil), now: now)
        core.finished(.prepared(["{}"], usable: .success(["{}"])), now: now)
        var busy: [Double] = []
        for second in 1...40 {
            let moment = now.advanced(by: .seconds(second))
            core.receive(.heartbeatReply(nil), now: moment)
            if second % 12 == 0, second <= 24 {
                let task = RewardTask(
                    epoch: 1, id: UInt64(second), recipe: Digest(of: "{}".utf8), items: [])
                core.finished(.measured(task, [], seconds: 11), now: moment)
            }
            core.tick(now: moment)
            for case .send(.report(let report), _) in core.takeEffects() {
                #expect(report.intervalSeconds == 5 && report.busySeconds <= 5, "\(report)")
                busy.append(report.busySeconds)
            }
        }
        #expect(busy.reduce(0, +) == 22 && busy.count > 5, "\(busy)")
    }
}
