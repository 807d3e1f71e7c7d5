import Base
import Coordination
import FineTuning
import Foundation
import Monitoring
import Protocol
import Trajectories

/// What it costs to see a large fleet: a look at the hub, the status made of it, and what is served of that.
struct StatusBenchmark {
    static let peerCounts = [100, 1_000, 10_000]

    private var core: HubCore
    private let now = Moment.now

    /// A hub whose peers are logged in, its actors at work.
    init(peers count: Int) throws {
        let actors = HubBenchmark.actorCount(ofPeers: count)
        let configuration = LearnerConfiguration(
            run: "benchmark", runSeed: 1, endpoint: try Endpoint("tcp://127.0.0.1:*"), versions: 1,
            crystalsPerBatch: 96 * actors, crystalsPerUnit: 32, crystalsPerTask: 8)
        core = HubCore(configuration: configuration, generator: SystemRandomNumberGenerator())
        let (policy, reference) = (Blob([1, 2, 3]), Blob([0]))
        var sessions: [UInt64] = []
        for index in 0..<count {
            let routing = Self.routing(of: index)
            var description = PeerDescription(
                role: index < actors ? .actor : .rewardWorker, host: "node\(index / 8).example.org", process: index,
                build: "0.1.0", threads: 8)
            description.metrics = "node\(index / 8).example.org:\(9000 + index % 8)"
            let hello = PeerMessage.hello(Hello(peer: description, instance: UInt64(index) + 1))
            core.receive(try hello.encode(session: 0), from: routing, now: now)
            for case .send(.welcome(let welcome), _) in core.takeEffects() { sessions.append(welcome.session) }
        }
        core.begin(version: 0, policy: policy, reference: reference, now: now)
        for (index, session) in sessions.enumerated() {
            let isActor = index < actors
            let readiness = Readiness(
                window: 3, policy: isActor ? policy.digest : nil, reference: isActor ? reference.digest : nil)
            let report = RoleReport(
                intervalSeconds: 5, crystals: 100, busySeconds: 30, residentBytes: 1 << 28, version: 0, inFlight: 3,
                logins: 1, resent: 0)
            for message in [PeerMessage.heartbeat(readiness), .report(report)] {
                core.receive(try message.encode(session: session), from: Self.routing(of: index), now: now)
            }
            _ = core.takeEffects()
        }
    }

    private static func routing(of index: Int) -> RoutingID {
        RoutingID(bytes: (0..<5).map { UInt8(truncatingIfNeeded: (index + 1) >> (8 * $0)) })
    }

    /// Looks as often as it takes to know the times.
    func run(_ benchmarks: Benchmarks) throws -> BenchmarkRecord.Status {
        var watch = FleetWatch()
        let board = StatusBoard()
        let keeper = StatusKeeper(RunStatus(run: "benchmark", directory: "/tmp", state: .running), board: board)
        var second = 0.0
        var state = watch.look(at: core, now: now)
        let look = benchmarks.measure {
            second += 1
            state = watch.look(at: core, now: now.advanced(by: .seconds(second)))
        }
        let compose = benchmarks.measure {
            second += 1
            state.moment = now.advanced(by: .seconds(second))
            keeper.fleetSeen(state)
        }
        guard let status = board.status else { throw RoleError.work("there is no status") }
        var (page, json) = ("", Data())
        let text = benchmarks.measure { page = MetricPage(of: status).text }
        let encode = try benchmarks.measure { json = try status.json() }
        func each(_ measured: (calls: Int, seconds: Double)) -> Double {
            measured.seconds / Double(max(1, measured.calls))
        }
        return .init(
            lookSeconds: each(look), composeSeconds: each(compose), metricsBytes: page.utf8.count,
            metricsSeconds: each(text), jsonBytes: json.count, jsonSeconds: each(encode))
    }
}

extension Benchmarks {
    /// Seeing a fleet of simulated peers.
    func status(peers: Int) throws -> BenchmarkRecord {
        var record = BenchmarkRecord(benchmark: "status", shape: "\(peers) peers", threads: 1, crystals: 0, seconds: 0)
        record.peers = peers
        record.status = try StatusBenchmark(peers: peers).run(self)
        return record
    }
}
