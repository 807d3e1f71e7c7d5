import Base
import Coordination
import Fleet
import FleetFixtures
import Foundation
import Testing
import Trajectories

/// Peers that find their learner by the file in which it says where it listens.
@Suite(.serialized, .timeLimit(.minutes(1))) struct EndpointFileTests {
    private func configuration() throws -> LearnerConfiguration {
        var configuration = try Toys.configuration(versions: 3)
        configuration.timing.heartbeat = .milliseconds(50)
        configuration.timing.liveness = .milliseconds(1500)
        return configuration
    }

    private func peer(_ file: URL, process: Int) -> PeerConfiguration {
        var configuration = PeerConfiguration(endpoint: nil, build: "test", host: "test", process: process)
        configuration.endpointFile = file.path
        configuration.patience = .seconds(30)
        return configuration
    }

    private func content(_ endpoint: String, run: String = "test") throws -> Data {
        try JSONEncoder().encode(EndpointFile(endpoint: endpoint, run: run, process: 1))
    }

    /// The file comes after the peers, first half of it, then one of another run; then the learner is elsewhere.
    @Test func peers_followTheFile() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "endpoint-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "endpoint.json")
        let peers = [ToyRoles.actor(peer(file, process: 1)), ToyRoles.worker(peer(file, process: 2))]

        var strange = try configuration()
        strange.run = "strange"
        let strangeObserver = RecordingObserver()
        let stop = StopToken()
        let (first, second) = (strange, try configuration())
        let stranger = Running {
            try LearnerRole(configuration: first, observer: strangeObserver).run(trainer: ToyTrainer(), stop: stop)
        }
        let strangePlace = try #require(strangeObserver.awaitStart())
        let whole = try content("\(strangePlace)")
        try whole.prefix(whole.count / 2).write(to: file)
        #expect(strangeObserver.record.joined.isEmpty)
        try whole.write(to: file, options: .atomic)
        // They come, find another run's learner, and leave.
        for _ in peers { #expect(strangeObserver.awaitJoin() != nil) }

        let observer = RecordingObserver()
        let learner = Running {
            try LearnerRole(configuration: second, observer: observer).run(trainer: ToyTrainer(), stop: StopToken())
        }
        let place = try #require(observer.awaitStart())
        try content("\(place)").write(to: file, options: .atomic)
        #expect(try learner.value().isComplete)
        for peer in peers { try peer.value() }
        #expect(strangeObserver.record.left.allSatisfy { $0 == .goodbye("it looks for another run") || $0 == .lost })
        #expect(strangeObserver.record.steps.isEmpty)
        stop.stop("the test is over")
        _ = try stranger.value()
    }

    /// A file that a user names by mistake.
    @Test func peer_withoutAPlace_isRefused() {
        let configuration = PeerConfiguration(endpoint: nil, build: "test", host: "test", process: 1)
        #expect(throws: RoleError.self) { try ToyRoles.actor(configuration).value() }
    }
}
