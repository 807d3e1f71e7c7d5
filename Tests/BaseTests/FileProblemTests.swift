import Base
import Foundation
import Testing

@Suite struct FileProblemTests {
    private func words(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch { return FileProblem.reason(of: error) }
    }

    @Test func fileErrors_areToldInOurWords() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let missing = folder.appending(path: "missing")
        let file = folder.appending(path: "file")
        try Data([0xFF]).write(to: file)
        #expect(words { _ = try Data(contentsOf: missing) } == "no such file or folder")
        #expect(words { _ = try Data(contentsOf: folder) } == "it is a folder")
        #expect(words { _ = try Data(contentsOf: file.appending(path: "x")) } == "a part of the path is no folder")
        #expect(words { try Data().write(to: missing.appending(path: "x")) } == "no such file or folder")
        #expect(
            words { _ = try FileManager.default.contentsOfDirectory(atPath: missing.path) } == "no such file or folder")
        #expect(words { _ = try String(contentsOf: file, encoding: .utf8) } == "it is not UTF-8 text")
        struct Other: Error {}
        #expect(words { throw Other() } == "the system refuses it")
    }

    @Test func aUsedUpQuota_isAFullDisk_andALackOfRightsIsNot() {
        for code in [ENOSPC, EDQUOT] {
            let reason = FileProblem.reason(of: NSError(domain: NSPOSIXErrorDomain, code: Int(code)))
            #expect(FileProblem.isFullDisk(reason: reason))
            #expect(FileProblem.isFullDisk(reason: FileProblem.reason(ofCode: code)))
            #expect(!FileProblem.isLasting(reason: reason), "room may come again")
        }
        #expect(!FileProblem.isFullDisk(reason: FileProblem.reason(ofCode: EACCES)))
        #expect(!FileProblem.isFullDisk(reason: FileProblem.reason(ofCode: EIO)))
    }
}
