import Foundation
import Stability
import Testing

@Suite struct HullDigestTests {
    private func entries() throws -> [ComputedEntry] {
        [
            ComputedEntry(id: "mp-0012", composition: try composition(["Fe": 2]), energy: -16.5),
            ComputedEntry(id: "mp-7", composition: try composition(["O": 2]), energy: -10, correction: 0.25),
            ComputedEntry(id: "a-1", composition: try composition(["Fe": 1, "O": 1]), energy: -0.0),
            ComputedEntry(id: "a-2", composition: try composition(["Fe": 2, "O": 3]), energy: -40),
        ]
    }

    private func digest(_ entries: [ComputedEntry], name: String = "hull") throws -> String {
        try HullReference(name: name, entries: entries).digest
    }

    @Test func digest_ofTheSameEntries_doesNotDependOnOrderOrName() throws {
        let entries = try entries()
        let expected = try digest(entries)
        #expect(expected.count == 64)
        #expect(try digest(entries.reversed(), name: "other") == expected)
        #expect(try digest(entries.shuffled()) == expected)
    }

    @Test func digest_ofAnyOtherEntry_differs() throws {
        let original = try entries()
        var seen: Set = [try digest(original)]
        for index in original.indices {
            let entry = original[index]
            let changed = [
                ComputedEntry(id: entry.id + "0", composition: entry.composition, energy: entry.energy),
                ComputedEntry(id: entry.id, composition: entry.composition, energy: entry.energy + 1e-6),
            ]
            for change in changed {
                var entries = original
                entries[index] = change
                seen.insert(try digest(entries))
            }
            seen.insert(try digest(original.filter { $0 != entry }))
        }
        // Of "mp-7" without correction and with 1e-6 eV more, nothing is the same as before either.
        #expect(seen.count == 1 + 3 * original.count)
    }

    @Test func digest_ofTheCompactForm_isThatOfItsSource() throws {
        let source = try HullReference.open(fixtures.appending(path: "physics/hull/reference.json.bz2"))
        let compact = try CompactHull.decode(CompactHull.encode(source), path: "reference.hull")
        #expect(compact.digest == source.digest)
    }

    /// What is kept for the file that comes with the product is what its entries give.
    @Test func digest_ofTheEmbeddedHull_isThatOfItsEntries() throws {
        let reference = try HullReference.embedded()
        let clock = ContinuousClock()
        var computed = ""
        print("embedded hull: digest in \(clock.measure { computed = reference.computedDigest })")
        #expect(reference.digest == computed)
        #expect(computed == "a0a9001fcc5f57f86eee6e467d1ee174ab4705a9c1da173be5e72f07c4e385a9")
    }
}
