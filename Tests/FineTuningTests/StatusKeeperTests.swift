import Base
import Coordination
import FineTuning
import Fleet
import FleetFixtures
import Foundation
import Monitoring
import Synchronization
import Telemetry
import Testing
import Trajectories

@Suite struct StatusKeeperTests {
    /// A clock that tests set, and whose wall clock goes with it.
    private final class TestClock: Sendable {
        private let seconds = Mutex(0.0)
        let begin = Toys.begin
        let date = Date(timeIntervalSince1970: 1_795_000_000)

        func advance(_ more: Double) { seconds.withLock { $0 += more } }

        var now: (moment: Moment, date: Date) {
            let passed = seconds.withLock { $0 }
            return (begin.advanced(by: .seconds(passed)), date.addingTimeInterval(passed))
        }
    }

    private func report(of batch: ScoredBatch, trainedOn: [CrystalID]) -> StepReport {
        StepReport(
            step: batch.step, trainedOn: trainedOn, statistics: [:], waitSeconds: 0, batchSeconds: 0, trainSeconds: 0,
            checkpointSeconds: 0)
    }

    private func expectBalance(_ status: RunStatus?) throws {
        let ledger = try #require(status?.ledger)
        let (dropped, inFlight) = (ledger.dropped.values.reduce(0, +), ledger.inFlight.values.reduce(0, +))
        #expect(ledger.granted + ledger.restored == ledger.trained + dropped + inFlight + ledger.missing)
        #expect(ledger.inFlight.values.allSatisfy { $0 >= 0 }, "\(ledger)")
    }

    /// Through two steps of a simulated run: what is where, what the learner does, and how long it took.
    @Test func status_throughSteps_saysWhatTheRunDoes() throws {
        let (clock, board) = (TestClock(), StatusBoard())
        var first = RunStatus(run: "test", directory: "/", state: .waiting, time: clock.date)
        first.versionsAsked = 4
        let keeper = StatusKeeper(first, board: board, clock: { clock.now })
        #expect(board.status?.state == .waiting && board.status?.verdict?.bottleneck == .missing)
        let observers = RunObservers([keeper.early, keeper])
        observers.hubStarted(try Endpoint("tcp://127.0.0.1:5555"))
        var simulation = Simulation(try Toys.configuration(versions: 4, crystalsPerBatch: 24))
        for role in [PeerRole.actor, .rewardWorker] { _ = try simulation.add(role) }
        var watch = FleetWatch()
        func look() { observers.fleetSeen(watch.look(at: simulation.hub, now: simulation.now)) }
        for number in 0..<2 {
            simulation.begin(version: number, weights: [UInt8(number)])
            look()
            clock.advance(3)
            try expectBalance(board.status)
            #expect(board.status?.activity == .waiting)
            #expect(try simulation.run { $0.batches.count == number + 1 })
            // As the hub sees it before the learner has heard of the batch, and after it has made the step.
            let seen = watch.look(at: simulation.hub, now: simulation.now)
            let batch = simulation.batches[number]
            try observers.batchCompleted(batch)
            observers.fleetSeen(seen)
            try expectBalance(board.status)
            #expect(board.status?.ledger?.inFlight["training"] == 24 && board.status?.activity == .training)
            clock.advance(6)
            try observers.stepTrained(report(of: batch, trainedOn: batch.crystals.dropLast(4).map(\.sampled.id)))
            look()
            try expectBalance(board.status)
            #expect(board.status?.activity == .saving)
            clock.advance(1)
            observers.stepFinished(report(of: batch, trainedOn: []))
            observers.fleetSeen(seen)
            try expectBalance(board.status)
            let status = try #require(board.status)
            #expect(status.version == number + 1 && status.step == number + 1 && status.activity == .waiting)
            #expect(status.ledger?.trained == 20 * (number + 1))
            #expect(status.totals?.steps == number + 1 && status.totals?.taken == 24 * (number + 1))
            #expect(status.staleness == ["0": 24 * (number + 1)])
            #expect(status.lastStepAt == clock.now.date)
        }
        let status = try #require(board.status)
        let shares = try #require(status.shares)
        #expect(shares.learnerSeconds == .init(waiting: 6, storing: 0, training: 12, saving: 2))
        #expect(abs(shares.learner.training - 0.6) < 1e-9 && abs(shares.seconds - 20) < 1e-9)
        // Two more steps of ten seconds.
        #expect(status.expectedEnd == clock.date.addingTimeInterval(40))
        #expect(status.stepSeconds?.counts.reduce(0, +) == 2 && status.stepSeconds?.sum == 20)
        #expect(status.peers == ["actor": 1, "reward-worker": 1] && status.fleet.count == 2)
        #expect(status.fleet.allSatisfy { $0.crystals == 48 })
        keeper.note(StepRecord(step: 1, time: clock.date))
        keeper.end(.finished)
        let last = try #require(board.status)
        #expect(last.state == .finished && last.fleet.isEmpty && last.version == 2 && last.lastStep?.step == 1)
        #expect(last.ledger == status.ledger && last.verdict?.text == "the run is finished: 2 versions")
        // Nothing that comes late changes it.
        look()
        keeper.end(.failed)
        #expect(board.status?.state == .finished)
    }

    /// A thousand peers: the page is as long as for two, the status a few hundred bytes for each.
    @Test func status_ofAThousandPeers_staysUsable() throws {
        let (clock, board) = (TestClock(), StatusBoard())
        let keeper = StatusKeeper(
            RunStatus(run: "test", directory: "/", state: .waiting, time: clock.date), board: board,
            clock: { clock.now })
        let report = HubCore(
            configuration: try Toys.configuration(), generator: SystemRandomNumberGenerator()
        ).snapshot()
        var lengths: [Int] = []
        for count in [2, 1000] {
            var fleet = FleetState(moment: clock.now.moment, report: report)
            for index in 0..<count {
                var member = FleetState.Member(
                    session: SessionID(UInt64(index) + 1),
                    description: PeerDescription(
                        role: index % 4 == 0 ? .actor : .rewardWorker, host: "node\(index).example.org", process: index,
                        build: "0.1.0", threads: 8))
                member.activity = .working
                (member.held, member.heldCrystals, member.heldSeconds) = (3, 24, 1.5)
                fleet.members.append(member)
            }
            keeper.fleetSeen(fleet)
            lengths.append(MetricPage(of: try #require(board.status)).text.utf8.count)
        }
        #expect(lengths[1] - lengths[0] < 100 && lengths[1] < 20_000, "\(lengths)")
        let json = try #require(board.status).json()
        #expect(json.count < 600_000, "\(json.count)")
        #expect(RunStatus(json: json)?.fleet.count == 1000)
    }
}

@Suite struct MonitoringFilesTests {
    private func peer(_ role: String, host: String, metrics: String?) -> RunStatus.Peer {
        var peer = RunStatus.Peer(
            name: "\(host):1", role: role, host: host, process: 1, threads: 1, since: Date(), activity: .idle)
        peer.metrics = metrics
        return peer
    }

    @Test func groups_ofAFleet_areThoseThatCanBeReached() throws {
        let groups = MonitoringFiles.groups(
            run: "r", learner: try ServedAddress(port: 9400), host: "node1",
            fleet: [
                peer("actor", host: "node1", metrics: "127.0.0.1:9401"),
                peer("actor", host: "node2", metrics: "127.0.0.1:9401"),
                peer("reward-worker", host: "node3", metrics: "node3:9400"),
                peer("reward-worker", host: "node2", metrics: nil),
            ])
        #expect(groups.map(\.targets) == [["127.0.0.1:9401"], ["127.0.0.1:9400"], ["node3:9400"]])
        #expect(groups.map { $0.labels["component"] } == ["actor", "learner", "reward-worker"])
        #expect(groups.allSatisfy { $0.labels["run"] == "r" })
    }

    /// A list that is gone Prometheus takes for one that it cannot read at the moment, and goes on with its targets.
    @Test func end_ofARun_leavesAListWithoutTargets() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "druse-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func targets() throws -> [String] {
            let list = try Data(contentsOf: folder.appending(path: MonitoringFiles.targetsName))
            return try JSONDecoder().decode([MonitoringFiles.Group].self, from: list).flatMap(\.targets)
        }
        let files = MonitoringFiles(
            directory: folder, run: "r", address: try ServedAddress(port: 9400), host: "node1",
            problem: { Issue.record("\($0)") })
        #expect(try targets() == ["127.0.0.1:9400"])
        files.end()
        #expect(try targets().isEmpty)
        #expect(
            !FileManager.default.fileExists(atPath: folder.appending(path: MonitoringFiles.placeName).path))
        // A learner that goes on with the run is in the list again.
        _ = MonitoringFiles(
            directory: folder, run: "r", address: try ServedAddress(port: 9500), host: "node1",
            problem: { Issue.record("\($0)") })
        #expect(try targets() == ["127.0.0.1:9500"])
    }
}
