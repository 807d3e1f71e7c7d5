import Base
import Foundation
import Testing

@Suite struct CompressedFileTests {
    /// `{"entries": []}` and, in a second member, `more`, a line each.
    private let gzip = "H4sIAAAAAAACA6tWSs0rKcpMLVayUoiOreUCAFC/2xMQAAAAH4sIAAAAAAACA8vNL0rlAgB2ae9rBQAAAA=="
    private let bzip2 =
        "QlpoOTFBWSZTWR1aQtoAAAdbgAAQUAAAEAAKAiEcCiAAMQAACjJiMeodod4Sbo4WYLuSKc"
        + "KEgOrSFtBCWmg5MUFZJlNZwZVZyAAAAUGAABACApAAIAAhg0GaCFxxdyRThQkMGVWcgA=="
    private let text = "{\"entries\": []}\nmore\n"

    @discardableResult
    private func withFile<Result>(
        _ content: Data, name: String, _ body: (URL) throws -> Result
    ) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "druse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = folder.appending(path: name)
        try content.write(to: url)
        return try body(url)
    }

    @Test func read_ofSeveralMembers_givesAllOfThem() throws {
        for (encoded, name) in [(gzip, "a.gz"), (bzip2, "a.bz2"), (gzip, "unnamed")] {
            let content = try #require(Data(base64Encoded: encoded))
            let read = try withFile(content, name: name) { try CompressedFile.read($0) }
            #expect(String(decoding: read, as: UTF8.self) == text)
        }
    }

    @Test func read_ofPlainFiles_givesTheirContent() throws {
        for count in [0, 1, 1 << 20, 1 << 20 + 1, 3_000_000] {
            let content = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) })
            #expect(try withFile(content, name: "a.json") { try CompressedFile.read($0) } == content)
        }
    }

    @Test func read_ofTruncatedMember_saysSo() throws {
        for (encoded, format) in [(gzip, CompressionFormat.gzip), (bzip2, .bzip2)] {
            let content = try #require(Data(base64Encoded: encoded))
            try withFile(content.dropLast(3), name: "a") { url in
                #expect(throws: CompressedFileError.truncated(path: url.path, format: format)) {
                    try CompressedFile.read(url)
                }
            }
        }
    }

    @Test func read_ofDamagedMember_saysSo() throws {
        for (encoded, format) in [(gzip, CompressionFormat.gzip), (bzip2, .bzip2)] {
            var content = try #require(Data(base64Encoded: encoded))
            for index in 12..<24 { content[index] ^= 0xFF }
            try withFile(content, name: "a") { url in
                #expect(throws: CompressedFileError.damaged(path: url.path, format: format)) {
                    try CompressedFile.read(url)
                }
            }
        }
    }

    @Test func read_beyondTheLimit_isRefused() throws {
        let content = try #require(Data(base64Encoded: gzip))
        try withFile(content, name: "a.gz") { url in
            #expect(throws: CompressedFileError.tooLarge(path: url.path, limitBytes: 20)) {
                try CompressedFile.read(url, limit: 20)
            }
            let read = try CompressedFile.read(url, limit: 21)
            #expect(read.count == 21)
        }
    }

    @Test func read_ofPlainContentUnderAPackedName_isRefused() throws {
        try withFile(Data("{}".utf8), name: "a.bz2") { url in
            #expect(throws: CompressedFileError.notCompressed(path: url.path, expected: .bzip2)) {
                try CompressedFile.read(url)
            }
        }
    }

    @Test func read_ofNoFile_saysSo() throws {
        for path in ["/nowhere/at/all.gz", "/"] {
            let thrown = #expect(throws: CompressedFileError.self) { try CompressedFile.read(URL(filePath: path)) }
            guard case .unreadable = thrown else {
                Issue.record("\(String(describing: thrown))")
                continue
            }
        }
    }
}
