package import Base
package import Foundation

/// The crystals of an index, found by what is the same in all structures that may match: a question unpacks a few dozen
/// crystals, however many there are.
///
/// Open it with `open(_:)`; the file is mapped into memory, not read. ``KnownCrystalsBuilder`` makes one. Safe to use
/// from any thread.
package final class KnownCrystals: Sendable {
    /// For messages.
    private let path: String
    private let data: Data
    private let segments: [Segment]

    /// A part of the file that was added at once.
    private struct Segment: Sendable {
        /// Of its first byte.
        let offset: Int
        let crystals: Int
        let blocks: [KnownCrystalsLayout.DirectoryEntry]
    }

    /// A known crystal that a structure matches.
    package struct Match: Sendable {
        package let id: String
        package let structure: ReducedStructure
    }

    /// Opens an index. What it names is checked to lie in the file; the blocks are checked when they are looked into.
    ///
    /// - Complexity: O(number of blocks), milliseconds for a million crystals.
    package static func open(_ url: URL) throws(KnownCrystalsError) -> KnownCrystals {
        let data: Data
        do {
            data = try Data(contentsOf: url, options: .alwaysMapped)
        } catch {
            throw .unreadable(path: url.path, reason: FileProblem.reason(of: error))
        }
        return try KnownCrystals(data, path: url.path)
    }

    /// The 136,157 crystals of the training data that come with the product.
    package static func embedded() throws(KnownCrystalsError) -> KnownCrystals {
        guard
            let url = Bundle.module.url(
                forResource: "known-crystals", withExtension: "index", subdirectory: "Resources")
        else {
            throw .unreadable(path: "known-crystals.index", reason: "the product's resources are not beside it")
        }
        return try open(url)
    }

    init(_ data: Data, path: String) throws(KnownCrystalsError) {
        self.data = data
        self.path = path
        func bytes(_ offset: Int, _ count: Int) -> ArraySlice<UInt8>? {
            guard offset >= 0, count >= 0, count <= data.count - offset else { return nil }
            return [UInt8](data[data.startIndex + offset..<data.startIndex + offset + count])[...]
        }
        typealias Layout = KnownCrystalsLayout
        guard let header = bytes(0, Layout.fileHeaderBytes), header.starts(with: Layout.magic) else {
            throw .foreign(path: path)
        }
        var reader = ByteReader(header.dropFirst(Layout.magic.count))
        guard let version: UInt32 = reader.read(), let count: UInt32 = reader.read(), let length: UInt64 = reader.read()
        else { throw .foreign(path: path) }
        guard version == Layout.version else {
            throw .unsupportedVersion(path: path, version: version, supported: Layout.version)
        }
        guard Layout.checked(header) != nil else { throw .damaged(path: path, part: "the header") }
        guard length == UInt64(data.count) else {
            throw .wrongLength(path: path, bytes: data.count, expected: length)
        }
        var segments: [Segment] = []
        var offset = Layout.fileHeaderBytes
        for number in 1...max(1, count) where number <= count {
            let part = "segment \(number)"
            guard let head = bytes(offset, Layout.segmentHeaderBytes).flatMap({ Layout.SegmentHeader($0) }),
                let size = Int(exactly: head.byteCount), size <= data.count - offset,
                size >= Layout.segmentHeaderBytes + Int(head.blocks) * Layout.directoryEntryBytes,
                let directory = bytes(
                    offset + Layout.segmentHeaderBytes, Int(head.blocks) * Layout.directoryEntryBytes),
                KnownCrystalBlock.checksum(directory) == head.directoryChecksum,
                let crystals = Int(exactly: head.crystals)
            else { throw .damaged(path: path, part: part) }
            var reader = ByteReader(directory)
            var blocks: [Layout.DirectoryEntry] = []
            while let entry = Layout.DirectoryEntry(&reader) { blocks.append(entry) }
            let areInside = blocks.allSatisfy { block in
                block.offset <= UInt64(size) && UInt64(block.byteCount) <= UInt64(size) - block.offset
            }
            guard areInside, blocks.count == Int(head.blocks),
                blocks.reduce(0, { $0 + Int($1.crystals) }) == crystals
            else { throw .damaged(path: path, part: part) }
            segments.append(Segment(offset: offset, crystals: crystals, blocks: blocks))
            offset += size
        }
        guard offset == data.count else { throw .wrongLength(path: path, bytes: data.count, expected: UInt64(offset)) }
        self.segments = segments
    }

    /// How many crystals there are.
    package var count: Int { segments.reduce(0) { $0 + $1.crystals } }

    /// How many times crystals were added.
    package var segmentCount: Int { segments.count }

    /// The first crystal, in the order in which they were put in, that a structure matches; nil if there is none. The
    /// known crystal is the first of the pair that is compared.
    ///
    /// - Throws: ``KnownCrystalsError/damaged(path:part:)``.
    package func firstMatch(
        of structure: ReducedStructure, matcher: StructureMatcher = StructureMatcher()
    ) throws(KnownCrystalsError) -> Match? {
        let key = structure.fingerprint.key
        let hash = key.hash
        for segment in segments {
            var block = segment.blocks.partitioningIndex { $0.firstHash >= hash } - 1
            block = max(0, block)
            while block < segment.blocks.count, segment.blocks[block].firstHash <= hash {
                for record in try records(of: segment.blocks[block], in: segment) where record.key == key {
                    guard let known = record.structure else { throw .damaged(path: path, part: "crystal \(record.id)") }
                    if matcher.fit(known, structure) { return Match(id: record.id, structure: known) }
                }
                block += 1
            }
        }
        return nil
    }

    /// The first match of each of some structures, in their order.
    ///
    /// - Parameter structures: nil for those that could not be reduced; they match nothing.
    package func firstMatches(
        of structures: [ReducedStructure?], matcher: StructureMatcher = StructureMatcher(), team: ThreadTeam
    ) throws(KnownCrystalsError) -> [Match?] {
        let found = team.map(structures) { structure, _ in
            Result { () throws(KnownCrystalsError) in
                guard let structure else { return Match?.none }
                return try self.firstMatch(of: structure, matcher: matcher)
            }
        }
        var matches: [Match?] = []
        for result in found { matches.append(try result.get()) }
        return matches
    }

    /// The bytes of all segments, to be copied into another file.
    var segmentBytes: Data { data.dropFirst(KnownCrystalsLayout.fileHeaderBytes) }

    private func records(
        of block: KnownCrystalsLayout.DirectoryEntry, in segment: Segment
    ) throws(KnownCrystalsError) -> [KnownCrystalRecord] {
        let start = data.startIndex + segment.offset + Int(block.offset)
        let bytes = [UInt8](data[start..<start + Int(block.byteCount)])
        guard KnownCrystalBlock.checksum(bytes) == block.checksum,
            let records = KnownCrystalBlock.unpacked(
                bytes, unpackedCount: Int(block.unpackedCount), recordCount: Int(block.crystals))
        else { throw .damaged(path: path, part: "the block at byte \(segment.offset + Int(block.offset))") }
        return records
    }
}

extension Array {
    /// The first index at which a condition holds that, once it holds, holds to the end.
    fileprivate func partitioningIndex(where belongsToSecondPart: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongsToSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
