import Archive
import Base
import Coordination
import FineTuning
import Foundation
import ProgramFixtures
import Testing
import Trajectories

/// A run in a folder of its own, with the programs that take part in it.
final class TestCluster {
    /// Something that did not happen in time, with what the programs wrote until then.
    struct TimedOut: Error, CustomStringConvertible {
        let description: String
    }

    static let versions = 5
    /// No multiple of the unit, so that the last unit is a small one.
    static let batchSize = 36
    static let unitSize = 8

    let folder: TemporaryFolder
    let configurationFile: String
    private(set) var programs: [RunningProgram] = []
    private var lastEndpoint: String?

    var directory: URL { folder.url.appending(path: "run") }
    var endpointFile: URL { directory.appending(path: FineTuningRun.endpointFileName) }

    /// Writes the configuration: the base policy, with space groups of high symmetry, whose energies are cheap.
    ///
    /// - Parameters:
    ///   - threads: of the training.
    ///   - liveness: after which a silent peer is lost, seconds; nil: as shipped.
    ///   - more: further lines of the configuration.
    init(threads: Int = 1, versions: Int = TestCluster.versions, liveness: Int? = 3, more: String = "") throws {
        folder = try TemporaryFolder()
        configurationFile = try folder.file(
            "run.yaml",
            """
            run_dir: \(folder.path("run"))
            seed: 11
            policy: base
            space_groups: [225, 221, 166]
            versions: \(versions)
            batch_size: \(Self.batchSize)
            unit_size: \(Self.unitSize)
            task_size: 4
            objective: {epochs: 2}
            threads: \(threads)
            keep_checkpoints: 100
            \(liveness.map { "liveness_seconds: \($0)" } ?? "")
            \(more)

            """)
    }

    // MARK: Programs

    /// Starts a program with the arguments given.
    func start(
        _ program: String, _ arguments: [String], isRole: Bool = true, environment: [String: String] = [:]
    ) throws -> RunningProgram {
        if program == "learner" { lastEndpoint = nil }
        let log = folder.url.appending(path: "\(programs.count)-\(program).log")
        let running = try RunningProgram(program, arguments, isRole: isRole, environment: environment, log: log)
        programs.append(running)
        return running
    }

    func startLearner(_ more: [String] = []) throws -> RunningProgram {
        try start("learner", ["--config", configurationFile] + more)
    }

    func startActor(threads: Int = 1) async throws -> RunningProgram {
        try start("actor", ["--connect", try await endpoint(), "--threads", "\(threads)"])
    }

    func startRewardWorker(
        threads: Int = 1, environment: [String: String] = [:], _ more: [String] = []
    ) async throws -> RunningProgram {
        try start(
            "reward-worker", ["--connect", try await endpoint(), "--threads", "\(threads)"] + more,
            environment: environment)
    }

    /// Where the learner listens, as soon as it says so; or where it listened, should it have ended meanwhile.
    func endpoint() async throws -> String {
        try await until("the learner listens") {
            if let data = try? Data(contentsOf: endpointFile) {
                lastEndpoint = try JSONDecoder().decode(FineTuningRun.EndpointFile.self, from: data).endpoint
            }
            return lastEndpoint != nil
        }
        return try #require(lastEndpoint)
    }

    // MARK: Waiting

    /// Waits for a condition.
    func until(
        _ what: String, within limit: Duration = .seconds(200), _ condition: () throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                let logs = programs.map { "--- \($0.name) (\($0.status.map { "\($0)" } ?? "running"))\n\($0.text)" }
                throw TimedOut(description: "not within \(limit): \(what)\n" + logs.joined(separator: "\n"))
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits for the end of a program; its exit status.
    func exit(of program: RunningProgram, within limit: Duration = .seconds(200)) async throws -> Int32? {
        try await until("\(program.name) ends", within: limit) { !program.isRunning }
        return program.status
    }

    /// Waits until some versions are done.
    func untilVersions(_ count: Int) async throws {
        try await until("\(count) versions are done") { versionLines >= count }
    }

    /// Kills programs as soon as some versions are done.
    func killPrograms(_ victims: [RunningProgram], afterVersions count: Int) async throws {
        let identifiers = victims.map(\.identifier)
        await atVersions(count) { for identifier in identifiers { kill(identifier, SIGKILL) } }
        for program in victims { #expect(try await exit(of: program) == 128 + SIGKILL, "\(program.text)") }
    }

    /// Does something as soon as some versions are done, on a thread of its own: the tests' own tasks may be kept
    /// waiting by others for longer than a run takes.
    func atVersions(_ count: Int, _ body: @escaping @Sendable () -> Void) async {
        await Self.atLines(count, of: directory.appending(path: "metrics.jsonl"), body)
    }

    /// Does something as soon as a file has some lines.
    static func atLines(_ count: Int, of file: URL, _ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            Thread.detachNewThread {
                let deadline = Moment.now.advanced(by: .seconds(200))
                while lines(of: file) < count, Moment.now < deadline { Thread.sleep(forTimeInterval: 0.002) }
                body()
                continuation.resume()
            }
        }
    }

    private static func lines(of file: URL) -> Int {
        let data = (try? Data(contentsOf: file)) ?? Data()
        return data.count { $0 == UInt8(ascii: "\n") }
    }

    /// The lines of `metrics.jsonl`.
    var versionLines: Int {
        Self.lines(of: directory.appending(path: "metrics.jsonl"))
    }

    // MARK: What is left

    /// Waits for the end of a run: every process leaves with success, or the learner with the status given.
    func expectEnd(of learner: RunningProgram, and peers: [RunningProgram], status expected: Int32 = 0) async throws {
        let status = try await exit(of: learner)
        #expect(status == expected, "\(learner.text)")
        for peer in peers {
            // One that was not logged in when the run ended looks for the learner until it is asked to leave.
            try? await until("the peer leaves", within: .seconds(5)) { !peer.isRunning }
            if !peer.text.contains("the learner ends the run") { peer.signal(SIGTERM) }
            let status = try await exit(of: peer)
            #expect(status == 0, "\(peer.name): \(peer.text)")
        }
        #expect(!FileManager.default.fileExists(atPath: endpointFile.path))
    }

    /// The policy of a version, from its checkpoint.
    func policy(version: Int = TestCluster.versions) throws -> Data {
        let run = try RunDirectory.open(at: directory)
        let store = try CheckpointStore(
            directory: run.checkpoints, referenceDigest: run.manifest.referenceDigest, keeping: 100)
        return try #require(try store.load(version: version).parts[TrainingCheckpoint.policyPart])
    }

    /// Judged again from the archive, every crystal is worth what it was in the run.
    func expectTheSameWhenJudgedAgain() async throws {
        let outcome = try await DruseProcess.run(["reward", "--run", directory.path, "--json"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let objects = try outcome.objects()
        let rewards = objects.compactMap { $0["reward"] as? Double }
        #expect(rewards.count > Self.batchSize && rewards == objects.compactMap { $0["reward_in_run"] as? Double })
    }

    /// Every crystal of the versions stands in the archive once, drawn by the policy of its version.
    ///
    /// - Parameter hasNext: whether the next version may have begun: what is measured of it is kept, too.
    func expectEveryCrystalOnce(versions: Int = TestCluster.versions, hasNext: Bool = false) throws {
        let run = try RunDirectory.open(at: directory)
        let archive = try RunArchive(url: run.archive, access: .readOnly)
        let begun = try hasNext ? archive.crystals(versions: versions...versions) : []
        #expect(try archive.crystalCount() == versions * Self.batchSize + begun.count)
        #expect(Set(begun.map(\.id)).count == begun.count && begun.count < Self.batchSize)
        if !begun.isEmpty {
            let digest = Digest(of: try policy(version: versions)).hexadecimal
            #expect(Set(begun.map(\.lineage.policyDigest)) == [digest])
        }
        for version in 0..<versions {
            let crystals = try archive.crystals(versions: version...version)
            let ids = (0..<Self.batchSize).map {
                CrystalID(version: PolicyVersion(version), unit: $0 / Self.unitSize, index: $0 % Self.unitSize)
            }
            #expect(crystals.map(\.id) == ids)
            let digest =
                version == 0 ? run.manifest.referenceDigest : Digest(of: try policy(version: version)).hexadecimal
            #expect(Set(crystals.map(\.lineage.policyDigest)) == [digest])
        }
    }
}
