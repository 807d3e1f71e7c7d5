import Archive
import ArchiveFixtures
import Foundation
import GRDB
import Telemetry
import Testing
import Trajectories

/// Archives of the builds before steps and measurements had their place.
@Suite struct ArchiveMigrationTests {
    private typealias Measurement = Trajectories.Measurement

    /// An archive as the build before left it: version 0 trained on, 1 left the weights as they were, 2 without a
    /// record, 3 made but killed before its record was moved from `pending_version`.
    private func earlierArchive(at url: URL) throws {
        let queue = try DatabaseQueue(path: url.path)
        try RunArchive.migrator.migrate(queue, upTo: "2 pending version")
        try queue.write { connection in
            for version in 0...3 {
                for (index, outcome, energy) in [(0, "scored", 0.05), (1, "invalid", nil), (2, "failed", nil)]
                    as [(Int, String, Double?)]
                {
                    try connection.execute(
                        sql: """
                            INSERT INTO crystals (version, unit, crystal_index, space_group, formula, chemical_system,
                                site_count, sites, outcome, energy_per_atom, e_above_hull, seed, policy_digest, actor,
                                potential, hull, created_at)
                            VALUES (?, 0, ?, 225, 'Na', 'Na', 1, '[[1,"Na",0,0,0]]', ?, ?, ?, 1, 'ab', 'a', 'p', 'h', 0)
                            """,
                        arguments: [version, index, outcome, energy.map { $0 - 3 }, energy])
                }
            }
            func record(_ version: Int, _ more: String) -> String {
                """
                {"version":\(version),"time":"2025-06-15T15:06:40.125Z","crystals":3,"scored":1,"invalid":{},\
                "failed":{},"crystals_per_second":{"sampled":0,"scored":0,"trained":0},"seconds":{"wait":0,"sample":0,\
                "score":0,"train":0,"checkpoint":0,"total":0},"workers":{"actors":1,"reward_workers":1},"regranted":0,\
                "requeued":0,"duplicates":0\(more)}
                """
            }
            for (version, more) in [(0, ""), (1, ",\"skipped\":1")] {
                try connection.execute(
                    sql: "INSERT INTO versions (version, policy_digest, created_at, record) VALUES (?, 'ab', 0, ?)",
                    arguments: [version, record(version, more)])
            }
            try connection.execute(
                sql: "INSERT INTO pending_version (version, policy_digest, record) VALUES (3, 'ab', ?)",
                arguments: [record(3, "")])
        }
        try queue.close()
    }

    private func trainedAt(_ archive: RunArchive) throws -> [String: Step] {
        let crystals = try archive.crystals(versions: 0...9)
        return Dictionary(
            uniqueKeysWithValues: crystals.compactMap { crystal in crystal.trainedAt.map { ("\(crystal.id)", $0) } })
    }

    @Test func earlierArchive_readOnly_isReadAsItIs() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            try earlierArchive(at: url)
            let archive = try RunArchive(url: url, access: .readOnly)
            let crystals = try archive.crystals(versions: 0...9)
            #expect(crystals.count == 12 && crystals.allSatisfy { $0.trainedAt == nil })
            #expect(crystals[0].measurement == Measurement(energyPerAtom: 0.05 - 3, energyAboveHull: 0.05))
            #expect(crystals[1].measurement.values.isEmpty)
            #expect(try archive.stepRecords().map(\.step) == [0, 1])
            #expect(try archive.best(5).count == 1)
            #expect(try archive.measuredQuantities().isEmpty)
        }
    }

    @Test func earlierArchive_written_hasStepsAndMeasurements() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            try earlierArchive(at: url)
            let archive = try RunArchive(url: url)
            // What was scored or invalid, where the weights were moved; nothing is known of steps without a record.
            #expect(try trainedAt(archive) == ["0-0-0": 0, "0-0-1": 0])
            #expect(try archive.measuredQuantities() == [.energyPerAtom: 4, .energyAboveHull: 4])
            let first = try #require(try archive.crystals(versions: 0...0).first)
            #expect(first.measurement == Measurement(energyPerAtom: 0.05 - 3, energyAboveHull: 0.05))
            #expect(try archive.stepRecords().map(\.trained) == [nil, nil])
            // A resumed learner settles what was pending, of the earlier build as well.
            try archive.settlePending(next: 4)
            #expect(try trainedAt(archive) == ["0-0-0": 0, "0-0-1": 0, "3-0-0": 3, "3-0-1": 3])
            try archive.close()
            let queue = try DatabaseQueue(path: url.path)
            let steps = try queue.read { try Int.fetchAll($0, sql: "SELECT step FROM versions ORDER BY step") }
            #expect(steps == [0, 1, 3])
            let text = try queue.read {
                try String.fetchOne($0, sql: "SELECT sql FROM sqlite_master WHERE name = 'crystals'")
            }
            #expect(text?.contains("the step that trained on it") == true)
        }
    }

    @Test func earlierArchive_pendingStepWithoutCheckpoint_countsForNothing() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            try earlierArchive(at: url)
            let archive = try RunArchive(url: url)
            try archive.settlePending(next: 3)
            #expect(try trainedAt(archive) == ["0-0-0": 0, "0-0-1": 0])
            #expect(try archive.stepRecords().map(\.step) == [0, 1])
        }
    }

    /// A step marks what it trained on with its record; without its checkpoint neither counts.
    @Test(arguments: [(5, [5, 5, nil]), (6, [5, 5, nil])] as [(Int, [Int?])])
    func trainedAt_countsWithTheCheckpoint(next: Int, expected: [Int?]) throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            let crystals = try (0..<3).map { try exampleCrystal(version: 4 + $0 % 2, index: $0) }
            try archive.insert(crystals)
            var record = StepRecord(step: 5)
            record.trained = 2
            // Of two versions: a step is not a version.
            let trained = [crystals[0].id, crystals[1].id]
            #expect(Set(trained.map(\.version)) == [4, 5])
            try archive.insertPending(record, policyDigest: "ab", batch: crystals.map(\.id), trainedOn: trained)
            func marks() throws -> [Int?] {
                let found = try archive.crystals(versions: 0...9)
                return crystals.map { crystal in found.first { $0.id == crystal.id }?.trainedAt?.number }
            }
            #expect(try marks() == expected)
            try archive.settlePending(next: Step(next))
            #expect(try marks() == (next > 5 ? expected : [nil, nil, nil]))
            let batches = try archive.crystals(versions: 0...9).map(\.batch)
            #expect(batches == Array(repeating: next > 5 ? 5 : nil, count: 3))
            #expect(try archive.stepRecords().map(\.step) == (next > 5 ? [5] : []))
            // Sampled again, it is a new row.
            try archive.insert(crystals)
            #expect(try marks() == [nil, nil, nil])
        }
    }

    /// What crystals are worth comes with their step, after they were measured; abstaining ones have a reason and no
    /// reward.
    @Test func verdicts_comeWithTheStep() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            let crystals = try (0..<3).map { try exampleCrystal(version: 4, index: $0) }
            try archive.insert(crystals)
            let verdicts = [
                Verdict(reward: 0.5), Verdict(reward: nil, reason: "sparse_hull"),
                Verdict(reward: 0, reason: "single_element"),
            ]
            try archive.insertPending(
                StepRecord(step: 4), policyDigest: "ab", batch: crystals.map(\.id), trainedOn: [],
                verdicts: zip(crystals, verdicts).map { ($0.id, $1) })
            let found = try archive.crystals(versions: 4...4)
            #expect(found.map(\.reward) == [0.5, nil, 0])
            #expect(found.map(\.reason) == [nil, "sparse_hull", "single_element"])
            #expect(found.map(\.measurement) == crystals.map(\.measurement))
        }
    }

    /// What `.schema` shows: each comment stands with its column, whatever was added later.
    @Test func commentsOfTables_standWithTheirColumns() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            try RunArchive(url: url).close()
            let queue = try DatabaseQueue(path: url.path)
            func lines(_ table: String) throws -> [Substring] {
                let text = try queue.read {
                    try String.fetchOne($0, sql: "SELECT sql FROM sqlite_master WHERE name = ?", arguments: [table])
                }
                return try #require(text).split(separator: "\n")
            }
            let crystals = try lines("crystals")
            #expect(crystals.contains { $0.contains("created_at /* s since 1970, UTC */ REAL") })
            #expect(crystals.contains { $0.contains("reason TEXT") && $0.contains("what a guard took its reward for") })
            for line in try crystals + lines("versions") {
                let comment = line.range(of: "--")?.lowerBound ?? line.endIndex
                #expect(comment == line.endIndex || !line[..<comment].contains("/*"), "\(line)")
            }
        }
    }

    /// Any quantity comes back, whatever this build knows of it; a crystal measured again has the new ones alone.
    @Test func measurements_ofAnyQuantity_comeBack() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            let gap = Measurement.Quantity(rawValue: "band_gap")
            var first = try exampleCrystal(version: 1, index: 0)
            first.measurement = Measurement([.energyPerAtom: -3, .energyAboveHull: 0.1 + 0.2, gap: 1.5])
            var second = try exampleCrystal(version: 1, index: 1)
            second.measurement = Measurement([gap: 0.25])
            let third = try exampleCrystal(version: 2, energyAboveHull: nil, outcome: .invalid)
            try archive.insert([first, second, third])
            #expect(try archive.crystals(versions: 0...9) == [first, second, third])
            #expect(try archive.crystals(versions: 2...9) == [third])
            #expect(try archive.best(1).first?.measurement == first.measurement)
            #expect(try archive.measuredQuantities() == [.energyPerAtom: 1, .energyAboveHull: 1, gap: 2])
            #expect(Measurement.Quantity.energyAboveHull.unit == "eV/atom" && gap.unit == "eV")
            first.measurement = Measurement([.energyPerAtom: -4])
            try archive.insert([first])
            #expect(try archive.crystals(versions: 1...1) == [first, second])
            #expect(try archive.measuredQuantities() == [.energyPerAtom: 1, gap: 1])
        }
    }
}
