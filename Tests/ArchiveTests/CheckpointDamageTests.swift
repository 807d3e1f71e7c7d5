import Archive
import ArchiveFixtures
import Foundation
import Testing

/// Every way in which a disk or a person can spoil a checkpoint: the one before it is taken.
@Suite struct CheckpointDamageTests {
    private let run = RunMark(id: "20260101-abcdef01", seed: 7)

    private func checkpoint(_ version: Int) -> Checkpoint {
        Checkpoint(
            version: version, referenceDigest: "abc",
            parts: [
                "policy.safetensors": Data((0..<20).map { UInt8(truncatingIfNeeded: $0 &* version) }),
                "optimiser.safetensors": Data((0..<20).map { UInt8(truncatingIfNeeded: $0 &* version &+ 1) }),
                "state.json": Data("{\"version\":\(version)}".utf8),
            ])
    }

    private func store(_ folder: URL, run: RunMark? = nil) throws -> CheckpointStore {
        try CheckpointStore(directory: folder, referenceDigest: "abc", run: run ?? self.run)
    }

    private static let parts = ["policy.safetensors", "optimiser.safetensors", "state.json", "manifest.json"]

    @Test(arguments: parts, ["cut short", "emptied", "removed", "longer"])
    func damagedFile_isFoundAndTheOneBeforeIsTaken(file: String, damage: String) throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try store.save(checkpoint(1))
            let url = try store.save(checkpoint(2)).appending(path: file)
            let data = try Data(contentsOf: url)
            switch damage {
            case "cut short": try data.prefix(data.count / 2).write(to: url)
            case "emptied": try Data().write(to: url)
            case "longer": try (data + Data("x".utf8)).write(to: url)
            default: try FileManager.default.removeItem(at: url)
            }
            let (latest, damaged) = try store.latest()
            #expect(latest == checkpoint(1))
            #expect(damaged.count == 1 && damaged.first?.reason.contains(file) == true, "\(damaged)")
        }
    }

    /// Whichever bit of whichever file turns: what is loaded is what was saved, or it is refused.
    @Test(arguments: parts) func anyFlippedBit_isFoundOrChangesNothing(file: String) throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try store.save(checkpoint(1))
            let url = try store.save(checkpoint(2)).appending(path: file)
            let data = try Data(contentsOf: url)
            var found = 0
            let indices = stride(from: 0, to: data.count, by: file == "manifest.json" ? 5 : 1)
            for index in indices {
                var damaged = data
                damaged[index] ^= UInt8(1 << (index % 8))
                try damaged.write(to: url)
                let (latest, problems) = try store.latest()
                #expect(latest == checkpoint(problems.isEmpty ? 2 : 1), "bit \(index % 8) of byte \(index)")
                found += problems.count
            }
            // Of a manifest's blanks alone nothing depends.
            #expect(file == "manifest.json" ? found > indices.underestimatedCount / 2 : found == data.count)
        }
    }

    @Test(arguments: [("policy.safetensors", "optimiser.safetensors"), ("state.json", "policy.safetensors")])
    func swappedFiles_areFound(first: String, second: String) throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            try store.save(checkpoint(1))
            let saved = try store.save(checkpoint(2))
            let (one, other) = (saved.appending(path: first), saved.appending(path: second))
            let (left, right) = (try Data(contentsOf: one), try Data(contentsOf: other))
            try right.write(to: one)
            try left.write(to: other)
            #expect(try store.latest().checkpoint == checkpoint(1))
        }
    }

    /// A file of the version before in the place of its successor's.
    @Test(arguments: parts) func fileOfAnotherVersion_isFound(file: String) throws {
        try withTemporaryFolder { folder in
            let store = try store(folder)
            let before = try store.save(checkpoint(1)).appending(path: file)
            let url = try store.save(checkpoint(2)).appending(path: file)
            try Data(contentsOf: before).write(to: url)
            let (latest, damaged) = try store.latest()
            #expect(latest == checkpoint(1) && damaged.count == 1)
        }
    }

    /// Two runs that began with one policy have one reference: only the mark tells their checkpoints apart.
    @Test func checkpointOfAnotherRun_isPassedOver() throws {
        try withTemporaryFolder { folder in
            let store = try store(folder.appending(path: "own"))
            try store.save(checkpoint(1))
            let other = try self.store(folder.appending(path: "other"), run: RunMark(id: "20260101-abcdef02", seed: 8))
            let foreign = try other.save(checkpoint(2))
            try FileManager.default.copyItem(at: foreign, to: store.folder(of: 2))
            let (latest, damaged) = try store.latest()
            #expect(latest == checkpoint(1))
            #expect(
                damaged.map(\.reason) == [
                    "it is of the run 20260101-abcdef02 (seed 8), not of 20260101-abcdef01 (seed 7)"
                ])
        }
    }

    /// Those of builds that did not note the run are taken.
    @Test func checkpointWithoutItsRun_isTaken() throws {
        try withTemporaryFolder { folder in
            let earlier = try CheckpointStore(directory: folder, referenceDigest: "abc")
            let saved = try earlier.save(checkpoint(1))
            let manifest = try String(contentsOf: saved.appending(path: "manifest.json"), encoding: .utf8)
            #expect(!manifest.contains("\"run\""))
            #expect(try store(folder).latest().checkpoint == checkpoint(1))
        }
    }
}
