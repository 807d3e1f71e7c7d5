import Foundation
import ProgramFixtures
import Testing

/// Connections that never log in, many more than a learner may have open.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StrangersTests {
    private static let descriptors = 64

    /// A connection that says nothing, or greets like a peer and then says nothing.
    private final class Stranger {
        private let descriptor: Int32

        init?(port: Int, greets: Bool) {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { return nil }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
            }
            guard status == 0 else { return nil }
            guard greets else { return }
            _ = Self.greeting.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }

        deinit { close(descriptor) }

        /// ZMTP 3.0 without security, and the command that makes it a DEALER.
        private static let greeting: [UInt8] = {
            func property(_ name: String, _ value: String) -> [UInt8] {
                [UInt8(name.utf8.count)] + name.utf8 + [0, 0, 0, UInt8(value.utf8.count)] + value.utf8
            }
            let ready = [5] + Array("READY".utf8) + property("Socket-Type", "DEALER") + property("Identity", "")
            let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
            return [0xff] + [UInt8](repeating: 0, count: 8) + [0x7f, 3, 0] + mechanism
                + [UInt8](repeating: 0, count: 32) + [4, UInt8(ready.count)] + ready
        }()
    }

    /// Three times as many connections as the limit of open files, all the time: the run goes on to the same weights.
    @Test func learner_underConnectionsThatNeverLogIn_goesOnToTheSameWeights() async throws {
        let cluster = try TestCluster()
        let path = DruseProcess.executable("learner").path
        let script =
            "ulimit -n \(Self.descriptors); exec '\(path)' --config '\(cluster.configurationFile)' --exit-with-parent"
        let learner = try RunningProgram(
            executable: URL(filePath: "/bin/sh"), ["-c", script], log: cluster.folder.url.appending(path: "log"))
        let port = try #require(URLComponents(string: try await cluster.endpoint())?.port)
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        var strangers: [Stranger] = []
        var count = 0
        while learner.isRunning {
            for _ in 0..<3 * Self.descriptors {
                // Refused once the learner has ended.
                guard let stranger = Stranger(port: port, greets: count % 2 == 0) else { break }
                strangers.append(stranger)
                count += 1
            }
            try await cluster.until("the learner goes on") { !learner.isRunning || learner.text.contains("are cut") }
            if count > 30 * Self.descriptors { strangers.removeAll() }
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(count >= 3 * Self.descriptors)
        try await cluster.expectEnd(of: learner, and: peers)
        try cluster.expectEveryCrystalOnce()
        #expect(try cluster.policy() == SequentialRun.finalPolicy.get())
    }
}
