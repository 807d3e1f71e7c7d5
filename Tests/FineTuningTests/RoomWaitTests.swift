import Archive
import Base
import FineTuning
import Fleet
import Foundation
import Synchronization
import Telemetry
import Testing

/// What is done and said while a disk is full.
@Suite struct RoomWaitTests {
    private let folder = FileManager.default.temporaryDirectory
    private let full = ArchiveError.noRoom(path: "/run/archive.sqlite", operation: "add crystals")

    @Test func keep_whereThereIsRoomAgain_doesItOnceMoreAndSaysSo() throws {
        let lines = Mutex<[String]>([])
        let room = RoomWait(directory: folder, stop: StopToken()) { line in lines.withLock { $0.append(line) } }
        var tries = 0
        let value = try room.keep("the batch of step 3", bytes: 5000) {
            tries += 1
            #expect(room.isWaiting == (tries > 1))
            if tries == 1 { throw full }
            return 7
        }
        let told = lines.withLock { $0 }
        #expect(value == 7 && tries == 2 && told.count == 2 && !room.isWaiting)
        #expect(
            told.first?.hasPrefix(
                "cannot add crystals in /run/archive.sqlite: no space left on the disk: the batch of step 3 needs "
                    + "about 5.0 kB, ") == true, "\(told)")
        #expect(told.first?.contains("are free in \(folder.path)") == true)
        #expect(told.last?.hasPrefix("there is room in \(folder.path) again: the batch of step 3 is kept") == true)
    }

    /// It reminds as long as it waits; asked to stop, it gives the step up.
    @Test func keep_whileThereIsNoRoom_remindsUntilAskedToStop() throws {
        let lines = Mutex<[String]>([])
        let stop = StopToken()
        let room = RoomWait(directory: folder, stop: stop, reminder: .milliseconds(1)) { line in
            let count = lines.withLock { lines in
                lines.append(line)
                return lines.count
            }
            if count == 3 { stop.stop("SIGTERM") }
        }
        let error = #expect(throws: StepGivenUp.self) {
            try room.keep("the checkpoint of version 3", bytes: Int.max) { throw full }
        }
        #expect(error?.description.hasPrefix("stopping (SIGTERM) while the disk of \(folder.path) is full") == true)
        let told = lines.withLock { $0 }
        #expect(told.count == 3 && told.dropFirst().allSatisfy { $0.hasPrefix("still waiting for room in ") })
    }

    /// A quota that is used up is waited for as a full disk is.
    @Test func keep_overAQuota_waits() throws {
        let lines = Mutex<[String]>([])
        let room = RoomWait(directory: folder, stop: StopToken()) { line in lines.withLock { $0.append(line) } }
        let reason = FileProblem.reason(of: POSIXError(.EDQUOT))
        var tries = 0
        try room.keep("it", bytes: 1) {
            tries += 1
            if tries == 1 { throw ArchiveError.file(path: "/run/x", operation: "write", reason: reason) }
        }
        #expect(tries == 2)
        #expect(lines.withLock { $0.first?.contains("the quota of disk space is used up") } == true)
    }

    /// What more room does not heal is no reason to wait.
    @Test func keep_ofAnotherFault_throwsIt() {
        let room = RoomWait(directory: folder, stop: StopToken()) { Issue.record("\($0)") }
        let fault = ArchiveError.file(path: "/run/x", operation: "write", reason: "permission denied")
        #expect(throws: fault) { try room.keep("it", bytes: 1) { throw fault } }
    }

    @Test func freeSpace_ofAFolder_isKnown() throws {
        #expect(try #require(FreeSpace.bytes(at: folder)) > 0)
        #expect(FreeSpace.bytes(at: folder.appending(path: "no-such-folder")) == nil)
        #expect(!FreeSpace.isExhausted(at: folder))
    }
}
