import Base
import Foundation
import Testing

/// Real programs of the system.
@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
    private func shell(_ script: String) throws -> ChildProcess { try ChildProcess("/bin/sh", ["-c", script]) }

    /// What a program writes to its standard output.
    private func output(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil, holdsSaveRequests: Bool = false
    ) throws -> String {
        let pipe = Pipe()
        var streams = ChildProcess.Streams()
        streams.output = pipe.fileHandleForWriting.fileDescriptor
        let process = try ChildProcess(
            program, arguments, environment: environment, streams: streams, holdsSaveRequests: holdsSaveRequests)
        try pipe.fileHandleForWriting.close()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        #expect(process.wait() == 0)
        return String(decoding: data, as: UTF8.self)
    }

    @Test func status_isThatOfTheExitOrOfTheSignal() throws {
        #expect(try shell("exit 7").wait() == 7)
        let killed = try shell("exec sleep 600")
        #expect(killed.isRunning && killed.status == nil)
        killed.signal(SIGKILL)
        #expect(killed.wait() == 128 + SIGKILL)
        #expect(!killed.isRunning && killed.status == 128 + SIGKILL)
        // Nothing has its number any more, or something else has it.
        killed.signal(SIGKILL)
    }

    @Test func end_isTold() throws {
        let told = Mailbox<Int32>(capacity: 1)
        _ = try ChildProcess("/bin/sh", ["-c", "exit 3"]) { told.post($0, bounded: "it ends once") }
        #expect(told.receive(timeout: .seconds(30)) == 3)
    }

    @Test func programThatIsNotThere_isNamed() {
        let error = #expect(throws: SystemError.self) { try ChildProcess("/nowhere/program", []) }
        #expect(error?.description == "/nowhere/program: No such file or directory")
    }

    @Test func environment_isAllThatItIsGiven() throws {
        #expect(try output("/bin/sh", ["-c", "echo $A-$B"], environment: ["A": "1 2", "B": "é"]) == "1 2-é\n")
    }

    /// As many as make the list of a process's own descriptors longer than Foundation reads it.
    @Test func descriptorsOfThisProcess_areNotTheChilds() throws {
        StandardDescriptors.secure()
        let open = (0..<min(2000, StandardDescriptors.limit / 2)).compactMap { _ in try? Wakeup() }
        #expect(open.count > 100)
        // The three streams, and the one that the listing itself needs.
        #expect(try output("/bin/ls", ["/proc/self/fd"]).split(separator: "\n").count == 4)
        withExtendedLifetime(open) {}
    }

    /// A group of its own hears no Ctrl-C of a terminal.
    @Test func group_isItsOwn() throws {
        let line = try output("/bin/cat", ["/proc/self/stat"])
        let fields = line.split(separator: ") ").last?.split(separator: " ") ?? []
        #expect(fields.count > 2 && fields[2] != "\(getpgrp())")
    }

    @Test func saveRequests_areHeldBackWhereAsked() throws {
        func held(_ holds: Bool) throws -> Bool {
            let line = try output("/bin/grep", ["SigBlk", "/proc/self/status"], holdsSaveRequests: holds)
            let mask = try #require(UInt64(line.split(separator: "\t").last?.dropLast() ?? "", radix: 16))
            return mask & 1 << UInt64(SIGUSR1 - 1) != 0
        }
        #expect(try held(true))
        #expect(try !held(false))
    }
}
