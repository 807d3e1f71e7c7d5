import Base
import Foundation

@testable import StructureFiles

// Files that are packed: gzip, bzip2, zip.
extension Decoder {
    static let packed = [
        Decoder(
            name: "compressed",
            seeds: {
                try Seeds.files(".gz", ".bz2", limit: 1 << 16)
                    + [
                        // "abc\n" and "def\n" in two members.
                        "H4sIAAAAAAAAA0tMSuYCAE6BiEcEAAAAH4sIAAAAAAAAA0tJTeMCAIbUDHkEAAAA",
                        // "abc\n"
                        "QlpoOTFBWSZTWV7uzsEAAAHBgAAQAIIGACAAIZpoM00M4LuSKcKEgvd3Zgg=",
                    ].compactMap { Data(base64Encoded: $0).map { [UInt8]($0) } }
            },
            read: { bytes in
                let reader = try CompressedFileReader(bytes: bytes, path: "file", limit: 1 << 22)
                var total = 0
                while let chunk = try reader.nextChunk() {
                    expect(!chunk.isEmpty, "an empty chunk")
                    total += chunk.count
                }
                expect(total <= 1 << 22, "\(total) bytes")
            }),
        Decoder(
            name: "zip",
            seeds: {
                try Seeds.files(".zip", limit: 1 << 16) + [archive([("a.cif", "data_a\n"), ("f/b.csv", "cif\n")])]
            },
            read: { bytes in
                let url = try ScratchFile.holding(bytes, name: "archive.zip")
                let archive = try ZipArchive(url)
                for entry in archive.entries.prefix(16) { _ = try? archive.contents(of: entry, limit: 1 << 22) }
                for place in StructurePlace.all(in: [url.path], format: nil).places.prefix(8) {
                    guard var entries = try? place.structures() else { continue }
                    _ = entries.next()
                }
            }),
    ]

    /// An archive of stored files.
    private static func archive(_ files: [(name: String, text: String)]) -> [UInt8] {
        func number(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var (content, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, text) in files {
            let bytes = Array(text.utf8)
            let checksum = Int(bytes.withUnsafeBytes { Checksum.crc32(of: $0) })
            let sizes =
                number(checksum, 4) + number(bytes.count, 4) + number(bytes.count, 4) + number(name.utf8.count, 2)
            directory +=
                number(0x0201_4b50, 4) + number(20, 2) + number(20, 2) + number(0, 8) + sizes + number(0, 12)
                + number(content.count, 4) + Array(name.utf8)
            content += number(0x0403_4b50, 4) + number(20, 2) + number(0, 8) + sizes + number(0, 2) + Array(name.utf8)
            content += bytes
        }
        let end =
            number(0x0605_4b50, 4) + number(0, 4) + number(files.count, 2) + number(files.count, 2)
            + number(directory.count, 4) + number(content.count, 4) + number(0, 2)
        return content + directory + end
    }
}
