import Foundation
import ProgramFixtures
import Testing

/// Connections that never log in, many more than a learner may have open.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct StrangersTests {
    private static let descriptors = 64

    /// ZMTP 3.0 without security, and the command that makes it a DEALER: half of the strangers greet like a peer, and
    /// then say nothing.
    private static let greeting: [UInt8] = {
        func property(_ name: String, _ value: String) -> [UInt8] {
            [UInt8(name.utf8.count)] + name.utf8 + [0, 0, 0, UInt8(value.utf8.count)] + value.utf8
        }
        let ready = [5] + Array("READY".utf8) + property("Socket-Type", "DEALER") + property("Identity", "")
        let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
        return [0xff] + [UInt8](repeating: 0, count: 8) + [0x7f, 3, 0] + mechanism
            + [UInt8](repeating: 0, count: 32) + [4, UInt8(ready.count)] + ready
    }()

    /// Three times as many connections as the limit of open files, all the time: the run goes on to the same weights.
    @Test func learner_underConnectionsThatNeverLogIn_goesOnToTheSameWeights() async throws {
        let cluster = try TestCluster()
        let path = DruseProcess.executable("learner").path
        let script =
            "ulimit -n \(Self.descriptors); exec '\(path)' --config '\(cluster.configurationFile)' --exit-with-parent"
        let learner = try RunningProgram(
            executable: URL(filePath: "/bin/sh"), ["-c", script], log: cluster.folder.url.appending(path: "log"))
        let port = try #require(URLComponents(string: try await cluster.endpoint())?.port)
        var peers: [RunningProgram] = []
        var strangers: [RawConnection] = []
        var count = 0
        while learner.isRunning {
            for _ in 0..<3 * Self.descriptors {
                // Refused once the learner has ended.
                guard let stranger = RawConnection(port: port) else { break }
                if count % 2 == 0 { stranger.say(Self.greeting) }
                strangers.append(stranger)
                count += 1
            }
            try await cluster.until("the learner goes on") { !learner.isRunning || learner.text.contains("are cut") }
            if peers.isEmpty { peers = [try await cluster.startActor(), try await cluster.startRewardWorker()] }
            if count > 30 * Self.descriptors { strangers.removeAll() }
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(count >= 3 * Self.descriptors)
        try await cluster.expectEnd(of: learner, and: peers)
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }
}
