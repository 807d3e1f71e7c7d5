import Archive
import Foundation
import Testing

@Suite struct CheckpointStoreTests {
    private func checkpoint(_ version: Int, reference: String = "abc") -> Checkpoint {
        Checkpoint(
            version: version, referenceDigest: reference,
            parts: [
                "policy.safetensors": Data((0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* version) }),
                "state.json": Data("{\"version\":\(version)}".utf8),
            ])
    }

    private func store(_ folder: URL, milestones: Set<Int> = []) throws -> CheckpointStore {
        try CheckpointStore(directory: folder, referenceDigest: "abc", keeping: 2, milestones: milestones)
    }

    @Test func save_thenLatest_givesIt() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder.appending(path: "checkpoints"))
            #expect(try store.latest().checkpoint == nil)
            try store.save(checkpoint(1))
            try store.save(checkpoint(2))
            let (latest, damaged) = try store.latest()
            #expect(latest == checkpoint(2))
            #expect(damaged.isEmpty)
            #expect(try store.load(version: 1) == checkpoint(1))
            #expect(throws: ArchiveError.noCheckpoint(path: store.directory.path, version: 7)) {
                try store.load(version: 7)
            }
        }
    }

    @Test func save_keepsTheNewestAndMilestones() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder, milestones: [0, 3])
            for version in 0...6 { try store.save(checkpoint(version)) }
            #expect(try store.versions() == [0, 3, 5, 6])
        }
    }

    @Test func save_ofTheSameVersion_replacesIt() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try store.save(checkpoint(4))
            var changed = checkpoint(4)
            changed.parts = ["state.json": Data("{}".utf8)]
            try store.save(changed)
            #expect(try store.load(version: 4) == changed)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["version-000004"])
        }
    }

    /// Each way in which a checkpoint can be spoilt: the one before it is taken, and the damage is told.
    @Test(arguments: [
        ("policy.safetensors", "truncated"), ("policy.safetensors", "flipped"), ("policy.safetensors", "removed"),
        ("manifest.json", "truncated"), ("manifest.json", "removed"),
    ])
    func latest_passesOverDamage(file: String, damage: String) throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try store.save(checkpoint(1))
            let url = try store.save(checkpoint(2)).appending(path: file)
            var data = try Data(contentsOf: url)
            switch damage {
            case "truncated": try data.dropLast(5).write(to: url)
            case "flipped":
                data[100] ^= 1
                try data.write(to: url)
            default: try FileManager.default.removeItem(at: url)
            }
            let (latest, damaged) = try store.latest()
            #expect(latest == checkpoint(1))
            #expect(damaged.count == 1)
            #expect(damaged.first?.path.contains("version-000002") == true)
            #expect(damaged.first?.reason.contains(file) == true)
        }
    }

    @Test func manifest_thatPointsOutside_isRefused() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            let url = try store.save(checkpoint(1)).appending(path: "manifest.json")
            let text = try String(contentsOf: url, encoding: .utf8).replacing("state.json", with: "../state.json")
            try Data(text.utf8).write(to: url)
            #expect(try store.latest().checkpoint == nil)
            #expect(try store.latest().damaged.count == 1)
        }
    }

    /// A kill while the files of version 2 are written leaves a folder that has not got its name yet.
    @Test func killWhileWriting_leavesTheVersionBefore() throws {
        try withTemporaryFolder { folder in
            try store(folder).save(checkpoint(1))
            let unfinished = folder.appending(path: ".new-version-000002")
            try FileManager.default.createDirectory(at: unfinished, withIntermediateDirectories: true)
            try Data("half".utf8).write(to: unfinished.appending(path: "policy.safetensors"))
            let reopened = try store(folder)
            #expect(try reopened.latest().checkpoint == checkpoint(1))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["version-000001"])
        }
    }

    /// A kill between the two renames of a replacement: the replaced one gets its name back.
    @Test func killBetweenRenames_restoresTheReplaced() throws {
        try withTemporaryFolder { folder in
            let first = try store(folder)
            let saved = try first.save(checkpoint(5))
            try FileManager.default.moveItem(at: saved, to: folder.appending(path: ".old-version-000005"))
            #expect(try first.latest().checkpoint == nil)
            #expect(try store(folder).latest().checkpoint == checkpoint(5))
        }
    }

    /// A kill after the second rename: the new one stays, the replaced one goes.
    @Test func killAfterBothRenames_removesTheReplaced() throws {
        try withTemporaryFolder { folder in
            let saved = try store(folder).save(checkpoint(5))
            try FileManager.default.copyItem(at: saved, to: folder.appending(path: ".old-version-000005"))
            #expect(try store(folder).latest().checkpoint == checkpoint(5))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["version-000005"])
        }
    }

    @Test func foreignReference_isRefused() throws {
        try withTemporaryFolder { folder in
            try store(folder).save(checkpoint(1))
            let other = try CheckpointStore(directory: folder, referenceDigest: "xyz")
            let error = #expect(throws: ArchiveError.self) { try other.latest() }
            guard case .foreignReference(_, let expected, let found) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(expected == "xyz")
            #expect(found == "abc")
            #expect(throws: ArchiveError.self) { try other.save(checkpoint(2)) }
        }
    }

    @Test func folderWithTheNameOfAnotherVersion_isDamaged() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            let saved = try store.save(checkpoint(1))
            try FileManager.default.copyItem(at: saved, to: folder.appending(path: "version-000009"))
            let (latest, damaged) = try store.latest()
            #expect(latest == checkpoint(1))
            #expect(damaged.map(\.reason) == ["its manifest says version 1"])
        }
    }
}
