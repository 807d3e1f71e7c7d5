import Base
import Crystals
import Foundation
import Stability
import Testing

@Suite struct HullReferenceTests {
    struct Row: Decodable {
        let id: String
        let formula: String
        let composition: [String: Double]
        let energyPerAtom: Double
        let eAboveHull: Double
    }

    private func rows() throws -> [Row] {
        try String(contentsOf: fixtures.appending(path: "hull-sample/proto20-sample.jsonl"), encoding: .utf8)
            .split(separator: "\n")
            .map { try fixtureDecoder().decode(Row.self, from: Data($0.utf8)) }
    }

    @Test func embedded_opensQuickly() throws {
        var reference: HullReference?
        let duration = try ThreadClock.measure { reference = try HullReference.embedded() }
        print("embedded hull: opened in \(duration)")
        #expect(duration < .milliseconds(500))
        #expect(reference?.sourceEntryCount == 224_491)
        #expect(reference?.compoundCount == 146_277)
        #expect(reference?.elements.count == 76)
    }

    @Test func embedded_ofSampleRows_agreesWithTheirHeights() throws {
        let reference = try HullReference.embedded()
        let rows = try rows()
        #expect(rows.count == 200)
        for row in rows {
            let composition = try composition(row.composition)
            let height = try reference.energyAboveHull(of: composition, energyPerAtom: row.energyPerAtom)
            // Energies and heights are rounded to six decimals there.
            #expect(abs(height - row.eAboveHull) < 2e-6, "\(row.id)")
            let lowest = try #require(reference.lowestEntry(of: composition))
            #expect(lowest.energyPerAtom <= row.energyPerAtom + 1e-6, "\(row.id)")
        }
        let duration = try ThreadClock.measure {
            for row in rows {
                _ = try reference.energyAboveHull(
                    of: composition(row.composition), energyPerAtom: row.energyPerAtom)
            }
        }
        print("embedded hull: \(duration / rows.count) a query of a cached system")
        #expect(duration / rows.count < .milliseconds(2))
    }

    @Test func reducedFormula_ofSampleRows_isSpeltAsTheirs() throws {
        for row in try rows() { #expect(try composition(row.composition).reducedFormula == row.formula) }
    }

    @Test func phaseDiagram_withMissingElement_throwsEachTime() throws {
        let reference = try HullReference.embedded()
        let helium = try #require(Element(symbol: "He"))
        for _ in 0..<2 {
            #expect(throws: HullError.missingReference(helium)) {
                try reference.energyAboveHull(of: composition(["He": 1, "Fe": 1]), energyPerAtom: -1)
            }
        }
        #expect(throws: HullError.invalidComposition) {
            try reference.energyAboveHull(of: Composition([:]), energyPerAtom: 0)
        }
    }

    @Test func phaseDiagram_ofManyElements_isTheSameAsOfFew() throws {
        let reference = try HullReference.embedded()
        let row = try #require(try rows().last)
        let composition = try composition(row.composition)
        let wide = try reference.phaseDiagram(of: reference.elements.prefix(30) + composition.elements)
        let narrow = try reference.phaseDiagram(of: composition.elements)
        let difference =
            try wide.hullEnergyPerAtom(of: composition) - narrow.hullEnergyPerAtom(of: composition)
        #expect(abs(difference) < 1e-10)
    }

    @Test func cache_ofManySystems_staysBounded() throws {
        let elements = (1...20).compactMap { Element(atomicNumber: $0) }
        let reference = try HullReference(
            name: "elements",
            entries: elements.map { ComputedEntry(id: $0.symbol, composition: Composition([$0: 1]), energy: -1) },
            cachedSystems: 7)
        for round in 0..<3 {
            for first in elements {
                for second in elements where second > first {
                    let energy = try reference.energyAboveHull(
                        of: Composition([first: 1, second: 2]), energyPerAtom: Double(round))
                    #expect(abs(energy - Double(round) - 1) < 1e-12)
                    #expect(reference.cachedSystemCount <= 7)
                }
            }
        }
        #expect(reference.cachedSystemCount == 7)
    }

    @Test func energyAboveHull_fromManyThreads_isTheSame() async throws {
        let reference = try HullReference.open(fixtures.appending(path: "physics/hull/reference.json.bz2"))
        let queries = try fixture("physics/hull/reference_queries.json", as: [HullFixtureTests.Query].self)
            .filter { $0.error == nil }
            .map { (composition: try composition($0.composition), expected: $0.hullEnergyPerAtom ?? .nan) }
        await withTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    var wrong = 0
                    for index in queries.indices {
                        let query = queries[(index * 7 + task * 13) % queries.count]
                        let energy = try? reference.phaseDiagram(of: query.composition.elements)
                            .hullEnergyPerAtom(of: query.composition)
                        if abs((energy ?? .nan) - query.expected) > 1e-8 || energy == nil { wrong += 1 }
                    }
                    return wrong
                }
            }
            for await wrong in group { #expect(wrong == 0) }
        }
    }
}
