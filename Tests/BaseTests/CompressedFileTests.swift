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

    /// Two thousand packed files of each kind, changed at random; a million with DRUSE_SLOW_TESTS=1.
    @Test func content_changedAtRandom_isUnpackedOrRefused() throws {
        let count = ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1" ? 1_000_000 : 2000
        for encoded in [gzip, bzip2] {
            let content = [UInt8](try #require(Data(base64Encoded: encoded)))
            var generator = Philox(seed: 5, domain: .testing)
            var readable = 0
            for _ in 0..<count {
                var changed = content
                for _ in 0..<Int.random(in: 1...3, using: &generator) where !changed.isEmpty {
                    let place = Int.random(in: 0..<changed.count, using: &generator)
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: changed[place] = UInt8.random(in: 0...255, using: &generator)
                    case 1: changed = Array(changed.prefix(place))
                    case 2: changed.remove(at: place)
                    default: changed.insert(contentsOf: changed[0..<place], at: place)
                    }
                }
                do throws(CompressedFileError) {
                    let reader = try CompressedFileReader(bytes: changed, path: "a", limit: 1 << 20)
                    while try reader.nextChunk() != nil {}
                    readable += 1
                } catch { continue }
            }
            #expect((1..<count).contains(readable))
        }
    }
}
