import Archive
import ArchiveFixtures
import Base
import Crystals
import Foundation
import GRDB
import Telemetry
import Testing
import Trajectories

@Suite struct RunArchiveTests {
    /// What the archive calls a column no engine, model or judge may give a quantity as well.
    @Test func everyColumnOfACrystal_isReserved() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            try RunArchive(url: url).close()
            let database = try DatabaseQueue(path: url.path)
            let columns = try database.read { try $0.columns(in: "crystals").map(\.name) }
            try database.close()
            #expect(columns.contains("reward"))
            #expect(Set(columns).subtracting(Trajectories.Measurement.Quantity.archiveNames).isEmpty)
        }
    }

    @Test func insert_thenRead_givesTheSameCrystal() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            var failed = try exampleCrystal(
                version: 2, energyAboveHull: nil, outcome: .failed, reason: "missing_reference")
            failed.atomCount = nil
            let crystals = [try exampleCrystal(version: 1), failed]
            try archive.insert(crystals)
            #expect(try archive.crystals(versions: 0...9) == crystals)
            #expect(try archive.crystals(versions: 1...1).count == 1)
            #expect(try archive.versionRange() == 1...2)
        }
    }

    @Test func insert_ofRelaxedCrystals_keepsBothFormsOfEach() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            var batch = try (0..<6).map { try exampleCrystal(version: 1, unit: 0, index: $0) }
            for index in [1, 2, 5] {
                var values = batch[index].measurement.values
                values[.relaxationSteps] = Double(index)
                var geometry = RelaxedGeometry(of: batch[index].crystal)
                geometry.lattice.a = 5.5 + 0.1 * Double(index)
                geometry.positions[1].z = 1.0 / 3
                batch[index].measurement = Measurement(values, relaxed: geometry)
            }
            try archive.insert(batch)
            #expect(try archive.crystals(versions: 1...1) == batch)
            // Measured again without, it has none any more.
            batch[2].measurement.relaxed = nil
            try archive.insert([batch[2]])
            #expect(try archive.crystals(versions: 1...1) == batch)
            let best = try #require(try archive.best(1).first)
            #expect(best.measurement.relaxed == batch[best.id.index].measurement.relaxed)
            // Neither has it where nothing could be measured.
            (batch[5].outcome, batch[5].reason, batch[5].measurement) = (.failed, "engine", .init([:]))
            try archive.insert([batch[5]])
            #expect(try archive.crystals(versions: 1...1) == batch)
        }
    }

    /// Relaxed sites that are not the crystal's are an error, not the end of the program.
    @Test func read_ofRelaxedSitesOfAnotherCrystal_isAnError() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            let archive = try RunArchive(url: url)
            var crystal = try exampleCrystal(version: 1)
            crystal.measurement.relaxed = RelaxedGeometry(of: crystal.crystal)
            try archive.insert([crystal])
            try archive.close()
            let queue = try DatabaseQueue(path: url.path)
            try queue.write { try $0.execute(sql: "UPDATE relaxed_crystals SET sites = '[[1,\"Na\",0,0,0]]'") }
            try queue.close()
            let error = try #require(throws: ArchiveError.self) {
                try RunArchive(url: url, access: .readOnly).crystals(versions: 1...1)
            }
            #expect("\(error)".contains("1-0-0 was relaxed from other sites than it has"), "\(error)")
        }
    }

    /// What comes late leaves what a step has taken as it is.
    @Test func insertFinished_ofACrystalThatAStepTook_leavesIt() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            let crystals = try (0..<3).map { try exampleCrystal(version: 4, index: $0) }
            try archive.insertFinished([crystals[0], crystals[1]])
            try archive.insertPending(
                StepRecord(step: 4), policyDigest: "ab", batch: [crystals[0].id], trainedOn: [crystals[0].id],
                verdicts: [(crystals[0].id, Verdict(reward: 0.75))])
            try archive.insertFinished(crystals)
            let read = try archive.crystals(versions: 4...4)
            #expect(read.map(\.batch) == [4, nil, nil] && read.map(\.trainedAt) == [4, nil, nil])
            #expect(read[0].reward == 0.75)
        }
    }

    @Test func insert_ofTheSameId_countsOnce() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            let batch = try (0..<10).map { try exampleCrystal(version: 3, unit: $0 / 5, index: $0 % 5) }
            try archive.insert(batch)
            try archive.insert(batch)
            #expect(try archive.crystalCount() == 10)
            #expect(try archive.crystals(versions: 3...3) == batch)
        }
    }

    @Test func insert_keepsWhatIsNotFiniteAsMissing() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            var crystal = try exampleCrystal(
                version: 1, energyAboveHull: nil, outcome: .invalid, reason: "latticeNotFinite")
            crystal.crystal.lattice.a = .nan
            crystal.crystal.sites[0].position.x = .infinity
            crystal.logProbability.xyz = -.infinity
            try archive.insert([crystal])
            let read = try known(try archive.crystals(versions: 1...1).first)
            #expect(read.crystal.lattice.a.isNaN)
            #expect(read.crystal.sites[0].position.x.isNaN)
            #expect(read.logProbability.xyz.isNaN)
            #expect(read.crystal.lattice.b == 5.6)
        }
    }

    @Test func insert_isFast() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            let batch = try (0..<5_000).map { try exampleCrystal(version: 0, unit: $0 / 16, index: $0 % 16) }
            let seconds = try ContinuousClock().measure { try archive.insert(batch) }.seconds
            #expect(try archive.crystalCount() == 5_000)
            #expect(seconds < 2, "\(5_000 / seconds) rows/s")
        }
    }

    @Test func best_givesDistinctCrystalsOfLowestEnergy() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            try archive.insert([
                try exampleCrystal(version: 1, index: 0, formula: "NaCl", energyAboveHull: 0.03),
                try exampleCrystal(version: 1, index: 1, formula: "NaCl", energyAboveHull: 0.01),
                try exampleCrystal(version: 1, index: 2, formula: "NaCl", energyAboveHull: 0.2, spaceGroup: 221),
                try exampleCrystal(version: 1, index: 3, formula: "KCl", energyAboveHull: -0.02),
                try exampleCrystal(version: 1, index: 4, formula: "LiCl", energyAboveHull: -9),
                try exampleCrystal(version: 1, index: 5, formula: "RbCl", energyAboveHull: nil, outcome: .invalid),
            ])
            let best = try archive.best(20, notBelow: -0.5)
            #expect(best.map(\.formula) == ["KCl", "NaCl", "NaCl"])
            #expect(best.map(\.energyAboveHull) == [-0.02, 0.01, 0.2])
            #expect(best.map(\.id.index) == [3, 1, 2])
            #expect(try archive.best(1).map(\.formula) == ["LiCl"])
            #expect(try archive.scoredCount(below: -0.5) == 1)
        }
    }

    @Test func ownNames_areAllThatAnExpressionMayNameInAnEmptyArchive() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            var selection = CrystalSelection()
            selection.condition = "no_such_name > 1"
            let error = try #require(throws: ArchiveError.self) { try archive.matches(selection) }
            guard case .selection(_, let names) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(CrystalSelection.ownNames == Set(names).union(["novel"]))
        }
    }

    @Test func energyHistogram_countsEveryScoredCrystalOnce() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            let energies = [-0.6, -0.25, -0.2, -0.15, 0, 0.05, 0.0999, 0.1, 0.39, 0.4, 7]
            var crystals = try energies.enumerated().map {
                try exampleCrystal(version: 1, index: $0.offset, energyAboveHull: $0.element)
            }
            crystals.append(try exampleCrystal(version: 1, index: 90, energyAboveHull: nil, outcome: .invalid))
            crystals.append(try exampleCrystal(version: 2, index: 0, energyAboveHull: 0))
            try archive.insert(crystals)
            let histogram = try archive.energyHistogram(versions: 1...1, lowerEdge: -0.2, binWidth: 0.1, binCount: 6)
            #expect(histogram.below == 2)
            #expect(histogram.above == 2)
            #expect(histogram.counts.reduce(0, +) == energies.count - 4)
            #expect(histogram.counts[2] == 3)
            #expect(histogram.crystalCount == 12)
        }
    }

    @Test func outcomesElementsAndSpaceGroups_areCounted() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            try archive.insert([
                try exampleCrystal(version: 1, index: 0), try exampleCrystal(version: 1, index: 1, spaceGroup: 221),
                try exampleCrystal(version: 2, index: 1, outcome: .invalid, reason: "atomsTooClose"),
            ])
            #expect(
                try archive.outcomes() == [
                    .init(outcome: .scored, reason: nil, count: 2),
                    .init(outcome: .invalid, reason: "atomsTooClose", count: 1),
                ])
            #expect(try archive.outcomes(versions: 2...2).map(\.count) == [1])
            #expect(try archive.elementCounts(versions: 0...9) == ["Na": 3, "Cl": 3])
            #expect(try archive.spaceGroupCounts(versions: 1...1) == [225: 1, 221: 1])
        }
    }

    @Test func stepRecords_comeBackInOrder() throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            var second = StepRecord(step: 2, time: Date(timeIntervalSince1970: 20))
            let first = StepRecord(step: 1, time: Date(timeIntervalSince1970: 10))
            try archive.insert(second, policyDigest: "ab")
            second.crystals = 7
            try archive.insert(second, policyDigest: "ab")
            try archive.insert(first, policyDigest: "cd")
            #expect(try archive.stepRecords() == [first, second])
        }
    }

    @Test func anotherConnection_readsWhileTheFirstWrites() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            let writer = try RunArchive(url: url)
            try writer.insert([try exampleCrystal(version: 1)])
            let reader = try RunArchive(url: url, access: .readOnly)
            try writer.insert([try exampleCrystal(version: 2)])
            #expect(try reader.crystalCount() == 2)
            let error = #expect(throws: ArchiveError.self) { try reader.insert([try exampleCrystal(version: 3)]) }
            #expect(error?.description.contains("cannot add crystals in") == true)
        }
    }

    @Test func open_ofWhatIsNoArchive_saysSo() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            #expect(throws: ArchiveError.self) { try RunArchive(url: url, access: .readOnly) }
            try Data(repeating: 65, count: 5_000).write(to: url)
            #expect(throws: ArchiveError.damaged(path: url.path, reason: "it is not a SQLite database")) {
                try RunArchive(url: url, access: .readOnly)
            }
            #expect(throws: ArchiveError.self) { try RunArchive(url: url) }
        }
    }

    /// What no run has claimed, such as that of an earlier build, becomes the first one's that does.
    @Test func claim_ofAnotherRunsArchive_isRefused() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            for _ in 0..<2 {
                let archive = try RunArchive(url: url)
                try archive.claim(forRun: "20251201-0a")
                #expect(throws: ArchiveError.foreignArchive(path: url.path, expected: "b", found: "20251201-0a")) {
                    try archive.claim(forRun: "b")
                }
                try archive.close()
            }
        }
    }

    @Test func open_ofADatabaseFromTheFuture_isRefused() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            try RunArchive(url: url).close()
            let queue = try DatabaseQueue(path: url.path)
            try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 something new')") }
            try queue.close()
            #expect(throws: ArchiveError.newerDatabase(path: url.path)) { try RunArchive(url: url, access: .readOnly) }
        }
    }

    /// SQLite keeps text in a column of numbers if it is told to.
    @Test func queries_onColumnsOfAnotherType_areErrors() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            let archive = try RunArchive(url: url)
            try archive.insert([try exampleCrystal(version: 1)])
            try archive.close()
            let queue = try DatabaseQueue(path: url.path)
            try queue.write {
                try $0.execute(
                    sql: "UPDATE crystals SET space_group = 'x', e_above_hull = 'y', chemical_system = X'FF'")
            }
            try queue.close()
            let reader = try RunArchive(url: url, access: .readOnly)
            #expect(throws: ArchiveError.self) { try reader.crystals(versions: 0...1) }
            #expect(throws: ArchiveError.self) { try reader.spaceGroupCounts(versions: 0...1) }
            #expect(throws: ArchiveError.self) { try reader.best(3) }
            #expect(throws: ArchiveError.self) { try reader.elementCounts(versions: 0...1) }
        }
    }

    @Test func read_ofADamagedRow_isAnError() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            let archive = try RunArchive(url: url)
            try archive.insert([try exampleCrystal(version: 1)])
            try archive.close()
            let queue = try DatabaseQueue(path: url.path)
            try queue.write { try $0.execute(sql: "UPDATE crystals SET sites = '[[1,\"Xx\",0,0,0]]'") }
            try queue.close()
            let error = #expect(throws: ArchiveError.self) {
                try RunArchive(url: url, access: .readOnly).crystals(versions: 0...1)
            }
            #expect(error?.description.contains("its sites are not readable") == true)
        }
    }

    /// Whoever copies the one file has all rows, and it can be read where nothing can be written.
    @Test(arguments: [true, false]) func close_leavesEverythingInOneFile(whileSomeoneReads: Bool) throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            let archive = try RunArchive(url: url, isOnNetwork: false)
            try archive.insert(try (0..<50).map { try exampleCrystal(version: 0, index: $0) })
            let reader = whileSomeoneReads ? try RunArchive(url: url, access: .readOnly) : nil
            if let reader { #expect(try reader.crystalCount() == 50) }
            try archive.close()
            if !whileSomeoneReads {
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["archive.sqlite"])
                let queue = try DatabaseQueue(path: url.path)
                let mode = try queue.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
                #expect(mode == "delete")
            }
            let copy = folder.appending(path: "copy.sqlite")
            try FileManager.default.copyItem(at: url, to: copy)
            #expect(try RunArchive(url: copy, access: .readOnly).crystalCount() == 50)
            if let reader { #expect(try reader.crystalCount() == 50) }
        }
    }

    @Test(arguments: [true, false]) func write_isFlushedToTheDisk(isOnNetwork: Bool) throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            let archive = try RunArchive(url: url, isOnNetwork: isOnNetwork)
            let (mode, flush) = try archive.durability()
            #expect(flush == 2)
            #expect(mode == (isOnNetwork ? "truncate" : "wal"))
            try archive.insert([try exampleCrystal(version: 0)])
            #expect(try RunArchive(url: url, access: .readOnly).crystalCount() == 1)
        }
    }

    @Test func networkFileSystem_isThatOfTheInnermostMount() {
        let mounts = """
            /dev/sda1 / ext4 rw 0 0
            server:/home /home nfs4 rw 0 0
            tmpfs /home/local tmpfs rw 0 0
            user@host: /mnt/my\\040runs fuse.sshfs rw 0 0

            """
        let expected = [
            "/var/run": "ext4", "/home/a/run": "nfs4", "/homes": "ext4", "/home/local/x": "tmpfs",
            "/mnt/my runs/1": "fuse.sshfs",
        ]
        for (path, kind) in expected { #expect(NetworkFileSystem.kind(ofPath: path, mounts: mounts) == kind) }
        for kind in ["nfs", "cifs", "lustre", "gpfs", "beegfs", "fuse.sshfs"] {
            #expect(NetworkFileSystem.isNetwork(kind: kind))
        }
        for kind in ["ext4", "xfs", "tmpfs", "overlay", "btrfs"] { #expect(!NetworkFileSystem.isNetwork(kind: kind)) }
    }

    /// A run of the first release is read as it is.
    @Test func open_ofTheFirstSchema_forReading_works() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "archive.sqlite")
            let queue = try DatabaseQueue(path: url.path)
            try RunArchive.migrator.migrate(queue, upTo: RunArchive.firstMigration)
            try queue.close()
            #expect(try RunArchive(url: url, access: .readOnly).crystalCount() == 0)
            let archive = try RunArchive(url: url)
            try archive.insert([try exampleCrystal(version: 0)])
            #expect(try archive.crystalCount() == 1)
        }
    }

    /// A record of a version whose checkpoint was not written, or is not usable, does not count; one whose checkpoint
    /// is there does.
    @Test(arguments: [(3, []), (4, [3]), (5, [3, 4])])
    func pendingRecord_countsWithItsCheckpoint(checkpoint: Int, versions: [Int]) throws {
        try withTemporaryFolder { folder in
            let archive = try RunArchive(url: folder.appending(path: "archive.sqlite"))
            try archive.insert(StepRecord(step: 3), policyDigest: "ab")
            try archive.insertPending(StepRecord(step: 4), policyDigest: "cd", batch: [], trainedOn: [])
            #expect(try archive.stepRecords().map(\.step) == [3])
            try archive.settlePending(next: Step(checkpoint))
            #expect(try archive.stepRecords().map(\.step) == versions)
            try archive.settlePending(next: 9)
            #expect(try archive.stepRecords().map(\.step) == versions)
        }
    }

    @Test func files_followTheMask() throws {
        try withTemporaryFolder { folder in
            let archive = folder.appending(path: "archive.sqlite")
            let lock = folder.appending(path: "lock")
            let other = folder.appending(path: "other")
            try RunArchive(url: archive).close()
            _ = try RunLock(url: lock)
            _ = FileManager.default.createFile(atPath: other.path, contents: Data())
            func mode(_ url: URL) throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
            }
            let expected = try mode(other)
            #expect(try mode(archive) == expected)
            #expect(try mode(lock) == expected)
        }
    }
}
