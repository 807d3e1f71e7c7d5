/// The layout of an index of known crystals, all numbers little-endian:
///
///     file      "DRUSEIDX", version (u32), segments (u32), bytes of the file (u64), CRC-32 of the 24 bytes before
///               (u32)
///     segment   bytes of the segment (u64), crystals (u64), blocks (u32), CRC-32 of the directory (u32), CRC-32 of the
///               24 bytes before (u32); the directory; the blocks
///     directory for each block: first key (u64), offset in the segment (u64), bytes (u32), bytes unpacked (u32),
///               crystals (u32), CRC-32 of the block (u32)
///
/// What is added later is a segment of its own, so that nothing is built again. In a segment the crystals are sorted by
/// their keys' hashes, those of one hash in the order in which they came; so a question looks into one block of each
/// segment as a rule.
enum KnownCrystalsLayout {
    static let magic = Array("DRUSEIDX".utf8)
    /// The version that is written and read.
    static let version: UInt32 = 1
    static let fileHeaderBytes = 28
    static let segmentHeaderBytes = 28
    static let directoryEntryBytes = 32

    /// What a file begins with.
    struct FileHeader {
        var segments: UInt32
        var byteCount: UInt64

        var bytes: [UInt8] {
            var writer = ByteWriter(bytes: magic)
            writer.write(version)
            writer.write(segments)
            writer.write(byteCount)
            return KnownCrystalsLayout.signed(writer.bytes)
        }
    }

    /// What a segment begins with.
    struct SegmentHeader {
        var byteCount: UInt64
        var crystals: UInt64
        var blocks: UInt32
        var directoryChecksum: UInt32

        init(byteCount: UInt64, crystals: UInt64, blocks: UInt32, directoryChecksum: UInt32) {
            self.byteCount = byteCount
            self.crystals = crystals
            self.blocks = blocks
            self.directoryChecksum = directoryChecksum
        }

        /// Nil for bytes that are none.
        init?(_ bytes: ArraySlice<UInt8>) {
            guard let content = KnownCrystalsLayout.checked(bytes) else { return nil }
            var reader = ByteReader(content)
            guard let byteCount = reader.read(UInt64.self), let crystals = reader.read(UInt64.self),
                let blocks = reader.read(UInt32.self), let checksum = reader.read(UInt32.self)
            else { return nil }
            self.init(byteCount: byteCount, crystals: crystals, blocks: blocks, directoryChecksum: checksum)
        }

        var bytes: [UInt8] {
            var writer = ByteWriter()
            writer.write(byteCount)
            writer.write(crystals)
            writer.write(blocks)
            writer.write(directoryChecksum)
            return KnownCrystalsLayout.signed(writer.bytes)
        }
    }

    /// Where a block lies and what is in it.
    struct DirectoryEntry: Sendable {
        var firstHash: UInt64
        var offset: UInt64
        var byteCount: UInt32
        var unpackedCount: UInt32
        var crystals: UInt32
        var checksum: UInt32

        init(
            firstHash: UInt64, offset: UInt64, byteCount: UInt32, unpackedCount: UInt32, crystals: UInt32,
            checksum: UInt32
        ) {
            self.firstHash = firstHash
            self.offset = offset
            self.byteCount = byteCount
            self.unpackedCount = unpackedCount
            self.crystals = crystals
            self.checksum = checksum
        }

        /// The next entry of a directory; nil at its end.
        init?(_ reader: inout ByteReader) {
            guard let firstHash = reader.read(UInt64.self), let offset = reader.read(UInt64.self),
                let byteCount = reader.read(UInt32.self), let unpackedCount = reader.read(UInt32.self),
                let crystals = reader.read(UInt32.self), let checksum = reader.read(UInt32.self)
            else { return nil }
            self.init(
                firstHash: firstHash, offset: offset, byteCount: byteCount, unpackedCount: unpackedCount,
                crystals: crystals, checksum: checksum)
        }

        func write(to writer: inout ByteWriter) {
            writer.write(firstHash)
            writer.write(offset)
            writer.write(byteCount)
            writer.write(unpackedCount)
            writer.write(crystals)
            writer.write(checksum)
        }
    }

    /// Bytes with their checksum behind them.
    private static func signed(_ bytes: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(bytes: bytes)
        writer.write(KnownCrystalBlock.checksum(bytes))
        return writer.bytes
    }

    /// Bytes without the checksum behind them; nil if it is another.
    static func checked(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard bytes.count > 4 else { return nil }
        let content = bytes.dropLast(4)
        var reader = ByteReader(bytes.suffix(4))
        return reader.read(UInt32.self) == KnownCrystalBlock.checksum(content) ? content : nil
    }
}
