/// Writes a zip archive file by file. The same files give the same bytes: none has a date of its own.
///
/// Used by one thread at a time.
package final class ZipWriter {
    private let file: OutputFile
    private var directory: [UInt8] = []
    private var count = 0
    private var offset = 0

    /// What fits without the extension that old programs do not read.
    package static let maximumFileCount = 0xFFFE
    private static let maximumSize = 0xFFFF_FFFE
    /// Version 2.0, names in UTF-8, deflated, the first of January 1980.
    private static let common: [UInt8] = little(20, 2) + little(0x800, 2) + little(8, 2) + little(0, 2) + little(33, 2)

    /// Begins the archive; it stands under its name when it is finished.
    package init(path: String) throws(OutputFileError) { file = try OutputFile(path: path, isPacked: false) }

    /// Adds a file.
    ///
    /// - Parameter name: with folders, separated by "/".
    package func add(_ name: String, _ content: [UInt8]) throws(OutputFileError) {
        guard count < Self.maximumFileCount else {
            throw .failed(path: file.path, reason: "a zip archive holds at most \(Self.maximumFileCount) files")
        }
        guard content.count < Self.maximumSize, let packed = Deflate.packed(content, .none),
            offset + packed.count + directory.count < Self.maximumSize - (1 << 20)
        else { throw .failed(path: file.path, reason: "a zip archive holds at most 4 GB") }
        let named = Array(name.utf8)
        let sizes =
            Self.little(Int(Deflate.checksum(content)), 4) + Self.little(packed.count, 4)
            + Self.little(content.count, 4) + Self.little(named.count, 2)
        let header = Self.little(0x0403_4b50, 4) + Self.common + sizes + Self.little(0, 2) + named
        // Made on Unix, a plain file that its owner may write.
        directory += Self.little(0x0201_4b50, 4) + Self.little(0x314, 2) + Self.common + sizes + Self.little(0, 2)
        directory += Self.little(0, 2) + Self.little(0, 2) + Self.little(0, 2) + Self.little(0o100644 << 16, 4)
        directory += Self.little(offset, 4) + named
        try file.write(header)
        try file.write(packed)
        offset += header.count + packed.count
        count += 1
    }

    /// Ends the archive.
    package func finish() throws(OutputFileError) {
        let end =
            Self.little(0x0605_4b50, 4) + Self.little(0, 4) + Self.little(count, 2) + Self.little(count, 2)
            + Self.little(directory.count, 4) + Self.little(offset, 4) + Self.little(0, 2)
        try file.write(directory + end)
        try file.finish()
    }

    private static func little(_ value: Int, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
