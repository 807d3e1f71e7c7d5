import Archive
import ArchiveFixtures
import Foundation
import Testing

@Suite struct RunDirectoryTests {
    private let manifest = RunManifest(
        runID: "20260101-abcdef01", build: "0.1.0", seed: .max, referenceDigest: "abc",
        createdAt: Date(timeIntervalSince1970: 1_750_000_000), host: "node-1")

    @Test func create_thenOpen_givesTheManifest() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "runs/first")
            let (directory, lock) = try RunDirectory.create(at: url, manifest: manifest, configuration: "seed: 1\n")
            defer { lock.release() }
            var expected = manifest
            expected.configurationDigests = directory.manifest.configurationDigests
            #expect(try RunDirectory.open(at: url).manifest == expected)
            #expect(try String(contentsOf: directory.configuration, encoding: .utf8) == "seed: 1\n")
            var isDirectory: ObjCBool = false
            #expect(FileManager.default.fileExists(atPath: directory.checkpoints.path, isDirectory: &isDirectory))
            #expect(isDirectory.boolValue)
        }
    }

    /// A property that has no key is left out by the compiler's coding without a word.
    @Test func everyPropertyOfAManifest_isKept() throws {
        var manifest = manifest
        manifest.policyDigest = "policy"
        manifest.potentialDigest = "potential"
        manifest.hullDigest = "hull"
        manifest.judges = ["second": RunManifest.Models(potential: "other", hull: "another")]
        manifest.properties = [RunManifest.Property(digest: "gap", quantities: ["band_gap"])]
        manifest.knownDigests = ["index"]
        manifest.configurationDigests = ["configuration"]
        manifest.kernels = "SkylakeX"
        manifest.stableBelow = 0.05
        manifest.maximumStaleness = 2
        for (name, value) in Mirror(reflecting: manifest).children {
            let child = Mirror(reflecting: value)
            #expect(child.displayStyle != .optional || !child.children.isEmpty, "\(name ?? "") is not set here")
        }
        try withTemporaryFolder { folder in
            let (directory, lock) = try RunDirectory.create(at: folder, manifest: manifest, configuration: "seed: 1\n")
            lock.release()
            manifest.configurationDigests = directory.manifest.configurationDigests
            #expect(try RunDirectory.open(at: folder).manifest == manifest)
        }
    }

    /// Builds before said it in the configuration alone.
    @Test(arguments: [
        ("mode: asynchronous\nmax_staleness: 3\n", 3), ("mode: synchronous\nmax_staleness: 3\n", 0), ("seed: 1\n", 0),
    ])
    func staleness_ofARunThatDoesNotSay_isThatOfItsConfiguration(text: String, staleness: Int) throws {
        try withTemporaryFolder { folder in
            let (directory, lock) = try RunDirectory.create(at: folder, manifest: manifest, configuration: text)
            lock.release()
            #expect(directory.manifest.maximumStaleness == nil && directory.maximumStaleness == staleness)
        }
    }

    @Test func create_whereARunIs_isRefused() throws {
        try withTemporaryFolder { folder in
            try RunDirectory.create(at: folder, manifest: manifest, configuration: "").lock.release()
            #expect(throws: ArchiveError.runExists(path: folder.path, runID: manifest.runID)) {
                try RunDirectory.create(at: folder, manifest: manifest, configuration: "")
            }
        }
    }

    @Test func resume_whileAnotherHoldsTheLock_namesTheHolder() throws {
        try withTemporaryFolder { folder in
            let (_, lock) = try RunDirectory.create(at: folder, manifest: manifest, configuration: "")
            let error = #expect(throws: ArchiveError.self) { try RunDirectory.resume(at: folder) }
            #expect(error?.description.contains("process \(ProcessInfo.processInfo.processIdentifier) on ") == true)
            #expect(try RunDirectory.open(at: folder).manifest.runID == manifest.runID)
            lock.release()
            #expect(try RunDirectory.resume(at: folder).directory.manifest.runID == manifest.runID)
        }
    }

    @Test func lock_isFreedWhenItsOwnerGoes() throws {
        try withTemporaryFolder { folder in
            _ = try RunLock(url: folder.appending(path: "lock"))
            _ = try RunLock(url: folder.appending(path: "lock"))
        }
    }

    @Test func open_ofOtherFolders_saysWhatIsWrong() throws {
        try withTemporaryFolder { folder in
            #expect(throws: ArchiveError.noRun(path: folder.path)) { try RunDirectory.open(at: folder) }
            #expect(throws: ArchiveError.noRun(path: folder.path)) { try RunDirectory.resume(at: folder) }
            let file = folder.appending(path: "run.json")
            try Data("{\"run_id\":".utf8).write(to: file)
            #expect(throws: ArchiveError.damaged(path: file.path, reason: "it is not the description of a run")) {
                try RunDirectory.open(at: folder)
            }
        }
    }

    @Test func create_atAFile_saysSo() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "taken")
            try Data().write(to: file)
            #expect(throws: ArchiveError.self) {
                try RunDirectory.create(at: file, manifest: manifest, configuration: "")
            }
        }
    }

    @Test func newID_hasTheDay() {
        let id = RunManifest.newID(at: Date(timeIntervalSince1970: 1_750_000_000))
        #expect(id.hasPrefix("20250615-"))
        #expect(id.count == 17)
    }

    @Test func replace_leavesOneFile() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "file")
            try DurableFile.replace(url, with: Data("1".utf8))
            try DurableFile.replace(url, with: Data("2".utf8))
            #expect(try Data(contentsOf: url) == Data("2".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
        }
    }

    /// A start that fails leaves nothing, so that the corrected one works.
    @Test func create_thatFails_leavesNothing() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "run")
            let missing = ["inputs/hull.json": folder.appending(path: "missing.json")]
            #expect(throws: ArchiveError.self) {
                try RunDirectory.create(at: url, manifest: manifest, configuration: "", copies: missing)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            let made = try RunDirectory.create(
                at: url, manifest: manifest, configuration: "", files: ["inputs/policy": Data([1])])
            #expect(try Data(contentsOf: url.appending(path: "inputs/policy")) == Data([1]))
            made.directory.discard()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    /// What else is in the directory stays.
    @Test func discard_leavesOtherFiles() throws {
        try withTemporaryFolder { folder in
            try Data("mine".utf8).write(to: folder.appending(path: "notes.txt"))
            try RunDirectory.create(at: folder, manifest: manifest, configuration: "").directory.discard()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["notes.txt"])
        }
    }

    /// A file of the user's that has a name of the run's is neither replaced nor removed.
    @Test(arguments: [
        "config.yaml", "inputs/my.cif", "metrics.jsonl", "roles.jsonl", "reference.safetensors", "tensorboard/events",
    ])
    func create_overOtherFiles_isRefusedAndLeavesThem(name: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("mine".utf8).write(to: url)
            let top = String(name.prefix { $0 != "/" })
            let expected = ArchiveError.occupied(path: folder.path, names: [top])
            #expect(throws: expected) { try RunDirectory.checkIsFree(at: folder, manifest: manifest) }
            #expect(throws: expected) {
                try RunDirectory.create(at: folder, manifest: manifest, configuration: "")
            }
            #expect(try Data(contentsOf: url) == Data("mine".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [top])
        }
    }

    /// Killed while it begins, a run is begun anew; what else came meanwhile is still nobody's to remove.
    @Test func create_afterAKillWhileBeginning_beginsAnew() throws {
        try withTemporaryFolder { folder in
            let names = ReservedNames(in: folder, begun: ["config.yaml"], later: ["metrics.jsonl"])
            try names.claim()
            try Data("half".utf8).write(to: folder.appending(path: "config.yaml"))
            let (directory, lock) = try RunDirectory.create(at: folder, manifest: manifest, configuration: "seed: 1\n")
            lock.release()
            #expect(try String(contentsOf: directory.configuration, encoding: .utf8) == "seed: 1\n")
            #expect(throws: ArchiveError.occupied(path: folder.path, names: ["config.yaml"])) { try names.check() }
        }
    }

    @Test(arguments: ["archive.sqlite", "checkpoints/version-000003"])
    func create_overPartsOfARun_isRefused(part: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: part)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("x".utf8).write(to: url)
            let error = #expect(throws: ArchiveError.self) {
                try RunDirectory.create(at: folder, manifest: manifest, configuration: "")
            }
            #expect(error?.description.contains("no run.json") == true)
            #expect(try Data(contentsOf: url) == Data("x".utf8))
        }
    }

    @Test func replaceConfiguration_isKnownToTheManifest() throws {
        try withTemporaryFolder { folder in
            var directory = try RunDirectory.create(at: folder, manifest: manifest, configuration: "a: 1\n").directory
            let before = directory.manifest.configurationDigests
            try directory.replaceConfiguration(with: "a: 2\n")
            let after = try RunDirectory.open(at: folder).manifest.configurationDigests
            #expect(after?.count == 1)
            #expect(after != before)
        }
    }

    /// `run.json` of the first release.
    @Test func open_ofAnOlderManifest_works() throws {
        try withTemporaryFolder { folder in
            let text = """
                {"run_id": "1", "build": "0.1.0", "seed": 1, "created_at": "2026-01-01T00:00:00Z", "host": "h",
                "reference_digest": "abc"}
                """
            try Data(text.utf8).write(to: folder.appending(path: "run.json"))
            #expect(try RunDirectory.open(at: folder).manifest.configurationDigests == nil)
        }
    }
}
