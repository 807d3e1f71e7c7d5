import Crystals
import Foundation
import Stability
import Testing

/// Agreement with pymatgen on `physics/hull`.
@Suite struct HullFixtureTests {
    struct Entry: Decodable {
        let entryId: String
        let composition: [String: Double]
        let energy: Double
        let correction: Double
    }

    struct Query: Decodable {
        let composition: [String: Double]
        let energy: Double
        let eAboveHull: Double?
        let hullEnergyPerAtom: Double?
        let formationEnergyPerAtom: Double?
        let decomposition: [String: Double]?
        let decompositionUnique: Bool?
        let error: String?
        let rewardValue: Double?
    }

    struct Case: Decodable {
        let name: String
        let entries: [Entry]
        let error: String?
        let elements: [String]?
        let elementReferences: [String: String]?
        let hullVertices: [String]?
        let formationEnergyAndEAboveHullOfEntries: [[Double]]?
        let queries: [Query]?

        func computedEntries() throws -> [ComputedEntry] {
            try entries.map {
                ComputedEntry(
                    id: $0.entryId, composition: try composition($0.composition), energy: $0.energy,
                    correction: $0.correction)
            }
        }
    }

    static let energyTolerance = 1e-8

    @Test func phaseDiagram_ofFixtureCases_agreesWithReference() throws {
        let cases: [Case] = try fixture("physics/hull/hull_cases.json")
        #expect(cases.count > 50)
        for item in cases {
            let entries = try item.computedEntries()
            if let error = item.error {
                let thrown = #expect(throws: HullError.self, "\(item.name)") { try PhaseDiagram(entries: entries) }
                guard case .missingReference(let element) = thrown else {
                    Issue.record("\(item.name): \(String(describing: thrown))")
                    continue
                }
                #expect(error.contains("'\(element.symbol)'"), "\(item.name)")
                continue
            }
            let diagram = try PhaseDiagram(entries: entries)
            #expect(Set(diagram.elements.map(\.symbol)) == Set(item.elements ?? []), "\(item.name)")
            try expectReferences(diagram, item, entries)
            try expectVertices(diagram, item)
            for (entry, expected) in zip(entries, item.formationEnergyAndEAboveHullOfEntries ?? []) {
                let formation = try diagram.formationEnergyPerAtom(
                    of: entry.composition, energyPerAtom: entry.energyPerAtom)
                let height = try diagram.energyAboveHull(of: entry.composition, energyPerAtom: entry.energyPerAtom)
                #expect(abs(formation - expected[0]) < Self.energyTolerance, "\(item.name) \(entry.id)")
                #expect(abs(height - expected[1]) < Self.energyTolerance, "\(item.name) \(entry.id)")
            }
            for query in item.queries ?? [] {
                try expectAnswer(query, name: item.name) { elements in
                    #expect(elements.allSatisfy { $0.atomicNumber > 0 })
                    return diagram
                }
            }
        }
    }

    /// `get_phase_separation_energy`, which an optimiser finds, and heights above hulls without the entries of the
    /// composition (`Scripts/make-reaction-energies`).
    @Test func decompositionWithoutItself_ofFixtureCases_agreesWithReference() throws {
        let cases: [Case] = try fixture("physics/hull/hull_cases.json")
        let data = try Data(contentsOf: fixtures.appending(path: "physics/hull/reaction_energies.json"))
        let reactions = try JSONDecoder().decode([String: [String: [String: Double]]].self, from: data)
        var (stable, all) = (0, 0)
        for item in cases where item.error == nil {
            let entries = try item.computedEntries()
            let diagram = try PhaseDiagram(entries: entries)
            for entry in entries {
                guard let expected = reactions[item.name]?[entry.id] else { continue }
                let without = try diagram.decompositionWithoutItself(of: entry.composition)
                let energy = entry.energyPerAtom - without.energyPerAtom
                all += 1
                let (exact, optimised) = (expected["without_itself"] ?? .nan, expected["phase_separation"] ?? .nan)
                #expect((energy - exact).magnitude < Self.energyTolerance, "\(item.name) \(entry.id)")
                #expect((energy - optimised).magnitude < 1e-3, "\(item.name) \(entry.id)")
                #expect(!without.phases.contains { $0.entry.id == entry.id })
                if exact < 0 { stable += 1 }
            }
        }
        #expect(stable > 50 && all > 500, "\(stable) of \(all)")
    }

    @Test func hullReference_ofCompressedFile_agreesWithReference() throws {
        let reference = try HullReference.open(fixtures.appending(path: "physics/hull/reference.json.bz2"))
        #expect(reference.sourceEntryCount == 1312)
        let queries: [Query] = try fixture("physics/hull/reference_queries.json")
        #expect(queries.count == 120)
        for query in queries {
            try expectAnswer(query, name: "reference") { try reference.phaseDiagram(of: $0) }
            let composition = try composition(query.composition)
            guard let expected = query.eAboveHull else { continue }
            let height = try reference.energyAboveHull(
                of: composition, energyPerAtom: query.energy / composition.atomCount)
            #expect(abs(height - expected) < Self.energyTolerance)
        }
    }

    private func expectAnswer(
        _ query: Query, name: String, diagram: ([Element]) throws -> PhaseDiagram
    ) throws {
        let composition = try composition(query.composition)
        let energyPerAtom = query.energy / composition.atomCount
        if query.error != nil {
            let thrown = #expect(throws: HullError.self, "\(name) \(query.composition)") {
                try diagram(composition.elements).energyAboveHull(of: composition, energyPerAtom: energyPerAtom)
            }
            guard case .missingReference(let element) = thrown else {
                Issue.record("\(name): \(String(describing: thrown))")
                return
            }
            #expect(composition.elements.contains(element))
            return
        }
        let diagram = try diagram(composition.elements)
        let height = try diagram.energyAboveHull(of: composition, energyPerAtom: energyPerAtom)
        #expect(abs(height - (query.eAboveHull ?? .nan)) < Self.energyTolerance, "\(name) \(query.composition)")
        let formation = try diagram.formationEnergyPerAtom(of: composition, energyPerAtom: energyPerAtom)
        #expect(abs(formation - (query.formationEnergyPerAtom ?? .nan)) < Self.energyTolerance)
        let decomposition = try diagram.decomposition(of: composition)
        let hullEnergy = query.hullEnergyPerAtom ?? .nan
        #expect(abs(decomposition.energyPerAtom - hullEnergy) < Self.energyTolerance)
        #expect(abs(decomposition.phases.reduce(0) { $0 + $1.fraction } - 1) < 1e-7)
        guard query.decompositionUnique == true, let expected = query.decomposition else { return }
        let shares = decomposition.fractionsByFormula
        #expect(Set(shares.keys) == Set(expected.keys), "\(name) \(query.composition)")
        for (formula, share) in expected {
            #expect(abs((shares[formula] ?? .nan) - share) < 1e-7, "\(name) \(query.composition) \(formula)")
        }
    }

    private func expectReferences(_ diagram: PhaseDiagram, _ item: Case, _ entries: [ComputedEntry]) throws {
        let byIdentifier = Dictionary(uniqueKeysWithValues: entries.map { ($0.id, $0) })
        for (symbol, identifier) in item.elementReferences ?? [:] {
            let element = try #require(Element(symbol: symbol))
            let reference = try #require(diagram.elementReferences[element])
            // Which of equal entries is taken is open.
            #expect(reference.energyPerAtom == byIdentifier[identifier]?.energyPerAtom, "\(item.name) \(symbol)")
        }
    }

    private func expectVertices(_ diagram: PhaseDiagram, _ item: Case) throws {
        let found = Dictionary(uniqueKeysWithValues: try diagram.vertices().map { ($0.id, $0) })
        let known = Dictionary(uniqueKeysWithValues: try item.computedEntries().map { ($0.id, $0) })
        func names(_ identifiers: some Sequence<String>) -> Set<String> {
            // Entries of one compound and energy stand for each other.
            Set(
                identifiers.compactMap { known[$0] }
                    .map { "\($0.composition.reducedFormula) \(Int(($0.energyPerAtom * 1e9).rounded()))" })
        }
        #expect(names(found.keys) == names(item.hullVertices ?? []), "\(item.name)")
    }
}
