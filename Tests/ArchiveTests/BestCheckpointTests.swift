import Archive
import ArchiveFixtures
import Foundation
import Testing

/// The best checkpoint is kept beside the newest ones.
@Suite struct BestCheckpointTests {
    private func checkpoint(_ version: Int) -> Checkpoint {
        Checkpoint(version: version, referenceDigest: "abc", parts: ["policy.safetensors": Data("\(version)".utf8)])
    }

    private func store(_ folder: URL) throws -> CheckpointStore {
        try CheckpointStore(directory: folder, referenceDigest: "abc", keeping: 2)
    }

    private func best(_ version: Int) -> BestVersion {
        BestVersion(version: version, measure: "reward", value: Double(version) / 8)
    }

    @Test func best_outlivesTheNewest() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            #expect(store.best() == nil)
            for version in 1...3 {
                if version == 3 { try store.keepBest(best(2)) }
                try store.save(checkpoint(version))
            }
            for version in 4...6 { try store.save(checkpoint(version)) }
            #expect(try store.versions() == [2, 5, 6])
            #expect(try self.store(folder).best() == best(2))
            let linked = folder.appending(path: "best/policy.safetensors")
            #expect(try Data(contentsOf: linked) == Data("2".utf8))
            // A better one: the one before goes with the next that is saved.
            try store.keepBest(best(6))
            #expect(try Data(contentsOf: linked) == Data("6".utf8))
            try store.save(checkpoint(7))
            #expect(try store.versions() == [6, 7])
            #expect(try store.latest().checkpoint?.version == 7)
        }
    }

    /// The policy at the start has no checkpoint: there is nothing to lead to.
    @Test func bestVersionZero_hasNoLink() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try store.save(checkpoint(1))
            try store.keepBest(best(1))
            try store.keepBest(best(0))
            #expect(store.best()?.version == 0)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                    "best.json", "version-000001",
                ])
        }
    }

    @Test func forgetBest_leavesNothing() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            for version in 1...2 { try store.save(checkpoint(version)) }
            try store.keepBest(best(1))
            try store.forgetBest()
            try store.forgetBest()
            for version in 3...4 { try store.save(checkpoint(version)) }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                    "version-000003", "version-000004",
                ])
        }
    }

    /// While it cannot be read, any version may be the best one: nothing is removed, and nothing is stopped.
    @Test func unreadableNote_losesNoCheckpoint() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try Data("{".utf8).write(to: folder.appending(path: "best.json"))
            #expect(store.best() == nil)
            for version in 1...3 { try store.save(checkpoint(version)) }
            #expect(try store.versions() == [1, 2, 3])
            #expect(try store.setDamagedBestAside().map(\.lastPathComponent) == ["best.json.damaged"])
            #expect(try store.setDamagedBestAside().isEmpty && !store.isBestDamaged)
            try store.save(checkpoint(4))
            #expect(try store.versions() == [3, 4])
            // The link tells which one it was.
            try store.keepBest(best(3))
            try Data("{".utf8).write(to: folder.appending(path: "best.json"))
            #expect(
                try store.setDamagedBestAside().map(\.lastPathComponent) == [
                    "best.json.damaged", "kept-version-000003",
                ])
            for version in 5...6 { try store.save(checkpoint(version)) }
            #expect(try store.versions() == [5, 6])
            let kept = folder.appending(path: "kept-version-000003/policy.safetensors")
            #expect(try Data(contentsOf: kept) == Data("3".utf8))
        }
    }
}
