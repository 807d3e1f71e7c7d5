import Archive
import ArchiveFixtures
import Crystals
import Foundation
import GRDB
import Telemetry
import Testing
import Trajectories

/// Two runs side by side: what makes a difference, and what does not.
@Suite struct LedgerComparisonTests {
    /// The lines of the differences between a run and another one.
    private func lines(
        limit: Int = 20, _ change: (inout LedgerRun) -> Void, then alter: (RunDirectory) throws -> Void = { _ in }
    ) throws -> (lines: [String], count: Int) {
        var result: (lines: [String], count: Int) = ([], 0)
        try withTemporaryFolder { folder in
            let first = try LedgerRun().write(to: folder.appending(path: "a"))
            var other = LedgerRun()
            other.circumstances = "another one"
            change(&other)
            let second = try other.write(to: folder.appending(path: "b"))
            try alter(second)
            let comparison = try RunDirectory.compareLedgers(first, second, limit: limit)
            result = (comparison.differences.map(\.line), comparison.differenceCount)
        }
        return result
    }

    private func execute(_ sql: String) -> (RunDirectory) throws -> Void {
        { directory in
            let queue = try DatabaseQueue(path: directory.archive.path)
            try queue.write { try $0.execute(sql: sql) }
            try queue.close()
        }
    }

    /// Other peers, other times, other restarts, other crystals in flight.
    @Test func sameRunUnderOtherCircumstances_isEqual() throws {
        try withTemporaryFolder { folder in
            let first = try LedgerRun().write(to: folder.appending(path: "a"))
            var other = LedgerRun()
            other.circumstances = "another one"
            let second = try other.write(to: folder.appending(path: "b"))
            let comparison = try RunDirectory.compareLedgers(first, second, limit: 20)
            #expect(comparison.differences == [] && comparison.isEqual)
            #expect(comparison.steps == 3 && comparison.crystals == 18 && comparison.weights == 6)
        }
    }

    @Test func oneReward_isNamed() throws {
        let found = try lines { _ in
        } then: {
            try execute("UPDATE crystals SET reward = 0.75 WHERE version = 1 AND unit = 0 AND crystal_index = 1")($0)
        }
        #expect(found.lines == ["crystal 1-0-1: reward 0.625 in A, 0.75 in B"])
    }

    @Test func aCrystalThatIsMissing_isNamed() throws {
        let found = try lines { _ in
        } then: {
            try execute("DELETE FROM crystals WHERE version = 2 AND unit = 1 AND crystal_index = 0")($0)
        }
        #expect(found.lines == ["crystal 2-1-0: only in A"])
    }

    @Test func theLastBitOfACoordinate_isNamed() throws {
        let found = try lines { run in
            run.change = { crystal in
                guard crystal.id == CrystalID(version: 0, unit: 0, index: 1) else { return }
                crystal.crystal.sites[1].position.z = 0.3
            }
        }
        #expect(found.count == 1)
        let line = try #require(found.lines.first)
        #expect(line.hasPrefix("crystal 0-0-1: sites "))
        #expect(line.contains("0.30000000000000004") && line.contains("0.3]"))
    }

    @Test func aLogProbabilityAndAMeasurement_areNamed() throws {
        let found = try lines { run in
            run.change = { crystal in
                if crystal.id == CrystalID(version: 0, unit: 0, index: 0) { crystal.logProbability.a = -2.5 }
                if crystal.id == CrystalID(version: 0, unit: 0, index: 1) {
                    var values = crystal.measurement.values
                    values[Measurement.Quantity(rawValue: "band_gap")] = 1.5
                    crystal.measurement = Measurement(values)
                }
            }
        }
        #expect(
            found.lines == [
                "crystal 0-0-0: logp_a -2.0 in A, -2.5 in B",
                "crystal 0-0-1: measured band_gap none in A, 1.5 in B",
            ])
    }

    @Test func anotherSeed_andAStepsNumbers_areNamed() throws {
        let found = try lines { run in
            run.seed = 43
            run.changeRecord = { if $0.step == 2 { $0.baseline = 0.25 } }
        }
        #expect(
            found.lines == ["run: seed 42 in A, 43 in B", "step 2: baseline none in A, 0.25 in B"])
    }

    /// Of a run that is longer, the part that both have is compared.
    @Test func aLongerRun_isComparedAsFarAsBothGo() throws {
        let found = try lines { $0.steps = 4 }
        #expect(found.lines == ["step 3: only in B"])
    }

    @Test func weights_areComparedByDigest() throws {
        let found = try lines { _ in
        } then: { directory in
            try execute("UPDATE versions SET policy_digest = 'other' WHERE version = 1")(directory)
            let store = try CheckpointStore(directory: directory.checkpoints, referenceDigest: "abc")
            var checkpoint = try store.load(version: 3)
            checkpoint.parts["optimiser.safetensors"] = Data("other".utf8)
            try store.save(checkpoint)
        }
        #expect(found.lines.first == "policy of version 1: sha256 policy-1 in A, other in B")
        #expect(found.count == 2)
        #expect(found.lines.last?.hasPrefix("checkpoint of version 3: optimiser.safetensors ") == true)
    }

    /// Few are kept, all are counted.
    @Test func differences_areBoundedAndCounted() throws {
        let found = try lines(limit: 2) { $0.change = { $0.logProbability.w -= 1 } }
        #expect(found.lines.count == 2 && found.count == 18)
    }

    @Test func anArchiveThatIsMissing_isAnError() throws {
        try withTemporaryFolder { folder in
            let first = try LedgerRun().write(to: folder.appending(path: "a"))
            try FileManager.default.removeItem(at: first.archive)
            #expect(throws: ArchiveError.self) { try RunDirectory.compareLedgers(first, first, limit: 1) }
        }
    }
}
