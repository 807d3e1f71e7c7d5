import Archive
import ArchiveFixtures
import Foundation
import ProgramFixtures
import Telemetry
import Testing
import Trajectories

/// `druse reward --run`.
@Suite struct RewardRunCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// An asynchronous run of a build that did not say so in `run.json`: its last steps took crystals of a version
    /// before theirs, and one crystal failed.
    private func asynchronousRun() throws -> RunDirectory {
        let manifest = RunManifest(runID: "20260101-abcdef01", build: "0.1.0", seed: 1, referenceDigest: "abc")
        let (directory, lock) = try RunDirectory.create(
            at: folder.url.appending(path: "run"), manifest: manifest,
            configuration: "mode: asynchronous\nmax_staleness: 2\n")
        defer { lock.release() }
        let archive = try RunArchive(url: directory.archive)
        var crystals = try (0..<6).map { try exampleCrystal(version: 0, unit: $0 / 2, index: $0 % 2) }
        (crystals[1].outcome, crystals[1].reason, crystals[1].measurement) = (.failed, "missing_reference", .init([:]))
        crystals[1].reward = nil
        try archive.insert(crystals)
        for step in 0..<3 {
            var record = StepRecord(step: step)
            (record.crystals, record.trained) = (2, 0)
            try archive.insertPending(
                record, policyDigest: "\(step)", batch: crystals[(2 * step)..<(2 * step + 2)].map(\.id), trainedOn: [])
            try archive.insert(record, policyDigest: "\(step)")
        }
        try archive.close()
        return directory
    }

    @Test func asynchronousRun_isJudgedToItsLastStep() throws {
        let directory = try asynchronousRun()
        let table = try DruseProcess.run(["reward", "--run", directory.url.path])
        #expect(table.status == 0, "\(table.messages)")
        let steps = table.output.split(separator: "\n").dropFirst().map { $0.split(separator: " ").first ?? "" }
        #expect(steps == ["0", "1", "2"], "\(table.output)")
        let objects = try DruseProcess.run(["reward", "--run", directory.url.path, "--json"]).objects()
        #expect(objects.count == 6)
        // The ids are those of an export, the reasons those of the archive.
        #expect(objects.first?["id"] as? String == "20260101-abcdef01-0-0-0")
        #expect(objects.dropFirst().first?["reason"] as? String == "missing_reference")
        let books = try DruseProcess.run(["ledger", directory.url.path, "--json"]).objects()
        #expect(books.first?["balanced"] as? Bool == true)
    }
}
