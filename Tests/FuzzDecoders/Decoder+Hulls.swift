import Base
import Crystals
import Foundation

@testable import Stability

// Reference hulls in compact form, and the dumps of computed entries that they are made of.
extension Decoder {
    static let hulls = [
        Decoder(name: "hull", seeds: hullSeeds, read: readHull),
        Decoder(
            name: "dump",
            seeds: {
                let entries = """
                    {"composition":{"Na":1,"Cl":1},"energy":-7,"correction":-0.5,"entry_id":"mp-22"},\
                    {"composition":{"Na+":2},"energy_per_atom":-1.5,"data":{"mat_id":"a-1"}},\
                    {"energy":-3,"structure":{"sites":[{"species":[{"element":"Cl","occu":1}]}]},\
                    "energy_adjustments":[{"value":-0.1,"name":"x"},{"cls":{"@class":"C"},"n_atoms":2,\
                    "adj_per_atom":0.5}],"parameters":{"a":[1,{"b":"\\u00e4"}]}}
                    """
                let own = ["{\"entries\":[\(entries)]}", "[\(entries)]", "{\"data\":[\(entries)],\"x\":null}"]
                return try own.map([UInt8].init(text:))
                    + Seeds.files(".json", in: "Tests/Fixtures/field/files")
                    + Seeds.files(".jsonl", in: "Tests/Fixtures/hull-sample")
            },
            words: [
                "entries", "data", "composition", "energy", "energy_per_atom", "correction", "energy_adjustments",
                "entry_id", "structure", "sites", "species", "element", "occu", "NaN", "-Infinity", "1e999", "null",
                "\\ud800", "adj_per_atom", "n_atoms", "value", "mat_id", "D", "Fe2+",
            ],
            read: { bytes in
                for size in [bytes.count, 7] where size > 0 {
                    var rest = bytes[...]
                    var rules = AlexandriaReader.Rules()
                    rules.countsRefusals = size == 7
                    var reader = AlexandriaReader(
                        path: "dump.json", rules: rules,
                        source: { () throws(CompressedFileError) in
                            defer { rest = rest.dropFirst(size) }
                            return rest.isEmpty ? nil : Array(rest.prefix(size))
                        })
                    try reader.read()
                    let builder = reader.takeBuilder()
                    let hull = HullReference(
                        name: "dump", table: builder.table(), sourceEntryCount: builder.entryCount)
                    ask(hull)
                    let again = try CompactHull.decode(CompactHull.encode(hull), path: "again.hull")
                    expect(again.computedDigest == hull.computedDigest, "another digest")
                }
            }),
        Decoder(
            name: "hull-part", seeds: { [[UInt8](text: "DRUSEPRT") + [2, 0, 0, 0, 0, 0, 0, 0] + [0x7B, 0x7D]] },
            read: { bytes in
                let url = try ScratchFile.holding(bytes, name: "h.part")
                _ = try HullIndexPart.read(url, for: HullIndexPart.Job(dumps: [], base: nil, ignoresCorrections: false))
            }),
    ]

    /// The payload of a file of version 1 or 2, with the header that belongs to it: nobody has to guess a checksum.
    private static func readHull(_ bytes: [UInt8]) throws {
        guard let version = bytes.first else { return }
        let payload = bytes.dropFirst()
        func number(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let checksum = Int(Array(payload).withUnsafeBytes { Checksum.crc32(of: $0) })
        let content =
            CompactHull.magic + number(Int(version % 4), 4) + number(checksum, 4) + number(payload.count, 8) + payload
        let hull = try CompactHull.decode(content, path: "h.hull")
        ask(hull)
        let again = try CompactHull.decode(CompactHull.encode(hull), path: "again.hull")
        expect(again.computedDigest == hull.computedDigest, "another digest")
    }

    /// Heights of what the hull has, and of a mixture of its first elements.
    private static func ask(_ hull: HullReference) {
        _ = hull.computedDigest
        _ = hull.convention
        let some = Array(hull.elements.prefix(3))
        let amounts = Dictionary(uniqueKeysWithValues: some.map { ($0, 1.0) })
        let composition = Composition(amounts)
        _ = try? hull.energyAboveHull(of: composition, energyPerAtom: -1)
        _ = try? hull.decomposition(of: composition)
        _ = hull.lowestEntry(of: composition)
        for entry in hull.entries(ofAtLeast: 1, spread: 4) where entry.composition.elements.count <= 5 {
            let height = try? hull.energyAboveHull(of: entry.composition, energyPerAtom: entry.energyPerAtom)
            _ = try? hull.decompositionWithoutItself(of: entry.composition)
            _ = height
        }
    }

    private static func hullSeeds() throws -> [[UInt8]] {
        func entry(_ id: String, _ amounts: [(String, Double)], _ energy: Double) -> ComputedEntry {
            let members = amounts.compactMap { symbol, amount in Element(symbol: symbol).map { ($0, amount) } }
            return ComputedEntry(
                id: id, composition: Composition(Dictionary(uniqueKeysWithValues: members)), energy: energy)
        }
        let hull = try HullReference(
            name: "h",
            entries: [
                entry("mp-1", [("Na", 1)], -1.5), entry("mp-2", [("Cl", 1)], -2.25), entry("x", [("O", 2)], -9),
                entry("mp-003", [("Na", 1), ("Cl", 1)], -7), entry("a", [("Na", 2), ("O", 0.5)], 0.1234567891),
            ])
        let content = CompactHull.encode(hull)
        // The first byte is the version; version 1 has neither convention nor digest.
        let payload = Array(content[CompactHull.headerBytes...])
        return [[2] + payload, [1] + payload[33...]]
    }
}
