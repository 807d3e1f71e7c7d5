import Archive
import Base
import FineTuning
import Foundation
import Policy
import ProgramFixtures
import Telemetry
import Testing
import Trajectories

/// What a run directory goes through: killed learners, lost folders, moves, changed configurations.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct RunDirectoryBehaviourTests {
    private func learner(_ cluster: TestCluster, _ arguments: [String]) async throws -> DruseProcess.Outcome {
        try await DruseProcess.run(program: "learner", arguments)
    }

    private func finishedRun(versions: Int, seed: Int? = nil) async throws -> TestCluster {
        let cluster = try TestCluster(versions: versions)
        let learner = try cluster.startLearner(seed.map { ["--seed", "\($0)"] } ?? [])
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
        return cluster
    }

    /// Every file of a directory with its content.
    private func contents(_ folder: URL) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where path != "lock" {
            let url = folder.appending(path: path)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { continue }
            contents[path] = isFolder.boolValue ? Data() : try Data(contentsOf: url)
        }
        return contents
    }

    /// However soon after a checkpoint the learner dies, the version's row, line and crystals are there.
    @Test(arguments: [0, 3, 15]) func learnerKilledAfterItsCheckpoint_keepsRowsAndLines(milliseconds: Int) async throws
    {
        let cluster = try TestCluster(versions: 3)
        var learner = try cluster.startLearner()
        let address = try await cluster.endpoint()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        for version in 1...3 {
            let folder = cluster.directory.appending(path: "checkpoints/version-00000\(version)")
            let deadline = ContinuousClock.now + .seconds(60)
            while !FileManager.default.fileExists(atPath: folder.path), ContinuousClock.now < deadline {
                try await Task.sleep(for: .microseconds(200))
            }
            if milliseconds > 0 { try await Task.sleep(for: .milliseconds(milliseconds)) }
            learner.signal(SIGKILL)
            _ = try await cluster.exit(of: learner)
            learner = try cluster.startLearner(["--resume", "--listen", address])
        }
        #expect(try await cluster.exit(of: learner) == 0, "\(learner.text)")
        for peer in peers { peer.signal(SIGTERM) }
        let run = try RunDirectory.open(at: cluster.directory)
        let archive = try RunArchive(url: run.archive, access: .readOnly)
        #expect(try archive.stepRecords().map(\.step) == [0, 1, 2])
        #expect(try StepRecord.read(from: run.metrics).map(\.step) == [0, 1, 2])
        #expect(try archive.crystalCount() == 3 * TestCluster.batchSize)
    }

    /// Without its checkpoints a run is refused, and nothing of it changes.
    @Test func resume_withoutUsableCheckpoints_isRefusedAndTouchesNothing() async throws {
        let cluster = try await finishedRun(versions: 2)
        let checkpoints = cluster.directory.appending(path: "checkpoints")
        let files = try FileManager.default.contentsOfDirectory(atPath: cluster.directory.path)
        #expect(files.filter { $0.hasPrefix("archive") } == ["archive.sqlite"])
        func damage(_ file: String) throws {
            for version in try FileManager.default.contentsOfDirectory(atPath: checkpoints.path)
            where version.hasPrefix("version-") {
                try Data("{}".utf8).write(to: checkpoints.appending(path: "\(version)/\(file)"))
            }
        }
        let steps: [() throws -> Void] = [
            { try damage("state.json") }, { try damage("manifest.json") },
            {
                try FileManager.default.removeItem(at: checkpoints)
                try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
            },
            { try FileManager.default.removeItem(at: checkpoints) },
        ]
        for step in steps {
            try step()
            let before = try contents(cluster.directory)
            let refused = try await learner(
                cluster, ["--config", cluster.configurationFile, "--resume", "--versions", "9"])
            #expect(refused.status == 1)
            #expect(refused.messages.contains("no usable checkpoint"), "\(refused.messages)")
            #expect(refused.messages.contains("nothing was changed"))
            #expect(try contents(cluster.directory) == before)
        }
    }

    /// Backups of two runs that were mixed up, of equal length or not.
    @Test(arguments: [1, 2])
    func resume_withTheArchiveOfAnotherRun_isRefusedAndTouchesNothing(versions: Int) async throws {
        let cluster = try await finishedRun(versions: 2)
        let other = try await finishedRun(versions: versions, seed: 12)
        let archive = cluster.directory.appending(path: "archive.sqlite")
        try FileManager.default.removeItem(at: archive)
        try FileManager.default.copyItem(at: other.directory.appending(path: "archive.sqlite"), to: archive)
        func kept() throws -> [String: Data] {
            try contents(cluster.directory).filter { $0.key.hasPrefix("checkpoints/") || $0.key == "metrics.jsonl" }
        }
        let before = try kept()
        let refused = try await learner(
            cluster, ["--config", cluster.configurationFile, "--resume", "--versions", "3"])
        #expect(refused.status != 0 && refused.messages.contains("is of another run"), "\(refused.messages)")
        #expect(try kept() == before)
        // With the file it was begun with, which says fewer versions than are made, no advice is given that is refused.
        let shorter = try await learner(cluster, ["--config", cluster.configurationFile, "--resume", "--seed", "9"])
        #expect(shorter.status != 0 && shorter.messages.contains("seed is 9, the run has 11"), "\(shorter.messages)")
        #expect(!shorter.messages.contains("--config: seed"))
    }

    /// Fewer versions than there are already are no number to go on to.
    @Test func resume_toFewerVersionsThanMade_isRefusedAndTouchesNothing() async throws {
        let cluster = try await finishedRun(versions: 2)
        let before = try contents(cluster.directory)
        let refused = try await learner(
            cluster, ["--config", cluster.configurationFile, "--resume", "--versions", "1"])
        #expect(refused.status == 1)
        #expect(refused.messages.contains("versions: is 1, but the run has made 2 versions"), "\(refused.messages)")
        #expect(try contents(cluster.directory) == before)
        // What cannot heal is not tried again: a folder in the archive's place.
        let archive = cluster.directory.appending(path: "archive.sqlite")
        try FileManager.default.removeItem(at: archive)
        try FileManager.default.createDirectory(at: archive, withIntermediateDirectories: false)
        let launched = try await DruseProcess.run(
            ["launch", "--config", cluster.configurationFile, "--resume", "--versions", "3"])
        #expect(launched.status == 1)
        #expect(launched.messages.contains("it is a folder"), "\(launched.messages)")
        #expect(launched.messages.contains("starting it again would not help"), "\(launched.messages)")
    }

    /// A file that a run was begun with does not know of its `--versions`.
    @Test func resume_withTheFileOfTheStart_goesOnToTheVersionsAskedForThen() async throws {
        let cluster = try TestCluster(versions: 1)
        let learner = try cluster.startLearner(["--versions", "100000"])
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.untilVersions(2)
        learner.signal(SIGTERM)
        try await cluster.expectEnd(of: learner, and: peers, status: 3)
        let again = try cluster.startLearner(["--resume"])
        _ = try await cluster.endpoint()
        again.signal(SIGTERM)
        #expect(try await cluster.exit(of: again) == 3, "\(again.text)")
        let file = cluster.configurationFile
        #expect(again.text.contains("the run is to make 100000 versions, versions in \(file) is 1"), "\(again.text)")
        let kept = try String(contentsOf: RunDirectory.open(at: cluster.directory).configuration, encoding: .utf8)
        #expect(kept.contains("versions: 100000"))
    }

    /// What is written by name would no longer go with what is open.
    @Test(arguments: [false, true]) func directoryOrArchive_movedMeanwhile_endsTheRun(isArchive: Bool) async throws {
        let cluster = try TestCluster(versions: 100_000)
        let learner = try cluster.startLearner()
        _ = try await cluster.startActor()
        _ = try await cluster.startRewardWorker()
        let moved = isArchive ? cluster.directory.appending(path: "archive.sqlite") : cluster.directory
        let elsewhere = cluster.folder.url.appending(path: "elsewhere")
        await cluster.atVersions(2) { try? FileManager.default.moveItem(at: moved, to: elsewhere) }
        // Started again, it would begin another run.
        #expect(try await cluster.exit(of: learner) == ExitStatus.cannotHeal.rawValue, "\(learner.text)")
        #expect(learner.text.contains("Error: \(moved.path) was moved, removed or replaced"), "\(learner.text)")
        #expect(!FileManager.default.fileExists(atPath: moved.path))
        try FileManager.default.moveItem(at: elsewhere, to: moved)
        let archive = cluster.directory.appending(path: "archive.sqlite")
        #expect(try RunArchive(url: archive, access: .readOnly).stepRecords().count >= 2)
    }

    /// An unset variable in a script must not make a run of the folder where it is started.
    @Test func start_withAnEmptyDirectoryName_isRefused() async throws {
        let cluster = try TestCluster(versions: 1)
        for more in [["--run-dir", ""], ["--run-dir", "", "--resume"]] {
            #expect(try await learner(cluster, ["--config", cluster.configurationFile] + more).status == 64)
            let launch = ["launch", "--config", cluster.configurationFile] + more
            #expect(try await DruseProcess.run(launch).messages.contains("--run-dir is empty"))
        }
        let file = try cluster.folder.file("nameless.yaml", "run_dir: \"\"\n")
        #expect(try await learner(cluster, ["--config", file]).messages.contains("run_dir (line 1) is an empty text"))
    }

    /// A start that fails leaves nothing, so that the corrected command works.
    @Test(arguments: ["hull: nowhere.json", "listen: tcp://127.0.0.1:1", "policy: nowhere.safetensors"])
    func start_thatFails_leavesNothing(line: String) async throws {
        let cluster = try TestCluster(versions: 1)
        let text = try String(contentsOfFile: cluster.configurationFile, encoding: .utf8)
        // Port 1 is privileged: where the tests may bind it, the case shows nothing.
        if line.hasPrefix("listen"), getuid() == 0 { return }
        let kept = text.split(separator: "\n").filter { !line.hasPrefix($0.prefix { $0 != ":" } + ":") }
        let file = try cluster.folder.file("bad.yaml", (kept + [line[...]]).joined(separator: "\n") + "\n")
        let failed = try await learner(cluster, ["--config", file])
        #expect(failed.status == 1, "\(failed.messages)")
        #expect(!FileManager.default.fileExists(atPath: cluster.directory.path))
    }

    @Test func start_onAPortInUse_leavesNothing() async throws {
        let first = try TestCluster(versions: 1)
        _ = try first.startLearner()
        let address = try await first.endpoint()
        let second = try TestCluster(versions: 1)
        let failed = try await learner(second, ["--config", second.configurationFile, "--listen", address])
        #expect(failed.status == 1, "\(failed.messages)")
        #expect(!FileManager.default.fileExists(atPath: second.directory.path))
    }

    /// A moved run goes on without anything outside its directory; a longer run stays longer; what decides results is
    /// held.
    @Test func resume_ofAMovedRun_needsItsDirectoryAlone() async throws {
        let cluster = try TestCluster(versions: 1)
        let policy = cluster.folder.url.appending(path: "mine.safetensors")
        try FineTuningRun.policy(named: "base").encoded().write(to: policy)
        let text = try String(contentsOfFile: cluster.configurationFile, encoding: .utf8)
        let file = try cluster.folder.file("own.yaml", text.replacing("policy: base", with: "policy: mine.safetensors"))
        let learner = try cluster.start("learner", ["--config", file])
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
        let moved = cluster.folder.url.appending(path: "moved")
        try FileManager.default.moveItem(at: cluster.directory, to: moved)
        try FileManager.default.removeItem(at: policy)
        let resumed = try await self.learner(cluster, ["--run-dir", moved.path, "--resume"])
        #expect(resumed.status == 0, "\(resumed.messages)")
        let evaluated = try await DruseProcess.run([
            "evaluate", "--run", moved.path, "--count", "4", "--space-group", "225",
        ])
        #expect(evaluated.status == 0, "\(evaluated.messages)")

        let changed = text.replacing("batch_size: 36", with: "batch_size: 64").replacing("seed: 11", with: "seed: 12")
        let other = try cluster.folder.file("other.yaml", changed)
        let refused = try await self.learner(cluster, ["--config", other, "--run-dir", moved.path, "--resume"])
        #expect(refused.status == 1)
        #expect(refused.messages.contains("batch_size is 64, the run has 36"), "\(refused.messages)")
        #expect(refused.messages.contains("seed is 12, the run has 11"))

        // Versions given once stay, without a configuration, too.
        let longer = try cluster.start(
            "learner", ["--config", cluster.configurationFile, "--run-dir", moved.path, "--resume", "--versions", "3"])
        try await cluster.until("it listens") { longer.text.contains("listening at") }
        longer.signal(SIGTERM)
        _ = try await cluster.exit(of: longer)
        #expect(longer.text.contains("version 1 of 3"), "\(longer.text)")
        let again = try cluster.start("learner", ["--run-dir", moved.path, "--resume"])
        try await cluster.until("it listens") { again.text.contains("listening at") }
        again.signal(SIGTERM)
        _ = try await cluster.exit(of: again)
        #expect(again.text.contains("version 1 of 3"), "\(again.text)")

        for content in [Data(), Data("seed: 5\n".utf8)] {
            try content.write(to: moved.appending(path: "config.yaml"))
            let refused = try await self.learner(cluster, ["--run-dir", moved.path, "--resume"])
            #expect(refused.status == 1)
            #expect(refused.messages.contains("was changed since the run was begun"), "\(refused.messages)")
        }
    }
}
