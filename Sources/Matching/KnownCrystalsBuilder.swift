package import Base
package import Foundation

/// Gathers crystals and writes them as an index, or adds them to one.
package struct KnownCrystalsBuilder: Sendable {
    private var entries: [(hash: UInt64, record: KnownCrystalRecord)] = []

    package init() {}

    /// How many crystals were added.
    package var count: Int { entries.count }

    /// Adds a crystal behind the others.
    package mutating func add(_ structure: ReducedStructure, id: String) {
        entries.append((structure.fingerprint.key.hash, KnownCrystalRecord(structure, id: id)))
    }

    /// Writes the index, whole or not at all: a reader of the path finds the old file or the new one.
    ///
    /// - Parameters:
    ///   - url: where to; a file there is replaced.
    ///   - base: the index whose crystals come first; they are copied as they are. It may be the file that is replaced.
    ///   - team: the threads that pack; the file does not depend on their number.
    package func write(to url: URL, addingTo base: KnownCrystals? = nil, team: ThreadTeam) throws(KnownCrystalsError) {
        let segment = entries.isEmpty ? [] : self.segment(team)
        let segments = (base?.segmentCount ?? 0) + (entries.isEmpty ? 0 : 1)
        let old = base?.segmentBytes ?? Data()
        let header = KnownCrystalsLayout.FileHeader(
            segments: UInt32(segments),
            byteCount: UInt64(KnownCrystalsLayout.fileHeaderBytes + old.count + segment.count))
        do throws(OutputFileError) {
            try OutputFile.write(header.bytes + old + segment, to: url.path)
        } catch {
            throw .unwritable(path: url.path, reason: error.reason)
        }
    }

    /// The bytes of the crystals.
    private func segment(_ team: ThreadTeam) -> [UInt8] {
        // By position where hashes are equal, since sorting alone may exchange them.
        let order = entries.indices.sorted { (entries[$0].hash, $0) < (entries[$1].hash, $1) }
        let sorted = order.map { entries[$0] }
        let pieces = stride(from: 0, to: sorted.count, by: KnownCrystalBlock.recordCount).map {
            sorted[$0..<min($0 + KnownCrystalBlock.recordCount, sorted.count)]
        }
        let blocks = team.map(pieces) { piece, _ in KnownCrystalBlock.packed(piece.map(\.record)[...]) }
        var offset =
            KnownCrystalsLayout.segmentHeaderBytes + pieces.count * KnownCrystalsLayout.directoryEntryBytes
        var directory = ByteWriter()
        for (piece, block) in zip(pieces, blocks) {
            KnownCrystalsLayout.DirectoryEntry(
                firstHash: piece.first?.hash ?? 0, offset: UInt64(offset), byteCount: UInt32(block.bytes.count),
                unpackedCount: UInt32(block.unpackedCount), crystals: UInt32(piece.count),
                checksum: KnownCrystalBlock.checksum(block.bytes)
            ).write(to: &directory)
            offset += block.bytes.count
        }
        let header = KnownCrystalsLayout.SegmentHeader(
            byteCount: UInt64(offset), crystals: UInt64(entries.count), blocks: UInt32(pieces.count),
            directoryChecksum: KnownCrystalBlock.checksum(directory.bytes))
        return header.bytes + directory.bytes + blocks.flatMap(\.bytes)
    }
}
