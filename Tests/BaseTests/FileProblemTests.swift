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

    /// A full disk, or a quota that is used up: what waits for room waits for either, and says which it is.
    @Test func lackOfRoom_isToldFromAllElse() {
        let lacking: [POSIXErrorCode] = [.ENOSPC, .EDQUOT]
        for code in lacking {
            #expect(FileProblem.isFullDisk(code: code.rawValue))
            let reason = FileProblem.reason(of: POSIXError(code))
            #expect(FileProblem.isFullDisk(reason: reason) && !FileProblem.isLasting(reason: reason), "\(reason)")
            // As Foundation throws them.
            let behind = NSError(
                domain: NSCocoaErrorDomain, code: CocoaError.fileWriteUnknown.rawValue,
                userInfo: [NSUnderlyingErrorKey: POSIXError(code)])
            #expect(FileProblem.reason(of: behind) == reason)
        }
        #expect(FileProblem.reason(of: POSIXError(.EDQUOT)) == "the quota of disk space is used up")
        let outOfSpace = FileProblem.reason(of: CocoaError(.fileWriteOutOfSpace))
        #expect(FileProblem.isFullDisk(reason: outOfSpace))
        let others: [POSIXErrorCode] = [.EIO, .EFBIG, .EACCES, .EROFS, .ENOENT, .EMFILE, .ENOMEM, .EPERM]
        for code in others {
            #expect(!FileProblem.isFullDisk(code: code.rawValue))
            #expect(!FileProblem.isFullDisk(reason: FileProblem.reason(of: POSIXError(code))), "\(code)")
        }
    }
}
