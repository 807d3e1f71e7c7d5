import Base
import Crystals
import Foundation

@testable import Matching

// The index of known crystals: as a whole, with checksums that are right, and the blocks in it, unpacked.
extension Decoder {
    static let known = [
        Decoder(name: "known-crystals", seeds: indexSeeds, read: readIndex),
        Decoder(
            name: "known-crystal-block",
            seeds: {
                let (bytes, count) = KnownCrystalBlock.packed(try records()[...])
                return [[2] + [UInt8](bytes), [UInt8(truncatingIfNeeded: count)]]
            },
            read: { bytes in
                guard let first = bytes.first else { return }
                // What stands in a block is packed here, so that what is changed is not the packing.
                let packed = KnownCrystalBlock.deflated(Array(bytes.dropFirst()))
                let records = KnownCrystalBlock.unpacked(
                    packed, unpackedCount: bytes.count - 1, recordCount: Int(first))
                for record in records ?? [] {
                    _ = record.key?.hash
                    guard let structure = record.structure, structure.positions.count <= 16 else { continue }
                    _ = StructureMatcher().fit(structure, try reference.get())
                    _ = StructureMatcher().fit(structure, structure)
                }
            }),
    ]

    private static let reference = Result { try ReducedStructure(salts[0]) }

    private static let salts: [Structure] = ["Na", "K"].map { symbol in
        Structure(
            cell: Cell(a: SIMD3(0, 2.8, 2.8), b: SIMD3(2.8, 0, 2.8), c: SIMD3(2.8, 2.8, 0)),
            elements: [symbol, "Cl"].compactMap(Element.init(symbol:)),
            fractionalCoordinates: [.zero, SIMD3(repeating: 0.5)])
    }

    private static func records() throws -> [KnownCrystalRecord] {
        try salts.enumerated().map { KnownCrystalRecord(try ReducedStructure($1), id: "mp-\($0)") }
    }

    private static func indexSeeds() throws -> [[UInt8]] {
        let url = ScratchFile.missing(name: "known.index")
        var builder = KnownCrystalsBuilder()
        for (index, structure) in salts.enumerated() {
            builder.add(try ReducedStructure(structure), id: "mp-\(index)")
        }
        try builder.write(to: url, team: ThreadTeam(threadCount: 1))
        let one = [UInt8](try Data(contentsOf: url))
        try builder.write(to: url, addingTo: KnownCrystals.open(url), team: ThreadTeam(threadCount: 1))
        return [one, [UInt8](try Data(contentsOf: url))]
    }

    /// An index whose checksums and length are put right before it is read, as far as its segments can be followed.
    private static func readIndex(_ bytes: [UInt8]) throws {
        typealias Layout = KnownCrystalsLayout
        var bytes = bytes
        func put(_ value: some FixedWidthInteger, at place: Int) {
            var writer = ByteWriter()
            writer.write(value)
            guard place >= 0, place + writer.bytes.count <= bytes.count else { return }
            bytes.replaceSubrange(place..<place + writer.bytes.count, with: writer.bytes)
        }
        func number(at place: Int, _ count: Int) -> Int {
            guard place >= 0, place + count <= bytes.count else { return 0 }
            return bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) } & (1 << 40 - 1)
        }
        func checksum(_ start: Int, _ count: Int) -> UInt32 {
            guard start >= 0, count >= 0, start + count <= bytes.count else { return 0 }
            return KnownCrystalBlock.checksum(bytes[start..<start + count])
        }
        put(UInt64(bytes.count), at: 16)
        put(checksum(0, 24), at: 24)
        var segment = Layout.fileHeaderBytes
        for _ in 0..<4 where segment < bytes.count {
            let blocks = number(at: segment + 16, 4)
            let directory = segment + Layout.segmentHeaderBytes
            for block in 0..<min(blocks, 16) {
                let entry = directory + block * Layout.directoryEntryBytes
                let start = segment + number(at: entry + 8, 8)
                put(checksum(start, number(at: entry + 16, 4)), at: entry + 28)
            }
            put(checksum(directory, blocks * Layout.directoryEntryBytes), at: segment + 20)
            put(checksum(segment, 24), at: segment + 24)
            segment += max(1, number(at: segment, 8))
        }
        let index = try KnownCrystals(Data(bytes), path: "known.index")
        expect(index.segmentCount <= bytes.count, "\(index.segmentCount) segments in \(bytes.count) bytes")
        for structure in salts {
            _ = try? index.firstMatch(of: ReducedStructure(structure))
        }
    }
}
