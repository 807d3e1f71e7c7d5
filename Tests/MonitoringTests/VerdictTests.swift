import Monitoring
import Testing

@Suite struct VerdictTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var state = RunStatus.State.running
        var mode = RunStatus.Mode.synchronous
        var actors = 2
        var workers = 4
        var version = 7
        var wanted: RunStatus.Wanted? = .init(actors: 2, rewardWorkers: 4)
        /// The share of its time that the learner waits.
        var waits = 0.29
        var workersIdle: Double?
        var bottleneck: RunStatus.Verdict.Bottleneck
        var text: String
        var evidence: String?
        var adds = (actors: 0, workers: 0)

        var testDescription: String { name }

        var status: RunStatus {
            var status = RunStatus(run: "20261128-00000001", directory: "runs/mine", state: state)
            status.mode = mode
            status.version = version
            status.crystalsPerBatch = 512
            status.peers = ["actor": actors, "reward-worker": workers]
            status.wanted = wanted
            status.shares = .init(seconds: 300, learner: .init(waiting: waits, training: 1 - waits))
            status.shares?.rewardWorkersIdle = workersIdle
            return status
        }
    }

    private static let cases = [
        Case(
            name: "learner", bottleneck: .learner,
            text: "the learner is the bottleneck: 71% of the time workers wait for weights; more reward workers would "
                + "not help"),
        Case(
            name: "learner, more peers than wanted", wanted: .init(actors: 1, rewardWorkers: 1), bottleneck: .learner,
            text: "the learner is the bottleneck: 71% of the time workers wait for weights; more reward workers would "
                + "not help"),
        Case(
            name: "learner, asynchronous", mode: .asynchronous, waits: 0.04, bottleneck: .learner,
            text: "the learner is the bottleneck: it is at work 96% of the time; more reward workers would not help"),
        Case(
            name: "learner that seldom waits, whatever is wanted", wanted: .init(actors: 3, rewardWorkers: 9),
            waits: 0.05, bottleneck: .learner,
            text: "the learner is the bottleneck: 95% of the time workers wait for weights; more reward workers would "
                + "not help"),
        Case(
            name: "workers", wanted: .init(actors: 2, rewardWorkers: 7), waits: 0.82, bottleneck: .rewardWorkers,
            text: "reward workers are the bottleneck: add 3", evidence: "the learner waits 82% of its time",
            adds: (0, 3)),
        Case(
            name: "workers, with their idle share", wanted: .init(actors: 2, rewardWorkers: 7), waits: 0.82,
            workersIdle: 0.03, bottleneck: .rewardWorkers,
            text: "reward workers are the bottleneck: add 3",
            evidence: "the learner waits 82% of its time, they are at work 97% of theirs", adds: (0, 3)),
        Case(
            name: "both, workers first", wanted: .init(actors: 3, rewardWorkers: 12), waits: 0.9,
            bottleneck: .rewardWorkers,
            text: "reward workers are the bottleneck: add 8, and 1 actor",
            evidence: "the learner waits 90% of its time",
            adds: (1, 8)),
        Case(
            name: "both, actors first", wanted: .init(actors: 8, rewardWorkers: 5), waits: 0.9, bottleneck: .actors,
            text: "actors are the bottleneck: add 6, and 1 reward worker",
            evidence: "the learner waits 90% of its time",
            adds: (6, 1)),
        Case(
            name: "actors", wanted: .init(actors: 3, rewardWorkers: 4), waits: 0.6, bottleneck: .actors,
            text: "actors are the bottleneck: add 1", evidence: "the learner waits 60% of its time", adds: (1, 0)),
        Case(
            name: "balanced", waits: 0.6, bottleneck: .balanced,
            text: "nothing stands out: the learner waits 60% of the time for crystals, and has all the actors and "
                + "reward workers that a batch of 512 crystals keeps busy"),
        Case(
            name: "no step yet", version: 0, wanted: nil, bottleneck: .unknown,
            text: "too early to say: no step is made yet"),
        Case(
            name: "nothing is known of its steps", wanted: nil, bottleneck: .unknown, text: "too early to say"),
        Case(
            name: "no worker", state: .waiting, workers: 0, bottleneck: .missing,
            text: "no reward worker is there: start one", adds: (0, 1)),
        Case(
            name: "no actor", state: .waiting, actors: 0, bottleneck: .missing, text: "no actor is there: start one",
            adds: (1, 0)),
        Case(
            name: "nobody", state: .waiting, actors: 0, workers: 0, wanted: nil, bottleneck: .missing,
            text: "no actor and no reward worker is there: start one of each", adds: (1, 1)),
        Case(
            name: "finished", state: .finished, bottleneck: .none, text: "the run is finished: 7 versions"),
        Case(
            name: "stopped", state: .stopped, bottleneck: .none,
            text: "the run has stopped at version 7: it goes on with --resume"),
        Case(
            name: "stopping", state: .stopping, bottleneck: .none,
            text: "the learner finishes the version in hand and stops"),
        Case(name: "failed", state: .failed, bottleneck: .none, text: "the run has failed"),
    ]

    @Test(arguments: cases) func verdict_ofNumbers_isInWords(_ expected: Case) {
        let verdict = RunStatus.Verdict(of: expected.status)
        #expect(verdict.bottleneck == expected.bottleneck)
        #expect(verdict.text == expected.text)
        #expect(verdict.evidence == expected.evidence)
        #expect(verdict.addActors == expected.adds.actors)
        #expect(verdict.addRewardWorkers == expected.adds.workers)
    }

    @Test func verdict_onWorkThatIsOver_isOfThePast() {
        let learner = RunStatus.Verdict(ofWorkIn: Self.cases[0].status, isOver: true)
        #expect(learner.text.hasPrefix("the learner was the bottleneck: 71% of the time workers waited for weights"))
        let workers = RunStatus.Verdict(ofWorkIn: Self.cases[4].status, isOver: true)
        #expect(workers.text == "reward workers were the bottleneck: add 3")
        #expect(workers.evidence == "the learner waited 82% of its time")
    }

    /// It is at work all the time as far as its shares tell.
    @Test func verdict_onAFullDisk_isNotThatTheLearnerIsTheBottleneck() {
        var status = Self.cases[0].status
        status.activity = .waitingForRoom
        let verdict = RunStatus.Verdict(of: status)
        #expect(verdict.bottleneck == .disk)
        #expect(verdict.text.hasPrefix("the disk of the run is full: the learner waits for room in runs/mine"))
    }

    @Test func verdict_shareThatIsNoNumber_isSaidSo() {
        var status = Self.cases[0].status
        status.shares?.learner.waiting = .nan
        #expect(!RunStatus.Verdict(of: status).text.isEmpty)
    }
}
