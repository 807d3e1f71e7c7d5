import Base
import Foundation
import Monitoring
import Telemetry
import Testing

@Suite struct RunStatusTests {
    /// A status with everything in it.
    static var whole: RunStatus {
        // Milliseconds, as JSON has them.
        let time = Date(timeIntervalSince1970: 1_795_000_000.125)
        var status = RunStatus(run: "20261128-00000001", directory: "/runs/mine", state: .running, time: time)
        (status.host, status.process, status.build) = ("node1", 4711, "0.1.0")
        status.endpoint = "tcp://node1:5555"
        status.reason = "32 crystals wait, no reward worker has joined"
        status.mode = .asynchronous
        (status.maximumStaleness, status.version, status.step, status.versionsAsked) = (1, 7, 7, 24)
        status.crystalsPerBatch = 512
        (status.startedAt, status.lastStepAt) = (time.addingTimeInterval(-60), time.addingTimeInterval(-3))
        status.expectedEnd = time.addingTimeInterval(300)
        (status.activity, status.activitySeconds) = (.training, 1.5)
        var peer = RunStatus.Peer(
            name: "node2:12", role: "actor", host: "node2", process: 12, threads: 8, since: time, activity: .working,
            activitySeconds: 4, silentSeconds: 0.5)
        (peer.build, peer.waitsFor, peer.heldSeconds, peer.idleShare) = ("0.1.0", "units", 2, 0.25)
        (peer.held, peer.window, peer.heldCrystals, peer.crystals) = (2, 9, 32, 1024)
        peer.rates = .init(last10: 10, last60: 11, last300: 12)
        (peer.version, peer.staleness, peer.residentBytes, peer.engine) = (6, 1, 1 << 20, "emt 1")
        (peer.logins, peer.metrics) = (1, "node2:9100")
        status.fleet = [peer]
        status.peers = ["actor": 1, "reward-worker": 2]
        status.wanted = .init(actors: 1, rewardWorkers: 3)
        status.queues = [.init(name: "units_waiting", length: 4, oldestSeconds: 0.5)]
        var ledger = RunStatus.Ledger()
        (ledger.granted, ledger.trained, ledger.dropped, ledger.inFlight) = (10, 6, ["stale": 1], ["sampling": 3])
        status.ledger = ledger
        status.totals = .init()
        status.stepSeconds = .step
        status.stepSeconds?.note(12)
        status.threadTime = ["actor": .init(seconds: 100, busySeconds: 90)]
        status.shares = .init(seconds: 60, learner: .init(waiting: 0.5, storing: 0.1, training: 0.3, saving: 0.1))
        status.shares?.actorsIdle = 0.1
        status.shares?.rewardWorkersIdle = 0.2
        status.rates = .init()
        status.staleness = ["0": 500, "1": 12]
        status.hub = .init(lagSeconds: 0.01)
        status.hub?.turnSeconds = DurationHistogram(bounds: [0.01, 1], counts: [5, 2, 0], sum: 0.3)
        status.audit = .init(audited: 5, disputed: 1)
        status.diskFreeBytes = 1 << 40
        (status.outcomes, status.repeats) = (["invalid.too_close": 4], ["tasks_requeued": 2])
        status.drops = ["message.malformed": 1]
        status.lastStep = StepRecord(step: 6, time: time)
        status.verdict = RunStatus.Verdict(of: status)
        return status
    }

    @Test func json_andBack_isTheSame() throws {
        let status = Self.whole
        #expect(RunStatus(json: try status.json()) == status)
        let bare = RunStatus(run: "a", directory: "b", state: .unknown, time: status.time)
        #expect(RunStatus(json: try bare.json()) == bare)
    }

    @Test func json_keys_areSnakeCase() throws {
        func keys(_ value: Any) -> [String] {
            switch value {
            case let object as [String: Any]: object.keys + object.values.flatMap(keys)
            case let list as [Any]: list.flatMap(keys)
            default: []
            }
        }
        let object = try JSONSerialization.jsonObject(with: Self.whole.json())
        let found = keys(object)
        #expect(found.count > 80)
        #expect(found.filter { $0.contains { $0.isUppercase } } == [])
    }

    @Test func json_ofSomethingElse_isNone() {
        #expect(RunStatus(json: Data("{}".utf8)) == nil)
        #expect(RunStatus(json: Data()) == nil)
    }

    @Test func board_newStatus_isSeenOnce() throws {
        let board = StatusBoard()
        #expect(board.status == nil)
        #expect(board.status(after: 0) == nil)
        var status = Self.whole
        status.verdict = nil
        board.put(status)
        let seen = try #require(board.status(after: 0))
        #expect(seen.status.verdict == RunStatus.Verdict(of: status))
        #expect(board.status(after: seen.number) == nil)
        board.put(status)
        #expect(board.status(after: seen.number) != nil)
    }
}
