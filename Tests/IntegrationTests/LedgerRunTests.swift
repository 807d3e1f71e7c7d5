import Archive
import Foundation
import ProgramFixtures
import Telemetry
import Testing
import Trajectories

/// A run left alone and one cut into pieces train on the same crystals, to the last bit, and their books say so.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(20))) struct LedgerRunTests {
    private static let isSlow = ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1"

    @Test func runInFivePieces_hasTheLedgerOfOneLeftAlone() async throws {
        try await compare(pieces: 5, versions: 8, kills: 2)
    }

    @Test(.enabled(if: isSlow)) func runInSixteenPieces_hasTheLedgerOfOneLeftAlone() async throws {
        try await compare(pieces: 16, versions: 40, kills: 15)
    }

    /// - Parameter kills: at least so many, however fast the machine is.
    private func compare(pieces: Int, versions: Int, kills: Int) async throws {
        let whole = try await finished(TestCluster(versions: versions), peers: ["actor", "reward-worker"])
        let cut = try TestCluster(versions: versions, liveness: nil)
        #expect(try await runInPieces(cut, pieces: pieces, versions: versions) >= kills)
        try cut.expectEveryCrystalOnce(versions: versions)
        let (a, b) = (whole.directory.path, cut.directory.path)
        let equal = try await DruseProcess.run(["ledger", "diff", a, b])
        #expect(equal.status == 0 && equal.output.isEmpty, "\(equal.output)\(equal.messages)")
        let told = try await DruseProcess.run(["ledger", "diff", a, b, "--json"])
        let object = try #require(try told.objects().first)
        #expect(object["equal"] as? Bool == true)
        #expect(object["steps"] as? Int == versions)
        #expect(object["crystals"] as? Int == versions * TestCluster.batchSize)
        // Each version's policy by the step that began with it, and each checkpoint's.
        #expect(object["weights"] as? Int == 2 * versions)
        // Each learner that came to its end said the same of the whole run.
        let lines = try [whole, cut].map { cluster in
            try #require(
                cluster.programs.filter { $0.name == "learner" }.last?.text.split(separator: "\n")
                    .last { $0.hasPrefix("ledger: ") })
        }
        #expect(lines[0] == lines[1])
        #expect(lines[0].hasPrefix("ledger: granted \(versions * TestCluster.batchSize) crystals = trained "))
        #expect(lines[0].hasSuffix("in flight 0"), "\(lines[0])")

        let other = try await finished(
            TestCluster(versions: 1), peers: ["actor", "reward-worker"], learner: ["--seed", "12"])
        let differs = try await DruseProcess.run(["ledger", "diff", a, other.directory.path, "--limit", "3"])
        #expect(differs.status == 1)
        let shown = differs.output.split(separator: "\n")
        #expect(shown.first == "A is \(a), B is \(other.directory.path)")
        #expect(shown.dropFirst().first == "run: seed 11 in A, 12 in B")
        #expect(shown.count == 5 && shown.last?.hasSuffix("more differences (--limit)") == true, "\(differs.output)")
    }

    private func finished(
        _ cluster: TestCluster, peers: [String], learner more: [String] = []
    ) async throws -> TestCluster {
        let learner = try cluster.startLearner(more)
        let address = try await cluster.endpoint()
        let running = try peers.map { try cluster.start($0, ["--connect", address]) }
        try await cluster.expectEnd(of: learner, and: running)
        return cluster
    }

    /// Kills the learner, at moments that are spread over its life, until it has had so many lives; tells how often.
    private func runInPieces(_ cluster: TestCluster, pieces: Int, versions: Int) async throws -> Int {
        var kills = 0
        var learner = try cluster.startLearner()
        let address = try await cluster.endpoint()
        let peers = try ["actor", "actor", "reward-worker", "reward-worker"].map {
            try cluster.start($0, ["--connect", address])
        }
        for piece in 1..<pieces {
            let made = cluster.versionLines
            guard learner.isRunning, made < versions else { break }
            // Each life comes a little further than the one before, so that the run ends. The moment within a step is
            // part of the disturbance.
            let identifier = learner.identifier
            await cluster.atVersions(made + 1) {
                Thread.sleep(forTimeInterval: Double(piece * 37 % 60) / 1000)
                kill(identifier, SIGKILL)
            }
            if try await cluster.exit(of: learner) == 128 + SIGKILL { kills += 1 }
            learner = try cluster.startLearner(["--resume", "--listen", address])
        }
        #expect(try await cluster.exit(of: learner) == 0, "\(learner.text)")
        for peer in peers { peer.signal(SIGTERM) }
        for peer in peers { _ = try await cluster.exit(of: peer) }
        return kills
    }
}
