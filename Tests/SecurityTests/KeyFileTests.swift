import Foundation
import ProgramFixtures
import Security
import Testing
import Transport

/// Files of keys: what is written, who may read it, what is refused.
@Suite struct KeyFileTests {
    private static let zeros = String(repeating: "0", count: 40)

    private let folder: TemporaryFolder
    private let keys: KeyFolder

    init() throws {
        folder = try TemporaryFolder()
        keys = KeyFolder(path: folder.path("keys"))
    }

    private func record(_ name: String, _ role: KeyRole = .any) throws -> KeyRecord {
        KeyRecord(name: name, role: role, pair: try CurveEnd.makePair(), created: KeyRecord.today)
    }

    private func mode(_ path: String) throws -> Int {
        let value = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        return try #require(value as? Int)
    }

    private func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test func key_written_isReadBackAndItsSecretStaysWithItsOwner() throws {
        let learner = try record("learner", .learner)
        try keys.write(learner)
        let worker = try record("worker-1", .rewardWorker)
        let paths = try keys.write(worker)
        #expect(try mode(paths.secret) == 0o600)
        #expect(try mode(paths.shared) == 0o644)
        let credentials = try PeerCredentials(path: keys.path)
        #expect(credentials.name == "worker-1")
        #expect(credentials.pair.publicKey == worker.publicKey)
        #expect(credentials.pair.secretKey.revealed() == worker.secretKey?.revealed())
        #expect(credentials.server == learner.publicKey)
        let shared = try String(contentsOfFile: paths.shared, encoding: .utf8)
        #expect(!shared.contains("secret"))
        #expect(!shared.contains(try #require(worker.secretKey?.revealed())))
        #expect(try LearnerCredentials(path: keys.path).pair.publicKey == learner.publicKey)
    }

    /// A link to a disk that is not mounted, above the folder.
    @Test func folder_belowALinkToNothing_isRefused() throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"), withDestinationPath: folder.path("nothing/here"))
        let error = #expect(throws: SecurityError.self) {
            try KeyFolder(path: folder.path("link/deep/keys")).write(record("worker"))
        }
        #expect(error?.description.contains(folder.path("link/deep")) == true, "\(error?.description ?? "")")
    }

    @Test func key_ofANameThatIsThere_isNotReplaced() throws {
        let paths = try keys.write(record("worker"))
        let before = try Data(contentsOf: URL(filePath: paths.secret))
        let error = #expect(throws: SecurityError.self) { try keys.write(record("worker")) }
        #expect(error?.description.contains("take another name") == true)
        #expect(try Data(contentsOf: URL(filePath: paths.secret)) == before)
    }

    @Test(arguments: ["", ".hidden", "a/b", "-o", "ä", "a b", String(repeating: "a", count: 65)])
    func name_thatIsNone_isRefused(name: String) throws {
        #expect(throws: SecurityError.self) { try keys.write(record(name)) }
        #expect(KeyName.problem(of: name) != nil)
    }

    @Test(arguments: [0o640, 0o604, 0o666, 0o620, 0o440, 0o601])
    func secret_thatOthersCanRead_isRefusedWithWhatToDo(mode: Int) throws {
        try keys.write(record("learner", .learner))
        let paths = try keys.write(record("worker"))
        try setMode(mode, paths.secret)
        let error = try #require(throws: SecurityError.self) { try PeerCredentials(path: keys.path) }
        #expect("\(error)".contains("chmod 600 \(paths.secret)"))
        #expect("\(error)".contains("defaultMode: 0400"))
        #expect("\(error)".contains("0" + String(mode, radix: 8)))
        try setMode(0o600, paths.secret)
        try setMode(mode, keys.file("learner.key"))
        #expect(throws: SecurityError.self) { try LearnerCredentials(path: keys.path) }
    }

    /// As a Secret of Kubernetes is mounted: links to files that nobody can write.
    @Test func secret_behindALinkAndReadOnly_isTaken() throws {
        try keys.write(record("learner", .learner))
        let paths = try keys.write(record("worker"))
        let mount = folder.url.appending(path: "mount")
        try FileManager.default.createDirectory(at: mount, withIntermediateDirectories: true)
        try setMode(0o400, paths.secret)
        for name in ["worker.key", "learner.pub"] {
            try FileManager.default.createSymbolicLink(
                atPath: mount.appending(path: name).path, withDestinationPath: keys.file(name))
        }
        #expect(try PeerCredentials(path: mount.path).name == "worker")
        try setMode(0o444, paths.secret)
        #expect(throws: SecurityError.self) { try PeerCredentials(path: mount.path) }
    }

    @Test func folderOfSeveralKeys_asksForOne() throws {
        try keys.write(record("learner", .learner))
        var error = try #require(throws: SecurityError.self) { try PeerCredentials(path: keys.path) }
        #expect("\(error)".contains("druse keys new NAME -o \(keys.path)"))
        try keys.write(record("one"))
        try keys.write(record("two"))
        error = try #require(throws: SecurityError.self) { try PeerCredentials(path: keys.path) }
        #expect("\(error)".contains("one.key, two.key"))
        #expect(try PeerCredentials(path: keys.file("two.key")).name == "two")
    }

    @Test func keysInTheWrongPlace_areRefusedByName() throws {
        try keys.write(record("learner", .learner))
        try keys.write(record("worker"))
        func problem(_ body: () throws -> Void) throws -> String {
            "\(try #require(throws: SecurityError.self, performing: body))"
        }
        #expect(try problem { _ = try PeerCredentials(path: keys.file("learner.key")) }.contains("key of a learner"))
        #expect(try problem { _ = try PeerCredentials(path: keys.file("worker.pub")) }.contains("is a public key"))
        #expect(
            try problem { _ = try PeerCredentials(path: keys.file("worker.key"), serverKey: keys.file("worker.pub")) }
                .contains("learner.pub is needed"))
        #expect(
            try problem { _ = try PeerCredentials(path: keys.file("worker.key"), serverKey: keys.file("learner.key")) }
                .contains("give the .pub file"))
        #expect(try problem { _ = try PeerCredentials(path: folder.path("nowhere")) }.contains("druse keys new"))
        #expect(try problem { _ = try LearnerCredentials(path: folder.path("nowhere")) }.contains("--learner"))
        try FileManager.default.removeItem(atPath: keys.file("learner.pub"))
        #expect(try problem { _ = try PeerCredentials(path: keys.path) }.contains("--server-key"))
    }

    @Test(arguments: [
        "", "{}", "null", "[1]", #"{"druse_key":2,"name":"a","role":"any","public":"x","created":""}"#,
        #"{"druse_key":1,"name":"a","role":"king","public":"x","created":""}"#,
        #"{"druse_key":1,"name":"../a","role":"any","public":"x","created":""}"#,
        #"{"druse_key":1,"name":"a","role":"any","public":"x","created":""}"#,
        #"{"druse_key":1,"name":"a","role":"any","secret":"hush-hush","public":"\#(Self.zeros)","created":""}"#,
    ])
    func contentThatIsNoKey_isRefusedAndNeverQuoted(text: String) throws {
        let path = try folder.file("a.key", text)
        let error = try #require(throws: SecurityError.self) { try KeyRecord(Array(text.utf8), path: path) }
        #expect("\(error)".hasPrefix(path))
        #expect(!"\(error)".contains("hush-hush"))
    }

    @Test func publicKey_ofRFC32_isReadAndWritten() throws {
        // The example of RFC 32: eight bytes, here four times.
        let bytes: [UInt8] = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]
        let key = try #require(PublicKey(bytes: bytes + bytes + bytes + bytes))
        #expect(key.text == String(repeating: "HelloWorld", count: 4))
        #expect(PublicKey(text: key.text) == key)
        let texts = ["", "short", String(repeating: "#", count: 40), String(repeating: "~", count: 40), key.text + "0"]
        for text in texts {
            #expect(PublicKey(text: text) == nil)
        }
    }

    /// Whatever prints a value prints no secret: interpolation, dumps, mirrors of what holds one.
    @Test func secret_isShownByNothing() throws {
        let record = try record("worker")
        let secret = try #require(record.secretKey)
        let text = secret.revealed()
        var dumped = ""
        dump(record, to: &dumped)
        dump(try record.pair(of: ""), to: &dumped)
        for shown in ["\(record)", "\(secret)", String(reflecting: record), String(describing: secret), dumped] {
            #expect(!shown.contains(text))
            #expect(!shown.contains("bytes: [") || !shown.contains("\(Array(text.utf8))"))
        }
        #expect("\(secret)" == "(secret)")
        let numbers = Mirror(reflecting: secret).children.count
        #expect(numbers == 0)
    }

    /// Twenty thousand files changed at random; a million with DRUSE_SLOW_TESTS=1.
    @Test func contentChangedAtRandom_isReadOrRefused() throws {
        let count = ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1" ? 1_000_000 : 20_000
        let record = try record("worker", .actor)
        let content = try record.content()
        let secret = try #require(record.secretKey?.revealed())
        var state: UInt64 = 7
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var readable = 0
        for _ in 0..<count {
            var changed = content
            for _ in 0...random(3) where !changed.isEmpty {
                let place = random(changed.count)
                switch random(4) {
                case 0: changed[place] = UInt8(random(256))
                case 1: changed.removeLast(random(changed.count - place + 1))
                case 2: changed.remove(at: place)
                default: changed.insert(UInt8(random(256)), at: place)
                }
            }
            do {
                let read = try KeyRecord(changed, path: "a.key")
                readable += 1
                #expect(KeyName.problem(of: read.name) == nil)
                _ = KeyHolder(text: String(decoding: changed, as: UTF8.self))
            } catch { #expect(!"\(error)".contains(secret)) }
        }
        #expect((1..<count).contains(readable))
    }
}
