import Foundation
import Telemetry
import Testing

@Suite struct JSONLinesWriterTests {
    private struct Entry: Codable, Equatable, Sendable {
        var name: String
        var value: Double
    }

    @Test func append_thenRead_givesTheRecordsInOrder() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "metrics.jsonl")
            let writer = try JSONLinesWriter(url: url)
            try writer.append(Entry(name: "line\nbreak \"quoted\"", value: 0.1))
            try writer.append(Entry(name: "b", value: -.infinity))
            let contents = try JSONLines.read(Entry.self, from: url)
            #expect(contents.records.map(\.value) == [0.1, -.infinity])
            #expect(contents.records[0].name == "line\nbreak \"quoted\"")
            #expect(contents.skippedLines == 0)
            #expect(try String(contentsOf: url, encoding: .utf8).split(separator: "\n").count == 2)
        }
    }

    @Test func open_afterATruncatedLine_cutsItOff() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "metrics.jsonl")
            try Data("{\"name\":\"a\",\"value\":1}\n{\"name\":\"b\",\"va".utf8).write(to: url)
            let writer = try JSONLinesWriter(url: url)
            #expect(writer.repairedBytes == 15)
            try writer.append(Entry(name: "c", value: 3))
            let contents = try JSONLines.read(Entry.self, from: url)
            #expect(contents.records.map(\.name) == ["a", "c"])
            #expect(contents.skippedLines == 0)
        }
    }

    @Test func open_afterALineWithoutItsBreak_keepsIt() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "metrics.jsonl")
            try Data("{\"name\":\"a\",\"value\":1}".utf8).write(to: url)
            let writer = try JSONLinesWriter(url: url)
            try writer.append(Entry(name: "c", value: 3))
            #expect(writer.repairedBytes == 0)
            #expect(try JSONLines.read(Entry.self, from: url).records.map(\.name) == ["a", "c"])
        }
    }

    @Test func open_afterATruncatedLineLongerThanAPiece_findsItsStart() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "metrics.jsonl")
            let long = String(repeating: "x", count: 200_000)
            try Data("{\"name\":\"a\",\"value\":1}\n{\"name\":\"\(long)".utf8).write(to: url)
            let writer = try JSONLinesWriter(url: url)
            #expect(writer.repairedBytes == 200_009)
            try writer.append(Entry(name: "c", value: 3))
            #expect(try JSONLines.read(Entry.self, from: url).records.map(\.name) == ["a", "c"])
        }
    }

    /// As `logrotate` does with `copytruncate`.
    @Test func append_afterTheFileWasEmptied_beginsAtItsStart() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "metrics.jsonl")
            let writer = try JSONLinesWriter(url: url)
            try writer.append(Entry(name: "a", value: 1))
            let handle = try FileHandle(forWritingTo: url)
            try handle.truncate(atOffset: 0)
            try writer.append(Entry(name: "b", value: 2))
            #expect(try Data(contentsOf: url) == Data("{\"name\":\"b\",\"value\":2}\n".utf8))
        }
    }

    @Test func open_inAMissingFolder_saysSo() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "missing/metrics.jsonl")
            let error = #expect(throws: TelemetryError.self) { try JSONLinesWriter(url: url) }
            #expect(error?.description.contains("missing/metrics.jsonl") == true)
        }
    }

    @Test func read_skipsWhatIsNoRecord() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "metrics.jsonl")
            try Data("{\"name\":\"a\",\"value\":1}\nrubbish\n{\"other\":1}\n".utf8).write(to: url)
            let contents = try JSONLines.read(Entry.self, from: url)
            #expect(contents.records.count == 1)
            #expect(contents.skippedLines == 2)
            #expect(try JSONLines.read(Entry.self, from: folder.appending(path: "none")).records.isEmpty)
        }
    }
}

/// Runs a test in a new folder and removes it afterwards.
func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "druse-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}
