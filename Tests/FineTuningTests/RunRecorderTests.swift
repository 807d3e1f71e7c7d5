import Archive
import Coordination
import FineTuning
import Fleet
import FleetFixtures
import Foundation
import Logging
import Rewards
import Synchronization
import Telemetry
import Testing
import Trajectories

@Suite struct RunRecorderTests {
    /// What a worker reports of an engine of its own is in `roles.jsonl`, and two engines in one run are told of.
    @Test func roleReported_withEngines_recordsThemAndWarnsOfSeveral() throws {
        let log = Lines()
        let desk = try Desk(log: log, potential: "external mace")
        defer { desk.close() }
        let (recorder, roles) = (desk.recorder, desk.roles)
        func report(_ process: Int, _ engine: String, crystals: Int = 1) {
            var report = RoleReport(
                intervalSeconds: 5, crystals: crystals, busySeconds: 1, residentBytes: 1, version: 0, inFlight: 0,
                logins: 1,
                resent: 0)
            report.engine = engine
            recorder.roleReported(
                report,
                from: PeerDescription(
                    role: .rewardWorker, host: "test", process: process, build: "test", threads: 1))
        }
        report(1, "mace 1 (digest aa)")
        report(2, "mace 1 (digest aa)")
        report(3, "")
        #expect(log.all == ["reward workers measure by the engine mace 1 (digest aa)"])
        report(4, "mace 1 (digest bb)")
        #expect(log.all.count == 2)
        let warning = try #require(log.all.last)
        #expect(warning.hasPrefix("reward workers measure by different engines: mace 1 (digest aa); mace 1"))
        let records = try String(contentsOf: roles, encoding: .utf8).split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        #expect(
            records.map { $0?["engine"] as? String }
                == ["mace 1 (digest aa)", "mace 1 (digest aa)", nil, "mace 1 (digest bb)"])
        // What a peer claims to have done may be beyond any sum.
        report(3, "", crystals: .max)
        report(3, "", crystals: .max)
        #expect(try JSONLines.read(RoleRecord.self, from: roles).records.last?.crystals == .max)
    }

    /// Books that do not balance are told of once, and again when the number changes.
    @Test func hubReported_withMissingCrystals_warnsOnce() throws {
        let log = Lines(about: "ledger: ")
        let desk = try Desk(log: log)
        defer { desk.close() }
        let recorder = desk.recorder
        var report = try HubCore(configuration: Toys.configuration(), generator: SystemRandomNumberGenerator())
            .snapshot()
        recorder.hubReported(report)
        #expect(log.all.isEmpty)
        report.missingCrystals = 2
        for _ in 0..<3 { recorder.hubReported(report) }
        #expect(log.all.count == 1 && log.all.first?.hasPrefix("ledger: 2 crystals were granted") == true)
    }

    /// A learner that finds all steps made leaves the fleet's last lines the newest.
    @Test(arguments: [false, true]) func hubReported_ofACompleteRun_hasNoLine(isComplete: Bool) throws {
        let desk = try Desk(log: Lines(), isComplete: isComplete)
        defer { desk.close() }
        desk.recorder.hubReported(
            try HubCore(configuration: Toys.configuration(), generator: SystemRandomNumberGenerator()).snapshot())
        #expect(try JSONLines.read(RoleRecord.self, from: desk.roles).records.count == (isComplete ? 0 : 1))
    }

    /// How many peers are wanted is said where that is another number than are here, in the singular and the plural.
    @Test func hubReported_withWantedPeers_saysWhatWouldHelp() throws {
        let log = Lines(about: "the run ")
        let desk = try Desk(log: log)
        defer { desk.close() }
        let recorder = desk.recorder
        var report = try HubCore(configuration: Toys.configuration(), generator: SystemRandomNumberGenerator())
            .snapshot()
        (report.actors, report.rewardWorkers) = (1, 1)
        for (actors, workers) in [(1, 1), (1, 3), (1, 1)] {
            report.wanted = .init(actors: actors, rewardWorkers: workers)
            for _ in 0..<2 { recorder.hubReported(report) }
        }
        (report.actors, report.rewardWorkers, report.wanted) = (4, 2, .init(actors: 2, rewardWorkers: 1))
        recorder.hubReported(report)
        #expect(
            log.all == [
                "the run could use 1 actor and 3 reward workers like those that are here (1 and 1)",
                "the run needs no more than 2 actors and 1 reward worker like those that are here (4 and 2)",
            ])
    }

    /// Outcomes that come late, from the thread that keeps them, leave what the step noted of its batch.
    @Test func crystalsFinished_afterTheirStep_leaveTheirBatch() throws {
        let desk = try Desk(log: Lines())
        defer { desk.close() }
        let (recorder, archive) = (desk.recorder, desk.archive)
        let unit = WorkUnit(runSeed: 1, version: 0, unit: 0, crystalCount: 8)
        let crystals = try Toys.crystals(of: unit).map { sampled in
            ScoredCrystal(
                sampled: sampled, policy: Blob([1]).digest, outcome: Toys.outcome(of: sampled), scoringSeconds: 0,
                sampledBy: "a", scoredBy: "w")
        }
        try recorder.crystalsFinished(Array(crystals[..<3]))
        try recorder.batchCompleted(ScoredBatch(step: 0, crystals: Array(crystals[..<6]), seconds: 1))
        let report = StepReport(
            step: 0, trainedOn: [crystals[0].sampled.id], statistics: [:], waitSeconds: 0, batchSeconds: 0,
            trainSeconds: 0, checkpointSeconds: 0)
        try recorder.stepTrained(report)
        try recorder.crystalsFinished(Array(crystals[3...]))
        recorder.stepFinished(report)
        let kept = try archive.crystals(versions: 0...0)
        #expect(kept.map(\.batch) == Array(repeating: 0, count: 6) + [nil, nil])
        #expect(kept.map(\.trainedAt) == [0] + Array(repeating: nil, count: 7))
    }

    /// A recorder with its archive and logs in a folder of its own.
    private struct Desk {
        let archive: RunArchive
        let recorder: RunRecorder
        let roles: URL
        private let folder: URL

        init(log: Lines, potential: String = "chgnet", isComplete: Bool = false) throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "recorder-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            roles = folder.appending(path: "roles.jsonl")
            var context = RunRecorder.Context(seed: 1, potential: potential, hull: "", stableBelow: 0.1)
            context.isComplete = isComplete
            recorder = RunRecorder(
                context: context, archive: archive,
                metrics: try JSONLinesWriter(url: folder.appending(path: "metrics.jsonl")),
                roles: try JSONLinesWriter(url: roles), logger: Logger(label: "test") { _ in log }, say: { _ in },
                announce: { _ in })
        }

        func close() {
            try? archive.close()
            try? FileManager.default.removeItem(at: folder)
        }
    }

    /// The lines about something, in memory.
    private final class Lines: LogHandler {
        private let lines = Mutex<[String]>([])
        private let subject: String

        init(about subject: String = "engine") { self.subject = subject }

        var all: [String] { lines.withLock { $0 } }

        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        var logLevel: Logger.Level {
            get { .trace }
            set {}
        }
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }

        func log(event: LogEvent) {
            let line = "\(event.message)"
            if line.contains(subject) { lines.withLock { $0.append(line) } }
        }
    }
}
