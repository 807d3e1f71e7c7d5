import Foundation
import ProgramFixtures
import Security
import Testing
import Transport

/// Who may take part: files in a folder, that change while a learner runs.
@Suite struct AllowListTests {
    private let folder: TemporaryFolder
    private let keys: KeyFolder

    init() throws {
        folder = try TemporaryFolder()
        keys = KeyFolder(path: folder.path("keys"))
        try keys.write(record("learner", .learner))
    }

    private func record(_ name: String, _ role: KeyRole = .any) throws -> KeyRecord {
        KeyRecord(name: name, role: role, pair: try CurveEnd.makePair(), created: KeyRecord.today)
    }

    @Test func allowAndRevoke_changeTheList() throws {
        let (one, two) = (try record("one"), try record("two", .actor))
        try keys.allowed.allow(one, as: .rewardWorker)
        try keys.allowed.allow(two, as: two.role)
        let list = try keys.allowed.read().list
        #expect(list.count == 2)
        let holder = try #require(list.holder(of: one.publicKey))
        #expect(holder == KeyHolder(name: "one", publicKey: one.publicKey))
        #expect(list.role(of: holder) == .rewardWorker)
        #expect(list.role(of: KeyHolder(name: "two", publicKey: two.publicKey)) == .actor)
        // A name under which another key is known is nobody's.
        #expect(list.role(of: KeyHolder(name: "one", publicKey: two.publicKey)) == nil)
        #expect(list.holder(of: try record("three").publicKey) == nil)
        try keys.allowed.revoke("one")
        #expect(try keys.allowed.read().list.holder(of: one.publicKey) == nil)
        let error = try #require(throws: SecurityError.self) { try keys.allowed.revoke("one") }
        #expect("\(error)".contains("which has two"))
        #expect(throws: SecurityError.self) { try keys.allowed.revoke("../learner") }
        #expect(FileManager.default.fileExists(atPath: keys.file("learner.pub")))
    }

    @Test func sameKeyUnderTwoNames_isRefused() throws {
        let one = try record("one")
        try keys.allowed.allow(one, as: .any)
        let other = KeyRecord(name: "other", role: .any, pair: try one.pair(of: ""), created: "")
        #expect(throws: SecurityError.self) { try keys.allowed.allow(other, as: .any) }
        try Data(other.shared().content()).write(to: URL(filePath: keys.allowed.path).appending(path: "other.pub"))
        #expect(throws: SecurityError.self) { try keys.allowed.read() }
    }

    @Test func roleOfALearner_isNotAllowed() throws {
        let learner = try KeyFolder.publicRecord(keys.file("learner.pub"))
        #expect(throws: SecurityError.self) { try keys.allowed.allow(learner, as: learner.role) }
        #expect(try keys.allowed.read().list.count == 0)
    }

    @Test func oneDamagedFile_makesTheListUnusable() throws {
        try keys.allowed.allow(record("one"), as: .any)
        let place = URL(filePath: keys.allowed.path)
        for (name, text) in [("half.pub", #"{"druse_key":1,"name":"ha"#), ("empty.pub", "")] {
            let file = place.appending(path: name)
            try Data(text.utf8).write(to: file)
            let error = try #require(throws: SecurityError.self) { try keys.allowed.read() }
            #expect("\(error)".contains(name))
            try FileManager.default.removeItem(at: file)
        }
        // A secret does not belong there, and neither does a file under another's name.
        let two = try record("two")
        let file = place.appending(path: "two.pub")
        try Data(two.content()).write(to: file)
        #expect(throws: SecurityError.self) { try keys.allowed.read() }
        try FileManager.default.removeItem(at: file)
        try Data(two.shared().content()).write(to: place.appending(path: "three.pub"))
        #expect(throws: SecurityError.self) { try keys.allowed.read() }
        try FileManager.default.removeItem(at: place.appending(path: "three.pub"))
        // What is no key by its name is none of its business.
        try Data().write(to: place.appending(path: ".one.pub.tmp-1"))
        try Data().write(to: place.appending(path: "README"))
        #expect(try keys.allowed.read().list.count == 1)
    }

    @Test func listThatOthersCanChange_isRefused() throws {
        try keys.allowed.allow(record("one"), as: .any)
        let file = keys.allowed.path + "/one.pub"
        for path in [file, keys.allowed.path] {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
            let error = try #require(throws: SecurityError.self) { try keys.allowed.read() }
            #expect("\(error)".contains("chmod go-w \(path)"))
            try FileManager.default.setAttributes([.posixPermissions: mode as Any], ofItemAtPath: path)
        }
        #expect(try keys.allowed.read().list.count == 1)
    }

    /// A change shows without reading the files, whatever way it is made.
    @Test func look_changesWithTheFiles() throws {
        try keys.allowed.allow(record("one"), as: .any)
        let first = try keys.allowed.look()
        #expect(try keys.allowed.look() == first)
        try keys.allowed.allow(record("one"), as: .any)
        let second = try keys.allowed.look()
        #expect(second != first)
        try keys.allowed.revoke("one")
        #expect(try keys.allowed.look() != second)
    }

    @Test func place_isAFolderOfKeysOrAList() throws {
        #expect(AllowListFolder.find(keys.path).path == keys.allowed.path)
        #expect(AllowListFolder.find(keys.allowed.path).path == keys.allowed.path)
        #expect(AllowListFolder.find(folder.path("elsewhere")).path == folder.path("elsewhere"))
    }

    @Test func holder_survivesItsText() throws {
        let holder = KeyHolder(name: "worker-1.gpu", publicKey: try record("x").publicKey)
        #expect(KeyHolder(text: holder.text) == holder)
        let key = holder.publicKey.text
        for text in ["", "worker", "worker ", "worker short", "../x \(key)", " \(key)", "worker \(key) "] {
            #expect(KeyHolder(text: text) == nil)
        }
    }
}
