import Foundation
import ProgramFixtures
import Security
import Testing

/// The keys of a run in a folder of its own, made as users make them.
struct KeyRing {
    let folder: String
    private let owner: TemporaryFolder

    /// Makes the learner's key.
    init(_ folder: TemporaryFolder) throws {
        owner = folder
        self.folder = folder.path("keys")
        try run(["new", "--learner", "-o", self.folder])
    }

    /// Runs `druse keys`, which must succeed.
    @discardableResult
    func run(_ arguments: [String]) throws -> String {
        let outcome = try DruseProcess.run(["keys"] + arguments)
        #expect(outcome.status == 0, "\(outcome.messages)")
        return outcome.output
    }

    /// Makes a peer's key, in a folder beside a copy of the learner's public key, as on another machine.
    ///
    /// - Returns: that folder.
    func make(_ name: String, role: KeyRole = .any, isAllowed: Bool = true) throws -> String {
        let place = "\(folder)-\(name)"
        try run(["new", name, "--role", role.rawValue, "-o", place])
        try FileManager.default.copyItem(atPath: "\(folder)/learner.pub", toPath: "\(place)/learner.pub")
        if isAllowed { try allow(name) }
        return place
    }

    func allow(_ name: String, _ more: [String] = []) throws {
        try run(["allow", folder, "\(folder)-\(name)/\(name).pub"] + more)
    }

    func revoke(_ name: String) throws { try run(["revoke", folder, name]) }

    func credentials(_ name: String) throws -> PeerCredentials { try PeerCredentials(path: "\(folder)-\(name)") }

    /// The secrets of all keys, as their files have them.
    func secrets() throws -> [String] {
        let parent = URL(filePath: folder).deletingLastPathComponent()
        let files =
            FileManager.default.enumerator(at: parent, includingPropertiesForKeys: nil)?
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "key" } ?? []
        return try files.map { file in
            let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
            return try #require(object?["secret"] as? String)
        }
    }
}
