import Archive
import Base
import Coordination
import FineTuning
import Foundation
import ProgramFixtures
import Telemetry
import Testing
import Trajectories

private let canMount = (try? DruseProcess.runShell("unshare -m mount -t tmpfs tmpfs /mnt", arguments: []))?.status == 0

/// A disk of its own that is filled while a run writes to it: the learner waits, peers stay, and nothing is lost.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5)), .enabled(if: canMount, "needs a mount namespace of its own"))
struct FullDiskTests {
    /// The disk is full to the last byte, or there is room for rows and none for a checkpoint.
    @Test(arguments: [0, 4_000_000]) func fullDisk_isWaitedFor(room: Int) async throws {
        let disk = try await SmallDisk()
        let learner = try disk.startLearner([])
        let address = try await disk.endpoint()
        let peers = try ["actor", "reward-worker"].map { try disk.cluster.start($0, ["--connect", address]) }
        try await disk.fillAfterOneVersion(leaving: room)
        try await disk.cluster.until("the learner waits") { learner.text.contains("Training waits") }
        #expect(learner.text.contains("no space left on the disk"), "\(learner.text)")
        #expect(learner.text.contains("are free in \(disk.directory.path)"), "\(learner.text)")
        let lines = disk.versionLines
        // Longer than a peer may be silent: the hub has gone on hearing them, and they it.
        try await disk.cluster.until("a silent peer would be lost", within: .seconds(20)) { disk.age > .seconds(4) }
        #expect(learner.isRunning && peers.allSatisfy(\.isRunning) && disk.versionLines == lines)
        #expect(learner.text.components(separatedBy: "Training waits").count == 2, "\(learner.text)")
        try disk.free()
        #expect(try await disk.cluster.exit(of: learner) == 0, "\(learner.text)")
        #expect(learner.text.contains("there is room in \(disk.directory.path) again"))
        #expect(!learner.text.contains("lost: "), "\(learner.text)")
        for peer in peers { #expect(try await disk.cluster.exit(of: peer) == 0, "\(peer.text)") }
        try await disk.expectUndisturbed()
    }

    /// Asked to stop while it waits, the learner leaves at once; resumed on the full disk it waits, then goes on.
    @Test func stopOnAFullDisk_losesNothing() async throws {
        let disk = try await SmallDisk()
        var learner = try disk.startLearner([])
        let address = try await disk.endpoint()
        let peers = try ["actor", "reward-worker"].map { try disk.cluster.start($0, ["--connect", address]) }
        try await disk.fillAfterOneVersion(leaving: 4_000_000)
        try await disk.cluster.until("the learner waits") { learner.text.contains("Training waits") }
        learner.signal(SIGTERM)
        #expect(try await disk.cluster.exit(of: learner, within: .seconds(20)) == 3, "\(learner.text)")
        #expect(learner.text.contains("the step is not taken"), "\(learner.text)")
        for peer in peers { #expect(try await disk.cluster.exit(of: peer) == 0, "\(peer.text)") }
        try disk.fill()
        learner = try disk.startLearner(["--resume", "--listen", address])
        try await disk.cluster.until("the learner waits") {
            !learner.isRunning || learner.text.contains("Training waits until there is room")
        }
        #expect(learner.isRunning, "\(learner.text)")
        try disk.free()
        let others = try ["actor", "reward-worker"].map { try disk.cluster.start($0, ["--connect", address]) }
        #expect(try await disk.cluster.exit(of: learner) == 0, "\(learner.text)")
        for peer in others { #expect(try await disk.cluster.exit(of: peer) == 0, "\(peer.text)") }
        try await disk.expectUndisturbed()
    }
}

/// A file system in memory that only its own processes see; the test reaches it through one of them.
private final class SmallDisk {
    let cluster: TestCluster
    private let holder: RunningProgram
    private var learners: [RunningProgram] = []
    private var filled = Moment.now

    /// As the learner names it.
    var directory: URL { cluster.directory }
    /// As the test names it.
    private var seen: URL { URL(filePath: "/proc/\(holder.identifier)/root\(directory.path)") }
    private var filler: URL { seen.appending(path: "filler") }
    /// How long the disk is full.
    var age: Duration { filled.duration(to: .now) }

    init() async throws {
        cluster = try TestCluster(more: "keep_best: none")
        try FileManager.default.createDirectory(at: cluster.directory, withIntermediateDirectories: true)
        // It lives as long as its standard input is open.
        holder = try RunningProgram(
            executable: URL(filePath: "/usr/bin/env"),
            [
                "unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=160m tmpfs \"$0\" && echo mounted && exec cat",
                cluster.directory.path,
            ], log: cluster.folder.url.appending(path: "disk.log"))
        try await cluster.until("the disk is mounted") { holder.text.contains("mounted") }
    }

    func startLearner(_ more: [String]) throws -> RunningProgram {
        let learner = try RunningProgram(
            executable: URL(filePath: "/usr/bin/env"),
            [
                "nsenter", "-t", "\(holder.identifier)", "-m", DruseProcess.executable("learner").path, "--config",
                cluster.configurationFile, "--exit-with-parent",
            ] + more, log: cluster.folder.url.appending(path: "learner-\(learners.count).log"))
        learners.append(learner)
        return learner
    }

    func endpoint() async throws -> String {
        let file = seen.appending(path: FineTuningRun.endpointFileName)
        try await cluster.until("the learner listens") { FileManager.default.fileExists(atPath: file.path) }
        return try JSONDecoder().decode(FineTuningRun.EndpointFile.self, from: Data(contentsOf: file)).endpoint
    }

    var versionLines: Int {
        ((try? Data(contentsOf: seen.appending(path: "metrics.jsonl"))) ?? Data()).count { $0 == UInt8(ascii: "\n") }
    }

    /// Fills what is free but for some bytes as soon as a version is made.
    func fillAfterOneVersion(leaving room: Int) async throws {
        let filler = filler
        await TestCluster.atLines(1, of: seen.appending(path: "metrics.jsonl")) { Self.fill(filler, leaving: room) }
        try noteFilled()
    }

    /// Fills all that is free.
    func fill() throws {
        Self.fill(filler, leaving: 0)
        try noteFilled()
    }

    /// Never with less room in between: the learner would find none for what is to have some.
    private static func fill(_ file: URL, leaving room: Int) {
        let descriptor = open(file.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        let piece = [UInt8](repeating: 0x55, count: 1 << 16)
        while true {
            var status = statvfs()
            fstatvfs(descriptor, &status)
            let excess = Int(status.f_bavail) * Int(status.f_frsize) - room
            guard excess > 0, write(descriptor, piece, min(excess, piece.count)) > 0 else { return }
        }
    }

    private func noteFilled() throws {
        #expect(try FileManager.default.attributesOfItem(atPath: filler.path)[.size] as? Int ?? 0 > 1 << 20)
        filled = .now
    }

    func free() throws { try FileManager.default.removeItem(at: filler) }

    /// All is there, once and whole, and the weights are those of a run that had room.
    func expectUndisturbed() async throws {
        let run = try RunDirectory.open(at: seen)
        let store = CheckpointStore(
            reading: run.checkpoints, referenceDigest: run.manifest.referenceDigest, run: run.manifest.mark)
        let (latest, damaged) = try store.latest()
        #expect(damaged == [] && latest?.version == TestCluster.versions)
        #expect(try await latest?.parts[TrainingCheckpoint.policyPart] == SequentialRun.finalPolicy)
        #expect(try store.versions() == Array(1...TestCluster.versions))
        let ledger = try RunArchive(url: run.archive, access: .readOnly).ledger()
        #expect(ledger.isBalanced && ledger.granted == TestCluster.versions * TestCluster.batchSize, "\(ledger.line)")
        #expect(try StepRecord.read(from: run.metrics).map(\.step) == Array(0..<TestCluster.versions))
        for log in [run.metrics, run.roles] {
            for line in try Data(contentsOf: log).split(separator: UInt8(ascii: "\n")) {
                #expect((try? JSONSerialization.jsonObject(with: line)) != nil, "\(log.lastPathComponent)")
            }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: seen.path)
        #expect(!names.contains { $0.hasPrefix(".") || $0.hasPrefix("archive.sqlite-") }, "\(names)")
    }
}
