import Crystals
import Stability
import Testing

@Suite struct PhaseDiagramTests {
    /// A random system: elements, and compounds with small whole amounts whose energies scatter around a bowl, some of
    /// them exactly on tie lines.
    private func randomEntries(
        elementCount: Int, compoundCount: Int, using generator: inout SeededGenerator
    ) -> [ComputedEntry] {
        let elements = (1...90).shuffled(using: &generator).prefix(elementCount)
            .compactMap { Element(atomicNumber: $0) }
        var entries = elements.enumerated().map { index, element in
            ComputedEntry(
                id: "el-\(index)", composition: Composition([element: 2]),
                energy: Double.random(in: -12 ... -2, using: &generator))
        }
        for index in 0..<compoundCount {
            var amounts: [Element: Double] = [:]
            for element in elements where Bool.random(using: &generator) {
                amounts[element] = Double(Int.random(in: 1...6, using: &generator))
            }
            if amounts.isEmpty { amounts[elements[0]] = 1 }
            let composition = Composition(amounts)
            var energy = 0.0
            for (element, amount) in amounts.sorted(by: { $0.key < $1.key }) {
                let reference = entries.first { $0.composition.elements == [element] }
                energy += amount * (reference?.energyPerAtom ?? 0)
            }
            let depth = Bool.random(using: &generator) ? 0 : Double.random(in: -0.8...0.3, using: &generator)
            entries.append(
                ComputedEntry(
                    id: "c-\(index)", composition: composition, energy: energy + depth * composition.atomCount))
        }
        return entries
    }

    private func randomComposition(
        of elements: [Element], using generator: inout SeededGenerator
    ) -> Composition {
        var amounts: [Element: Double] = [:]
        for element in elements { amounts[element] = Double(Int.random(in: 0...7, using: &generator)) }
        let composition = Composition(amounts)
        return composition.amounts.isEmpty ? Composition([elements[0]: 1]) : composition
    }

    @Test func hullEnergy_ofRandomSystems_isThatOfTheSlowReference() throws {
        for seed in 0..<60 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let elementCount = 1 + seed % 4
            let entries = randomEntries(
                elementCount: elementCount, compoundCount: [4, 14, 12, 8][elementCount - 1], using: &generator)
            let diagram = try PhaseDiagram(entries: entries)
            let slow = SlowHull(elements: diagram.elements, entries: entries)
            for _ in 0..<6 {
                let query = randomComposition(of: diagram.elements, using: &generator)
                let expected = try #require(slow.energyPerAtom(of: query))
                let found = try diagram.hullEnergyPerAtom(of: query)
                #expect(abs(found - expected) < 1e-10, "seed \(seed)")
                let decomposition = try diagram.decomposition(of: query)
                for element in diagram.elements {
                    let share = decomposition.phases.reduce(0) {
                        $0 + $1.fraction * $1.entry.composition.fraction(of: element)
                    }
                    #expect(abs(share - query.fraction(of: element)) < 1e-7, "seed \(seed)")
                }
            }
        }
    }

    @Test func energyAboveHull_ofPermutedEntries_isTheSame() throws {
        for seed in 100..<120 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let entries = randomEntries(elementCount: 5, compoundCount: 120, using: &generator)
            let first = try PhaseDiagram(entries: entries)
            let second = try PhaseDiagram(entries: entries.shuffled(using: &generator))
            for _ in 0..<20 {
                let query = randomComposition(of: first.elements, using: &generator)
                let difference = try first.hullEnergyPerAtom(of: query) - second.hullEnergyPerAtom(of: query)
                #expect(abs(difference) < 1e-10, "seed \(seed)")
            }
        }
    }

    @Test func energyAboveHull_ofEveryEntry_isNotNegative() throws {
        for seed in 200..<212 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let entries = randomEntries(elementCount: 1 + seed % 8, compoundCount: 200, using: &generator)
            let diagram = try PhaseDiagram(entries: entries)
            for entry in entries {
                let height = try diagram.energyAboveHull(
                    of: entry.composition, energyPerAtom: entry.energyPerAtom)
                #expect(height > -1e-10, "seed \(seed) \(entry.id)")
            }
            for vertex in try diagram.vertices() {
                let height = try diagram.energyAboveHull(
                    of: vertex.composition, energyPerAtom: vertex.energyPerAtom)
                #expect(abs(height) < 1e-10, "seed \(seed) \(vertex.id)")
            }
        }
    }

    /// All compounds lie on one plane: every basis is optimal and every step ties.
    @Test func hullEnergy_ofLevelCompounds_isThatOfTheElements() throws {
        let elements = [3, 8, 13, 26].compactMap { Element(atomicNumber: $0) }
        var entries = elements.map { ComputedEntry(id: "\($0)", composition: Composition([$0: 1]), energy: -4) }
        for a in 1...4 {
            for b in 1...4 {
                for c in 1...4 {
                    let amounts = Dictionary(
                        uniqueKeysWithValues: zip(elements, [a, b, c, 1].map(Double.init)))
                    // A shared depth of 0.25 eV a unit of the fourth element keeps them on a tilted plane.
                    let count = amounts.values.reduce(0, +)
                    entries.append(
                        ComputedEntry(
                            id: "\(a)\(b)\(c)", composition: Composition(amounts), energy: -4 * count - 0.25))
                }
            }
        }
        let diagram = try PhaseDiagram(entries: entries)
        let query = Composition(Dictionary(uniqueKeysWithValues: zip(elements, [2.5, 2, 1.5, 1])))
        #expect(abs(try diagram.hullEnergyPerAtom(of: query) - (-4 - 0.25 / 7)) < 1e-10)
    }

    @Test func energyAboveHull_onATieLine_isThatOfTheMixture() throws {
        let sodium = try #require(Element(symbol: "Na"))
        let chlorine = try #require(Element(symbol: "Cl"))
        let diagram = try PhaseDiagram(entries: [
            ComputedEntry(id: "Na", composition: Composition([sodium: 1]), energy: -1),
            ComputedEntry(id: "Cl", composition: Composition([chlorine: 1]), energy: -2),
            ComputedEntry(id: "NaCl", composition: Composition([sodium: 1, chlorine: 1]), energy: -7),
        ])
        let query = Composition([sodium: 3, chlorine: 1])
        #expect(abs(try diagram.energyAboveHull(of: query, energyPerAtom: -9.0 / 4)) < 1e-12)
        #expect(abs(try diagram.energyAboveHull(of: query, energyPerAtom: -10.0 / 4) + 0.25) < 1e-12)
        let decomposition = try diagram.decomposition(of: query)
        #expect(Set(decomposition.phases.map(\.entry.id)) == ["Na", "NaCl"])
        #expect(decomposition.phases.allSatisfy { abs($0.fraction - 0.5) < 1e-12 })
    }

    @Test func phaseDiagram_ofUnusableNumbers_throwsTypedErrors() throws {
        let oxygen = try #require(Element(symbol: "O"))
        let iron = try #require(Element(symbol: "Fe"))
        #expect(throws: HullError.energyNotFinite(id: "x")) {
            try PhaseDiagram(entries: [ComputedEntry(id: "x", composition: Composition([oxygen: 1]), energy: .nan)])
        }
        #expect(throws: HullError.invalidComposition) {
            try PhaseDiagram(entries: [ComputedEntry(id: "x", composition: Composition([:]), energy: 1)])
        }
        #expect(throws: HullError.invalidComposition) {
            try PhaseDiagram(entries: [
                ComputedEntry(id: "x", composition: Composition([oxygen: .infinity]), energy: 1)
            ])
        }
        let diagram = try PhaseDiagram(entries: [
            ComputedEntry(id: "O", composition: Composition([oxygen: 2]), energy: -10)
        ])
        #expect(throws: HullError.missingReference(iron)) {
            try diagram.hullEnergyPerAtom(of: Composition([iron: 1, oxygen: 1]))
        }
        #expect(throws: HullError.energyNotFinite(id: "")) {
            try diagram.energyAboveHull(of: Composition([oxygen: 1]), energyPerAtom: .infinity)
        }
        #expect(throws: HullError.invalidComposition) { try diagram.decomposition(of: Composition([:])) }
        #expect(HullError.missingReference(iron).description.contains("Fe"))
    }

    @Test func phaseDiagram_ofNoEntries_isEmpty() throws {
        let diagram = try PhaseDiagram(entries: [])
        #expect(diagram.entries.isEmpty)
        #expect(try diagram.vertices().isEmpty)
    }
}
