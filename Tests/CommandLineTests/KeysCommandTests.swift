import Foundation
import ProgramFixtures
import Testing

/// `druse keys`: make, allow, list, revoke.
@Suite struct KeysCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func keys(_ arguments: [String]) throws -> DruseProcess.Outcome {
        try DruseProcess.run(["keys"] + arguments)
    }

    @Test func keys_madeAllowedListedAndRevoked() throws {
        let place = folder.path("keys")
        #expect(try keys(["new", "--learner", "-o", place]).status == 0)
        #expect(try keys(["list", place]).output.contains("nobody can take part"))
        let made = try keys(["new", "worker", "--role", "reward-worker", "-o", place, "--allow"])
        #expect(made.status == 0, "\(made.messages)")
        let remote = folder.path("remote")
        #expect(try keys(["new", "actor-1", "-o", remote]).status == 0)
        let allowed = try keys(["allow", place, "\(remote)/actor-1.pub", "--role", "actor"])
        #expect(allowed.status == 0, "\(allowed.messages)")
        #expect(allowed.output == "allowed: actor-1, actor, in \(place)/allowed\n")
        let lines = try keys(["list", place]).output.split(separator: "\n").map { $0.split(separator: " ") }
        #expect(lines.map { $0.prefix(2).joined(separator: " ") } == ["actor-1 actor", "worker reward-worker"])
        // The key that was made is the one that is listed.
        #expect(made.output.contains(lines[1][2]))
        #expect(try keys(["revoke", "\(place)/allowed", "actor-1"]).status == 0)
        #expect(try keys(["list", place]).output.split(separator: "\n").count == 1)
        let secret = try String(contentsOfFile: "\(place)/worker.key", encoding: .utf8)
        let object = try JSONSerialization.jsonObject(with: Data(secret.utf8)) as? [String: Any]
        #expect(!made.output.contains(try #require(object?["secret"] as? String)))
    }

    @Test(arguments: [
        (["new"], 64, "give the name of a key"), (["new", "a", "--learner"], 64, "give the name of a key"),
        (["new", "../a"], 64, "no name of a key"), (["new", "learner"], 64, "--learner"),
        (["new", "a", "--role", "learner"], 64, "--learner"), (["new", "a", "--role", "king"], 64, "king"),
        (["new", "--learner", "--allow"], 64, "--allow"), (["new", "a", "-o", "/proc/keys"], 1, "/proc/keys"),
        (["list", "/nowhere"], 1, "cannot read /nowhere"),
        (["allow", "/nowhere", "/nowhere/a.pub"], 1, "/nowhere/a.pub"),
        (["revoke", "/nowhere", "a"], 1, "/nowhere"),
    ])
    func keys_askedForWhatCannotBe_saysSoInOneLine(arguments: [String], status: Int32, words: String) throws {
        let outcome = try keys(arguments)
        #expect(outcome.status == status)
        #expect(outcome.messages.contains(words), "\(outcome.messages)")
        if status == 1 { #expect(outcome.messageLines.count == 1) }
    }

    @Test func new_allowWithoutALearner_isRefused() throws {
        let outcome = try keys(["new", "a", "-o", folder.path("k"), "--allow"])
        #expect(outcome.status == 1)
        #expect(outcome.messages.contains("holds no learner.key"))
        #expect(!FileManager.default.fileExists(atPath: folder.path("k")))
    }
}
