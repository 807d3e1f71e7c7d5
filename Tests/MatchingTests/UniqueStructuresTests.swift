import Base
import Crystals
import Matching
import Testing

@Suite struct UniqueStructuresTests {
    /// Eight crystals, each several times in other descriptions, one input among them that is none.
    private static func inputs() throws -> [ReducedStructure?] {
        var generator = Philox(seed: 9, domain: .testing)
        let crystals = [
            Structure.rockSalt("Na", "Cl"), .rockSalt("K", "Cl"), .rockSalt("Mg", "O"), .rockSalt("Na", "Br"),
        ]
        var structures: [ReducedStructure?] = []
        for _ in 0..<160 {
            structures.append(
                try ReducedStructure(
                    try #require(crystals.randomElement(using: &generator))
                        .redescribed(&generator)))
        }
        structures.insert(nil, at: 3)
        // Many of one composition that do not match.
        for step in 0..<150 {
            var stretched = Structure.rockSalt("Na", "Cl")
            stretched.cell.c *= 1 + 0.01 * Double(step)
            structures.append(try ReducedStructure(stretched))
        }
        return structures
    }

    @Test func grouping_dependsOnTheOrderAlone() throws {
        let structures = try Self.inputs()
        let one = UniqueStructures(structures, team: ThreadTeam(threadCount: 1))
        for threads in [2, 3, 8] {
            #expect(UniqueStructures(structures, team: ThreadTeam(threadCount: threads)).firstEqual == one.firstEqual)
        }
    }

    @Test func grouping_isThatOfComparingWithTheFirstOfEachGroup() throws {
        let structures = try Self.inputs()
        let matcher = StructureMatcher()
        var firsts: [Int] = []
        var expected: [Int?] = []
        for (index, structure) in structures.enumerated() {
            guard let structure else {
                expected.append(nil)
                continue
            }
            let first = firsts.first { earlier in structures[earlier].map { matcher.fit($0, structure) } ?? false }
            expected.append(first ?? index)
            if first == nil { firsts.append(index) }
        }
        let unique = UniqueStructures(structures, team: ThreadTeam(threadCount: 2))
        #expect(unique.firstEqual == expected)
        #expect(unique.uniqueIndices == firsts)
        #expect(firsts.count > 5)
        #expect(unique.groupSizes.values.reduce(0, +) == structures.count - 1)
        #expect(unique.groupSizes[firsts[0]] == expected.count { $0 == firsts[0] })
    }

    @Test func nothing_hasNoGroups() {
        let unique = UniqueStructures([], team: ThreadTeam(threadCount: 2))
        #expect(unique.firstEqual.isEmpty && unique.groupSizes.isEmpty)
    }
}
