import Base
import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What stands under the name of an output, before and after it is whole.
@Suite final class OutputFileTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "druse-output-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appending(path: name).path }
    private func text(_ name: String) -> String? { try? String(contentsOfFile: path(name), encoding: .utf8) }
    private var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() }

    @Test func file_isReplacedWhenItIsWhole_andKeepsItsPermissions() throws {
        try Data("old".utf8).write(to: URL(filePath: path("a")))
        chmod(path("a"), 0o640)
        let file = try OutputFile(path: path("a"))
        try file.write("new".utf8)
        #expect(text("a") == "old")
        try file.finish()
        #expect(text("a") == "new" && names == ["a"])
        let mode = try FileManager.default.attributesOfItem(atPath: path("a"))[.posixPermissions] as? Int
        #expect(mode == 0o640)
    }

    @Test func unfinishedFile_isRemovedOrKept() throws {
        for (unfinished, left) in [(OutputFile.Unfinished.removed, ["a"]), (.kept, ["a", "a.partial"])] {
            try Data("old".utf8).write(to: URL(filePath: path("a")))
            do {
                let file = try OutputFile(path: path("a"), unfinished: unfinished)
                try file.write("half".utf8)
                try file.flush()
            }
            #expect(text("a") == "old" && names == left)
        }
        #expect(text("a.partial") == "half")
        // Of nothing, nothing is kept.
        do { _ = try OutputFile(path: path("b"), unfinished: .kept) }
        #expect(names == ["a", "a.partial"])
    }

    @Test func symbolicLink_staysAndLeadsToTheNewFile() throws {
        try FileManager.default.createDirectory(atPath: path("deep"), withIntermediateDirectories: true)
        for target in ["deep/real", path("other")] {
            try? FileManager.default.removeItem(atPath: path("link"))
            try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: target)
            // The first time there is nothing where it leads.
            for content in ["one", "two"] {
                try OutputFile.write(content.utf8, to: path("link"))
                #expect(text("link") == content)
            }
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path("link")) == target)
        }
        #expect(text("deep/real") == "two" && text("other") == "two" && names == ["deep", "link", "other"])
    }

    @Test func pipe_isWrittenInto() throws {
        #expect(mkfifo(path("pipe"), 0o600) == 0)
        let reader = open(path("pipe"), O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        #expect(OutputFile.isStream(path("pipe")))
        try OutputFile.write("through".utf8, to: path("pipe"))
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = read(reader, &buffer, buffer.count)
        #expect(count == 7 && String(decoding: buffer.prefix(7), as: UTF8.self) == "through")
        #expect(names == ["pipe"] && OutputFile.isStream(path("pipe")))
    }

    @Test func device_staysADevice() throws {
        #expect(OutputFile.isStream("/dev/null") && !OutputFile.isStream(path("none")))
        try OutputFile.write("away".utf8, to: "/dev/null")
        #expect(OutputFile.isStream("/dev/null"))
    }

    @Test func folder_isRefused() {
        #expect(throws: OutputFileError.failed(path: folder.path, reason: "it is a folder")) {
            try OutputFile.write([], to: folder.path)
        }
    }

    @Test func placeThatCannotBeWritten_isToldByItsReason() throws {
        try Data("old".utf8).write(to: URL(filePath: path("a")))
        for (name, reason) in [("none/b", "the folder is missing"), ("a/b", "a part of the path is no folder")] {
            let error = OutputFileError.failed(path: path(name), reason: reason)
            #expect(throws: error) { _ = try OutputFile(path: path(name)) }
            #expect(throws: error) { try OutputFile.requireWritable(path(name)) }
        }
        for name in ["a", "new"] { try OutputFile.requireWritable(path(name)) }
        #expect(text("a") == "old" && names == ["a"])
    }

    /// A pipe that nobody reads any more is told apart from what is a fault.
    @Test func pipeWhoseReaderHasGone_isNoFault() throws {
        #expect(mkfifo(path("pipe"), 0o600) == 0)
        let reader = open(path("pipe"), O_RDONLY | O_NONBLOCK)
        let file = try OutputFile(path: path("pipe"))
        close(reader)
        try file.write("lost".utf8)
        let error = #expect(throws: OutputFileError.self) { try file.flush() }
        #expect(error?.isOfGoneReader == true)
        #expect(!OutputFileError.failed(path: "a", reason: FileProblem.reason(ofCode: ENOSPC)).isOfGoneReader)
    }
}
