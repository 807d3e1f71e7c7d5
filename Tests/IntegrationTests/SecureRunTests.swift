import Foundation
import ProgramFixtures
import Security
import Testing

/// Runs with keys: real processes over TCP, encrypted, everybody known.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct SecureRunTests {
    private let cluster: TestCluster
    private let keys: KeyRing

    init() throws {
        cluster = try TestCluster()
        keys = try KeyRing(cluster.folder)
    }

    private func startLearner(_ more: [String] = []) throws -> RunningProgram {
        try cluster.startLearner(["--keys", keys.folder] + more)
    }

    private func start(_ program: String, keys place: String?, _ more: [String] = []) async throws -> RunningProgram {
        let arguments = ["--connect", try await cluster.endpoint()] + (place.map { ["--keys", $0] } ?? []) + more
        return try cluster.start(program, arguments)
    }

    /// Waits until a peer gives up; what it wrote.
    ///
    /// - Parameter status: 78 where trying again is of no use.
    private func end(of peer: RunningProgram, status: Int32 = 1) async throws -> String {
        #expect(try await cluster.exit(of: peer, within: .seconds(30)) == status, "\(peer.text)")
        return peer.text
    }

    /// Where other machines could connect: no other switch is needed, the weights are those of a run without keys, and
    /// the secrets are where they were put and nowhere else.
    @Test func rightKeys_giveTheUndisturbedWeightsAndLeaveNoTrace() async throws {
        let learner = try startLearner(["--listen", "tcp://*:*"])
        let worker = try await start("reward-worker", keys: keys.make("worker", role: .rewardWorker))
        let actorKeys = try keys.make("actor", role: .actor)
        try await cluster.until("it is there") { worker.text.contains("logged in") }
        // Without an actor nothing can be over yet.
        var shown: [Data] = []
        for program in [learner, worker] {
            for file in ["cmdline", "environ"] {
                let data = FileManager.default.contents(atPath: "/proc/\(program.identifier)/\(file)")
                #expect(data?.isEmpty == false)
                shown.append(data ?? Data())
            }
        }
        let actor = try cluster.start(
            "actor", ["--connect", try await cluster.endpoint()], environment: ["DRUSE_KEYS": "\(actorKeys)/actor.key"])
        try await cluster.expectEnd(of: learner, and: [worker, actor])
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        #expect(!learner.text.contains("insecure"))
        let secrets = try keys.secrets()
        #expect(secrets.count == 3)
        shown += [learner, worker, actor].map { Data($0.text.utf8) }
        for file in try FileManager.default.subpathsOfDirectory(atPath: cluster.directory.path) {
            shown.append((try? Data(contentsOf: cluster.directory.appending(path: file))) ?? Data())
        }
        for secret in secrets { #expect(!shown.contains { $0.range(of: Data(secret.utf8)) != nil }) }
    }

    /// A key that nobody knows is told so, and its holder waits; allowed while the learner runs, it is let in. A list
    /// that is damaged meanwhile keeps the one before in force.
    @Test func unknownKey_isToldSoAndLetInOnceItIsAllowed() async throws {
        let learner = try startLearner()
        let actor = try await start("actor", keys: keys.make("actor"))
        let place = try keys.make("worker", isAllowed: false)
        let waiting = try await start("reward-worker", keys: place)
        let leaving = try await start("reward-worker", keys: place, ["--patience", "1.5"])
        let text = try await end(of: leaving)
        #expect(text.contains("its allow-list does not have the key worker") && text.contains("druse keys allow"))
        #expect(text.contains(try await cluster.endpoint()))
        #expect(!text.contains("logged in"))
        try await cluster.until("it waits") { waiting.text.contains("does not have the key worker") }
        #expect(learner.text.contains("is not on the allow-list: not let in"))
        #expect(cluster.versionLines == 0)
        let damaged = URL(filePath: keys.folder).appending(path: "allowed/half.pub")
        try Data("{\"druse_key\":".utf8).write(to: damaged)
        try await cluster.until("the learner sees it") { learner.text.contains("the allow-list stays as it was") }
        let another = try await start("reward-worker", keys: keys.make("actor2", isAllowed: false))
        try await cluster.until("it is not let in") { another.text.contains("does not have the key actor2") }
        try FileManager.default.removeItem(at: damaged)
        try keys.allow("worker")
        try await cluster.until("it gets in") { waiting.text.contains("logged in") }
        another.signal(SIGTERM)
        try await cluster.expectEnd(of: learner, and: [actor, waiting])
        #expect(learner.text.components(separatedBy: "the allow-list stays as it was").count == 2)
        #expect(!another.text.contains("logged in"))
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func keyOfAnotherRole_isRefusedWithItsReason() async throws {
        let learner = try startLearner()
        let wrong = try await start("actor", keys: keys.make("worker", role: .rewardWorker))
        let text = try await end(of: wrong, status: 78)
        #expect(text.contains("its key worker is allowed for the role reward-worker alone, not as actor"))
        try await cluster.until("it is counted") { learner.text.contains("key-role") }
        learner.signal(SIGTERM)
        #expect(try await cluster.exit(of: learner) == 3)
    }

    /// The only worker's key is revoked in the middle of the run: it leaves with the reason, what it held is measured
    /// by another, and the weights are those of an undisturbed run.
    @Test func revokedKey_isDroppedWhileRunningAndItsWorkIsDoneByOthers() async throws {
        let learner = try startLearner()
        let worker = try await start("reward-worker", keys: keys.make("worker"))
        let actor = try await start("actor", keys: keys.make("actor"))
        let identifier = actor.identifier
        await cluster.atVersions(1) { kill(identifier, SIGSTOP) }
        try keys.revoke("worker")
        let text = try await end(of: worker, status: 78)
        #expect(text.contains("its key worker was revoked"))
        #expect(cluster.versionLines < TestCluster.versions && learner.isRunning)
        try await cluster.until("the learner says so") { learner.text.contains("turned away: reward-worker") }
        let again = try await start("reward-worker", keys: "\(keys.folder)-worker", ["--patience", "1.5"])
        #expect(try await end(of: again).contains("does not have the key worker"))
        let other = try await start("reward-worker", keys: keys.make("other"))
        actor.signal(SIGCONT)
        try await cluster.expectEnd(of: learner, and: [actor, other])
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
    }

    @Test func peerWithoutKeysOrWithAnotherLearners_endsWithAClearLine() async throws {
        let learner = try startLearner()
        let plain = try await start("actor", keys: nil, ["--patience", "1.5"])
        let place = try keys.make("worker")
        try FileManager.default.removeItem(atPath: "\(place)/learner.pub")
        let other = try KeyRing(TemporaryFolder())
        let misled = try await start(
            "reward-worker", keys: place, ["--server-key", "\(other.folder)/learner.pub", "--patience", "1.5"])
        let address = try await cluster.endpoint()
        var text = try await end(of: plain)
        #expect(text.contains("Error: the learner at \(address) does not let this process in"), "\(text)")
        #expect(text.contains("give --keys") || text.contains("is it a learner"), "\(text)")
        text = try await end(of: misled)
        #expect(text.contains("Error: the learner at \(address) does not let this process in"), "\(text)")
        #expect(text.contains("\(other.folder)/learner.pub may be that of another learner"), "\(text)")
        #expect(!learner.text.contains("joined: "), "\(learner.text)")
        learner.signal(SIGTERM)
        #expect(try await cluster.exit(of: learner) == 3)
    }

    @Test func peerWithKeysAtALearnerWithout_endsWithAClearLine() async throws {
        let learner = try cluster.startLearner(["--listen", "tcp://*:*", "--insecure"])
        let peer = try await start("actor", keys: keys.make("actor"), ["--patience", "1.5"])
        let text = try await end(of: peer)
        #expect(text.contains("does not let this process in"), "\(text)")
        #expect(text.contains("was started without --keys") || text.contains("the handshake is broken off"), "\(text)")
        #expect(learner.text.contains("insecure: nothing between"), "\(learner.text)")
        learner.signal(SIGTERM)
        #expect(try await cluster.exit(of: learner) == 3)
    }

    @Test func keysThatOthersCanRead_areRefusedBeforeAnythingIsMade() async throws {
        let file = "\(keys.folder)/learner.key"
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let arguments = ["--config", cluster.configurationFile, "--keys", keys.folder]
        var refused = try await DruseProcess.run(program: "learner", arguments)
        #expect(refused.status == 1)
        #expect(refused.messageLines.count == 1)
        #expect(refused.messages.contains("chmod 600 \(file)"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        refused = try await DruseProcess.run(program: "learner", arguments + ["--insecure"])
        #expect(refused.status == 1)
        #expect(refused.messages.contains("exclude each other"))
        #expect(!FileManager.default.fileExists(atPath: cluster.directory.path))
        let plan = try await DruseProcess.run(
            program: "learner", arguments + ["--listen", "tcp://*:5555", "--dry-run"])
        #expect(plan.status == 0, "\(plan.messages)")
        #expect(plan.output.contains("encrypted; keys that may take part: 0"))
    }

    /// Whoever measures for an evaluation shows a key, too.
    @Test func evaluation_withKeys_isMeasuredByThoseItKnows() async throws {
        let evaluation = try cluster.start(
            "druse",
            [
                "evaluate", "--policy", "base", "--space-groups", "225", "--count", "3", "--known", "none", "--listen",
                "tcp://*:0", "--keys", keys.folder,
            ], isRole: false)
        try await cluster.until("it listens") { evaluation.text.contains("listening at ") }
        let line = evaluation.text.split(separator: "\n").first { $0.hasPrefix("listening at ") }
        let address = try #require(line?.split(separator: " ").last.map(String.init))
        let stranger = try cluster.start(
            "reward-worker", ["--connect", address, "--keys", keys.make("stranger", isAllowed: false)])
        try await cluster.until("it is not let in") { stranger.text.contains("does not have the key stranger") }
        #expect(evaluation.isRunning)
        let worker = try cluster.start("reward-worker", ["--connect", address, "--keys", keys.make("worker")])
        #expect(try await cluster.exit(of: evaluation) == 0, "\(evaluation.text)")
        #expect(try await cluster.exit(of: worker) == 0, "\(worker.text)")
        #expect(!stranger.text.contains("logged in"))
    }

    /// `druse launch --keys` makes what is missing, once, and runs with it.
    @Test func launch_withKeys_makesThemAndRuns() async throws {
        let folder = cluster.folder.path("made")
        let arguments = [
            "launch", "--config", cluster.configurationFile, "--reward-workers", "1", "--keys", folder, "--log-level",
            "info",
        ]
        let outcome = try await DruseProcess.run(arguments + ["--versions", "1"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.messages.contains("made keys in \(folder): learner, local"))
        #expect(outcome.output.contains("encrypted; keys that may take part: 1"))
        #expect(try keys.run(["list", folder]).hasPrefix("local  any"))
        let next = try await DruseProcess.run(arguments + ["--versions", "2", "--resume"])
        #expect(next.status == 0, "\(next.messages)")
        #expect(!next.messages.contains("made keys"))
    }
}
