import Archive
import ArchiveFixtures
import Foundation
import GRDB
import Telemetry
import Testing
import Trajectories

/// The books of a run, and what they say where something is missing.
@Suite struct LedgerTests {
    private func ledger(of directory: RunDirectory) throws -> RunLedger {
        try RunArchive(url: directory.archive, access: .readOnly).ledger()
    }

    private func execute(_ sql: String, in directory: RunDirectory) throws {
        let queue = try DatabaseQueue(path: directory.archive.path)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test func ledger_ofEveryFate_balances() throws {
        try withTemporaryFolder { folder in
            let ledger = try ledger(of: LedgerRun().write(to: folder.appending(path: "run")))
            #expect(ledger.isBalanced)
            #expect(ledger.steps == 3 && ledger.granted == 20 && ledger.trainedInvalid == 3)
            #expect(
                ledger.line
                    == "ledger: granted 20 crystals = trained 9 + failed 3 + abstained 3 + left out 3 + in flight 2")
            #expect(ledger.entries[.failed]?.reasons == ["engine_crashed": 3])
            #expect(ledger.entries[.abstained]?.reasons == ["sparse_hull": 3])
            #expect(ledger.accounted == ledger.granted)
        }
    }

    /// What no step took and none can any more is stale; a later one may take what is not too old.
    @Test func ledger_ofStaleCrystals_namesThem() throws {
        try withTemporaryFolder { folder in
            let directory = try LedgerRun().write(to: folder.appending(path: "run"))
            try execute("UPDATE crystals SET version = 1, unit = 9 WHERE version = 3", in: directory)
            let archive = try RunArchive(url: directory.archive, access: .readOnly)
            for (staleness, stale) in [(0, 2), (1, 2), (2, 0)] {
                let ledger = try archive.ledger(maximumStaleness: staleness)
                #expect(ledger.isBalanced && ledger.granted == 20)
                #expect(ledger.count(.stale) == stale && ledger.count(.inFlight) == 2 - stale)
            }
        }
    }

    /// A run that goes on from an older checkpoint makes the later steps again: until then there are none.
    @Test func ledger_afterAFallBack_balances() throws {
        try withTemporaryFolder { folder in
            let directory = try LedgerRun().write(to: folder.appending(path: "run"))
            let archive = try RunArchive(url: directory.archive)
            try archive.settlePending(next: 1)
            try archive.close()
            let ledger = try ledger(of: directory)
            #expect(ledger.isBalanced && ledger.steps == 1, "\(ledger.line)")
            #expect(ledger.count(.inFlight) == 14 && ledger.granted == 20)
        }
    }

    @Test(arguments: [
        (
            "DELETE FROM crystals WHERE version = 1 AND unit = 0 AND crystal_index = 1",
            [
                "step 1 trained on 3 crystals, the archive has 2 of them",
                "the steps took 18 crystals, the archive has 17", "the batch of step 1 has 5 crystals of 6",
            ]
        ),
        (
            "UPDATE crystals SET trained_at = NULL WHERE trained_at = 2",
            ["step 2 trained on 3 crystals, the archive has 0 of them"]
        ),
        (
            "DELETE FROM versions WHERE version = 1",
            ["the record of step 1 is missing", "the steps took 12 crystals, the archive has 18"]
        ),
    ])
    func ledger_whereSomethingIsMissing_saysWhat(sql: String, problems: [String]) throws {
        try withTemporaryFolder { folder in
            let directory = try LedgerRun().write(to: folder.appending(path: "run"))
            try execute(sql, in: directory)
            let ledger = try ledger(of: directory)
            #expect(ledger.problems == problems)
            #expect(ledger.line.contains("it does not balance"))
        }
    }

    /// Killed before its checkpoint was there, a step is not made: its crystals wait.
    @Test func ledger_ofAPendingStep_countsItsCrystalsAsInFlight() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            let crystals = try (0..<4).map { try exampleCrystal(version: 0, index: $0) }
            try archive.insert(crystals)
            var record = StepRecord(step: 0)
            (record.crystals, record.trained) = (4, 4)
            let ids = crystals.map(\.id)
            try archive.insertPending(record, policyDigest: "ab", batch: ids, trainedOn: ids)
            #expect(try archive.ledger().line == "ledger: granted 4 crystals = trained 0 + in flight 4")
            #expect(try archive.ledger().isBalanced)
            try archive.settlePending(next: 1)
            #expect(try archive.ledger().line == "ledger: granted 4 crystals = trained 4 + in flight 0")
        }
    }

    /// No step is noted that trained on something the archive does not hold.
    @Test func insertPending_ofACrystalThatIsNotThere_isRefused() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            try archive.insert([try exampleCrystal(version: 4)])
            let trained = [0, 1].map { CrystalID(version: 4, unit: 0, index: $0) }
            let error = #expect(throws: ArchiveError.self) {
                try archive.insertPending(StepRecord(step: 4), policyDigest: "ab", batch: [], trainedOn: trained)
            }
            #expect(error?.description.contains("step 4 trained on crystal 4-0-1, which it does not hold") == true)
            #expect(try archive.crystals(versions: 4...4).first?.trainedAt == nil)
        }
    }
}
