import Archive
import ArchiveFixtures
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

    private func store(_ folder: URL) throws -> CheckpointStore {
        try CheckpointStore(directory: folder, referenceDigest: "abc", keeping: 2)
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

    @Test func save_keepsTheNewest() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            for version in 0...6 { try store.save(checkpoint(version)) }
            #expect(try store.versions() == [5, 6])
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
            // A reader, which renames nothing, finds it as well.
            #expect(try first.latest().checkpoint == checkpoint(5))
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

    /// Names that only look like a checkpoint's are neither taken nor counted as damaged.
    @Test func latest_ignoresWhatIsNoCheckpoint() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try store.save(checkpoint(3))
            let names = [
                "version-abc", "version-", "version-+00009", "version-9", "version--00001", "backup", ".new-x",
            ]
            for name in names {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: name), withIntermediateDirectories: true)
            }
            try Data("text".utf8).write(to: folder.appending(path: "version-000008"))
            try Data("text".utf8).write(to: folder.appending(path: "README"))
            let (latest, damaged) = try store.latest()
            #expect(latest == checkpoint(3))
            #expect(damaged.isEmpty)
            #expect(try store.versions() == [3])
        }
    }

    @Test func latest_ordersByNumber_notByText() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try store.save(checkpoint(999_999))
            try store.save(checkpoint(1_000_000))
            #expect(try store.latest().checkpoint?.version == 1_000_000)
        }
    }

    /// What the reader of the parts refuses is damage as well.
    @Test func latest_passesOverWhatItsReaderRefuses() throws {
        struct Refused: Error, CustomStringConvertible { let description = "not finite" }
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try store.save(checkpoint(1))
            try store.save(checkpoint(2))
            let (latest, damaged) = try store.latest { checkpoint in
                if checkpoint.version == 2 { throw Refused() }
                return checkpoint.version
            }
            #expect(latest == 1)
            #expect(damaged.map(\.reason) == ["not finite"])
        }
    }

    /// One of another run beside the own ones is passed over.
    @Test func latest_passesOverAForeignOne_whereAnOwnOneIs() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder.appending(path: "own"))
            try store.save(checkpoint(1))
            let other = try CheckpointStore(directory: folder.appending(path: "other"), referenceDigest: "xyz")
            let foreign = try other.save(checkpoint(2, reference: "xyz"))
            try FileManager.default.copyItem(at: foreign, to: store.folder(of: 2))
            let (latest, damaged) = try store.latest()
            #expect(latest == checkpoint(1))
            #expect(damaged.count == 1)
        }
    }

    /// A version made again below damaged ones stays, however many these are.
    @Test func save_belowDamagedOnes_isKept() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try store.save(checkpoint(1))
            for version in 2...5 {
                try FileManager.default.createDirectory(
                    at: store.folder(of: version), withIntermediateDirectories: true)
            }
            try store.save(checkpoint(2))
            #expect(try store.latest().checkpoint == checkpoint(2))
        }
    }

    @Test func reading_changesNothing() throws {
        try withTemporaryFolder { folder in
            let missing = folder.appending(path: "checkpoints")
            let store = CheckpointStore(reading: missing, referenceDigest: "abc")
            let latest = try store.latest().checkpoint
            #expect(latest == nil)
            #expect(!FileManager.default.fileExists(atPath: missing.path))
        }
    }
}
