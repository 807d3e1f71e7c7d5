import Foundation
import Stability
import Testing

@Suite struct CompactHullTests {
    private func sample() throws -> HullReference {
        try HullReference(
            name: "sample",
            entries: [
                ComputedEntry(id: "mp-0012", composition: try composition(["Fe": 2]), energy: -16.500001),
                ComputedEntry(id: "mp-7", composition: try composition(["O": 2]), energy: -10, correction: 1.0 / 3),
                ComputedEntry(id: "odd name", composition: try composition(["Fe": 0.5, "O": 0.75]), energy: -9.25),
                ComputedEntry(
                    id: "99999999999999999999", composition: try composition(["Fe": 1, "O": 1]), energy: -0.0),
                ComputedEntry(id: "", composition: try composition(["Og": 300]), energy: 1e200),
            ])
    }

    /// CRC-32 as zlib computes it, the slow way.
    private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var value: UInt32 = ~0
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
        }
        return ~value
    }

    @Test func write_thenOpen_givesTheSameEntries() throws {
        let reference = try sample()
        try withFile(Data(), name: "sample.hull") { url in
            try CompactHull.write(reference, to: url)
            let again = try HullReference.open(url)
            #expect(again.name == "sample")
            #expect(again.sourceEntryCount == 5)
            #expect(again.elements == reference.elements)
            for amounts in [["Fe": 1.0], ["O": 1], ["Fe": 1, "O": 1.5], ["Fe": 2, "O": 2], ["Og": 1]] {
                let composition = try composition(amounts)
                let expected = try #require(reference.lowestEntry(of: composition))
                let found = try #require(again.lowestEntry(of: composition))
                #expect(found == expected)
            }
        }
    }

    @Test func encode_isTheSameEveryTime() throws {
        #expect(CompactHull.encode(try sample()) == CompactHull.encode(try sample()))
    }

    @Test func write_ofReferenceFile_keepsEveryAnswer() throws {
        let source = try HullReference.open(fixtures.appending(path: "physics/hull/reference.json.bz2"))
        let compact = try CompactHull.decode(CompactHull.encode(source), path: "reference.hull")
        #expect(compact.compoundCount == source.compoundCount)
        for query in try fixture("physics/hull/reference_queries.json", as: [HullFixtureTests.Query].self)
        where query.error == nil {
            let composition = try composition(query.composition)
            #expect(try compact.decomposition(of: composition) == source.decomposition(of: composition))
        }
    }

    @Test func decode_ofTruncation_throws() throws {
        let whole = CompactHull.encode(try sample())
        for length in whole.indices {
            #expect(throws: HullError.self) { try CompactHull.decode(Array(whole.prefix(length)), path: "x") }
        }
        #expect(throws: HullError.self) { try CompactHull.decode(whole + [0], path: "x") }
    }

    @Test func decode_ofAnyChangedByte_throws() throws {
        let whole = CompactHull.encode(try sample())
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 0x10
            #expect(throws: HullError.self) { try CompactHull.decode(damaged, path: "x") }
        }
    }

    /// Damage that a forged checksum hides must not crash either.
    @Test func decode_ofForgedPayload_neverCrashes() throws {
        let whole = CompactHull.encode(try sample())
        var generator = SeededGenerator(seed: 5)
        var refused = 0
        for _ in 0..<3000 {
            var forged = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: CompactHull.headerBytes..<forged.count, using: &generator)
                forged[index] = UInt8.random(in: 0...255, using: &generator)
            }
            let sum = checksum(forged[CompactHull.headerBytes...])
            for byte in 0..<4 { forged[12 + byte] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * byte)) }
            do {
                let reference = try CompactHull.decode(forged, path: "x")
                _ = try? reference.phaseDiagram(of: reference.elements)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 1000)
    }

    @Test func decode_ofOtherVersion_saysSo() throws {
        var content = CompactHull.encode(try sample())
        content[8] = 9
        #expect(
            throws: HullError.unsupportedCompactHull(path: "x", version: 9, supported: CompactHull.version)
        ) { try CompactHull.decode(content, path: "x") }
    }

    @Test func write_toImpossiblePlace_throws() throws {
        let reference = try sample()
        let thrown = #expect(throws: HullError.self) {
            try CompactHull.write(reference, to: URL(filePath: "/nowhere/at/all.hull"))
        }
        guard case .unwritable = thrown else {
            Issue.record("\(String(describing: thrown))")
            return
        }
    }
}
