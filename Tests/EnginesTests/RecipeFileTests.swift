import Base
import Engines
import Foundation
import ProgramFixtures
import Rewards
import Testing
import Trajectories

/// Files that recipes name, on a reward worker's machine.
@Suite struct RecipeFileTests {
    private func settings(_ file: RecipeFile) throws -> String {
        var recipe = Recipe(
            limits: ValidityLimits(), potential: "chgnet", potentialDigest: "", hull: file.name, hullDigest: "")
        recipe.hullFile = file
        return try PeerSettings.text(recipe)
    }

    @Test func file_pulledOnce_isFoundByContentUntilItIsDamaged() throws {
        let folder = try TemporaryFolder()
        let source = URL(filePath: try folder.file("hull.json.gz", "entries"))
        let (file, blob) = try RecipeFile.offer(source)
        #expect(file.name == "hull.json.gz" && file.digest == blob.digest.hexadecimal)
        let cache = RecipeFileCache(folder: folder.url.appending(path: "cache"))
        #expect(try cache.missing(of: settings(file)) == [blob.digest])
        #expect(cache.url(of: file) == nil)
        try cache.keep(blob, of: settings(file))
        #expect(try cache.missing(of: settings(file)) == [])
        let place = try #require(cache.url(of: file))
        #expect(place.lastPathComponent == "hull.json.gz")
        #expect(try Data(contentsOf: place) == Data("entries".utf8))
        try Data("entriez".utf8).write(to: place)
        #expect(try cache.missing(of: settings(file)) == [blob.digest])
    }

    @Test(arguments: ["../../evil.json", "/etc/passwd", "..", "a/../../b", "", "ä ö.json"])
    func name_whateverALearnerSends_staysInTheCache(name: String) throws {
        let folder = try TemporaryFolder()
        let root = folder.url.appending(path: "cache")
        let cache = RecipeFileCache(folder: root)
        let blob = Blob([1, 2, 3])
        let file = RecipeFile(name: name, digest: blob.digest.hexadecimal)
        try cache.keep(blob, of: settings(file))
        let place = try #require(cache.url(of: file)).standardizedFileURL.path
        #expect(place.hasPrefix(root.standardizedFileURL.path + "/blobs/\(file.digest)/"))
        #expect(try cache.missing(of: settings(file)) == [])
    }

    @Test func recipe_ofAFileWithoutDigest_isRefused() throws {
        let folder = try TemporaryFolder()
        let cache = RecipeFileCache(folder: folder.url)
        let file = RecipeFile(name: "hull.json", digest: "../x")
        #expect(throws: RoleError.self) { try cache.missing(of: settings(file)) }
    }

    /// As long as it lies there it would be found, taken for damaged and pulled again.
    @Test func keep_overWhatCannotBeReplaced_namesItInsteadOfPullingForEver() throws {
        let folder = try TemporaryFolder()
        let blob = Blob([1])
        let file = RecipeFile(name: "hull.json", digest: blob.digest.hexadecimal)
        let place = folder.url.appending(path: "blobs/\(file.digest)/hull.json")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let cache = RecipeFileCache(folder: folder.url)
        #expect(try cache.missing(of: settings(file)) == [blob.digest])
        let error = #expect(throws: RoleError.self) { try cache.keep(blob, of: settings(file)) }
        #expect("\(try #require(error))".contains("blobs/\(file.digest)/hull.json"))
        #expect("\(try #require(error))".contains("delete it"))
    }

    @Test func keep_whereNothingCanBeWritten_saysWhatToDo() throws {
        let folder = try TemporaryFolder()
        // A file where the cache's folder should be.
        let place = URL(filePath: try folder.file("cache", ""))
        let blob = Blob([1])
        let error = #expect(throws: RoleError.self) {
            try RecipeFileCache(folder: place).keep(
                blob, of: settings(RecipeFile(name: "hull.json", digest: blob.digest.hexadecimal)))
        }
        #expect("\(try #require(error))".contains("DRUSE_CACHE"))
    }
}
