import Base
import Foundation
import Testing

/// Zip archives: what is written is read, and what is damaged, locked or larger than it can be is refused by name.
@Suite struct ZipArchiveTests {
    private let folder: URL
    private var file: URL { folder.appending(path: "a.zip") }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "druse-zip-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private static let text = Array(String(repeating: "data_a _cell_length_a 5.64 ", count: 100).utf8)

    /// The bytes of an archive of three files.
    private func archive() throws -> Data {
        defer { try? FileManager.default.removeItem(at: file) }
        let writer = try ZipWriter(path: file.path)
        try writer.add("a.cif", Self.text)
        try writer.add("deep/er/Å.cif", [7])
        try writer.add("empty", [])
        #expect(!FileManager.default.fileExists(atPath: file.path), "it stands under its name before it is whole")
        try writer.finish()
        return try Data(contentsOf: file)
    }

    private func reading(_ data: Data) throws -> ZipArchive {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "\(UUID().uuidString).zip")
        try data.write(to: file)
        return try ZipArchive(file)
    }

    @Test func archive_thatWasWritten_isRead() throws {
        let data = try archive()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(data.count < 700)
        #expect(try archive() == data)
        let archive = try reading(data)
        #expect(archive.entries.map(\.name) == ["a.cif", "deep/er/Å.cif", "empty"])
        #expect(try archive.entries.map { try archive.contents(of: $0) } == [Self.text, [7], []])
        let entry = try #require(archive.entries.first)
        #expect(throws: ZipError.self) { try archive.contents(of: entry, limit: 100) }
    }

    /// Changes bytes of the first record that begins with a signature.
    private func changing(_ data: Data, _ signature: UInt32, _ offset: Int, to bytes: [UInt8]) throws -> Data {
        let mark = withUnsafeBytes(of: signature.littleEndian) { Data($0) }
        let start = try #require(data.range(of: mark)).lowerBound + offset
        var data = data
        data.replaceSubrange(start..<(start + bytes.count), with: bytes)
        return data
    }

    private static let local: UInt32 = 0x0403_4b50
    private static let central: UInt32 = 0x0201_4b50

    private func message(_ data: Data) -> String {
        do {
            let archive = try reading(data)
            for entry in archive.entries { _ = try archive.contents(of: entry) }
            return "read"
        } catch { return "\(error)" }
    }

    @Test func archive_thatIsDamagedOrUnusual_isRefusedByName() throws {
        let data = try archive()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(message(data) == "read")
        #expect(message(data.prefix(data.count - 1)).contains("is not a zip archive, or was cut off"))
        #expect(message(Data("data_a".utf8)).contains("is not a zip archive"))
        #expect(message(Data()).contains("is not a zip archive"))
        #expect(try message(changing(data, Self.local, 40, to: [0xFF, 0xFF])).contains("a.cif in it is damaged"))
        #expect(try message(changing(data, Self.central, 8, to: [1])).contains("a.cif in it is encrypted"))
        #expect(try message(changing(data, Self.central, 10, to: [12])).contains("packed by method 12"))
        #expect(try message(changing(data, Self.central, 16, to: [0])).contains("damaged"))
        #expect(try message(changing(data, Self.central, 24, to: [0])).contains("damaged"))
        // 16 MB from some hundred bytes, and 4 GB.
        for size: [UInt8] in [[0, 0, 0, 1], [0xFE, 0xFF, 0xFF, 0xFF]] {
            let text = try message(changing(data, Self.central, 24, to: size))
            #expect(text.contains("more than a thousand times"), "\(text)")
        }
        // The directory, a name and a header lie elsewhere than they can.
        for (offset, bytes) in [(42, [0xFF, 0xFF, 0xFF, 0x7F]), (28, [0xFF, 0xFF]), (30, [0xFF, 0xFF])]
            as [(Int, [UInt8])]
        {
            #expect(try message(changing(data, Self.central, offset, to: bytes)).contains("damaged"))
        }
        #expect(
            try message(changing(data, 0x0605_4b50, 16, to: [0xFF, 0xFF, 0xFF, 0x7F])).contains("directory is damaged"))
        #expect(try message(changing(data, 0x0605_4b50, 4, to: [1])).contains("one of several parts"))
    }

    private static func little(_ value: Int, _ length: Int) -> Data {
        Data((0..<length).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }

    /// A stored file whose sizes stand where those beyond 4 GB do.
    @Test func largeArchivesLayout_isRead() throws {
        let content = Data("CIF".utf8)
        let checksum = Self.little(0x5A2E_8D1A, 4)
        let head = Self.little(45, 2) + Self.little(0, 8) + checksum
        let header = Self.little(0x0403_4b50, 4) + head
        let full = Self.little(0xFFFF_FFFF, 4)
        let local = header + full + full + Self.little(1, 2) + Self.little(0, 2) + Data("a".utf8) + content
        let extra = Self.little(1, 2) + Self.little(24, 2) + Self.little(3, 8) + Self.little(3, 8) + Self.little(0, 8)
        var central = Self.little(0x0201_4b50, 4) + Self.little(45, 2) + head + full + full
        central += Self.little(1, 2) + Self.little(extra.count, 2) + Self.little(0, 10) + full + Data("a".utf8) + extra
        var record = Self.little(0x0606_4b50, 4) + Self.little(44, 8) + Self.little(45, 2) + Self.little(45, 2)
        record += Self.little(0, 8) + Self.little(1, 8) + Self.little(1, 8) + Self.little(central.count, 8)
        record += Self.little(local.count, 8)
        let locator =
            Self.little(0x0706_4b50, 4) + Self.little(0, 4) + Self.little(local.count + central.count, 8)
            + Self.little(1, 4)
        let end = Self.little(0x0605_4b50, 4) + Self.little(0, 4) + Self.little(0xFFFF, 4) + full + full
        let archive = try reading(local + central + record + locator + end + Self.little(0, 2))
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(archive.entries.map(\.size) == [3])
        let entry = try #require(archive.entries.first)
        // The checksum is not that of the text: the content is found, and held against it.
        #expect(throws: ZipError.self) { try archive.contents(of: entry) }
    }

    @Test func outputFile_standsUnderItsNameOnlyWhenItIsWhole() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "table.csv.gz").path
        do {
            let lost = try OutputFile(path: path)
            try lost.write(Self.text)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        let file = try OutputFile(path: path)
        // More than a member.
        for _ in 0..<500 { try file.write(Self.text) }
        try file.finish()
        let content = try CompressedFile.read(URL(filePath: path))
        #expect(content.count == 500 * Self.text.count)
        #expect(content.suffix(Self.text.count) == Data(Self.text))
        #expect(throws: OutputFileError.self) { try OutputFile(path: folder.path + "/none/a.csv") }
    }
}
