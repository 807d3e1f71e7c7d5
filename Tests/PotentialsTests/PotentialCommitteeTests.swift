import Crystals
import Potentials
import Testing

/// How far apart the three versions of CHGNet are on a crystal.
@Suite struct PotentialCommitteeTests {
    private func cubic(_ symbols: [String], _ positions: [SIMD3<Double>], a: Double) throws -> Structure {
        Structure(
            cell: Cell(a: SIMD3(a, 0, 0), b: SIMD3(0, a, 0), c: SIMD3(0, 0, a)),
            elements: try symbols.map { try #require(Element(symbol: $0)) }, fractionalCoordinates: positions)
    }

    @Test func spread_ofWhatTheyHaveSeen_isSmallAndOfWhatNobodyHasLarge() throws {
        let evaluator = try PotentialCommittee.chgnet().makeEvaluator()
        let chloride = try cubic(["Cs", "Cl"], [.zero, SIMD3(0.5, 0.5, 0.5)], a: 4.12)
        let iron = try cubic(["Fe", "Fe"], [.zero, SIMD3(0.5, 0.5, 0.5)], a: 2.84)
        let collapsed = try cubic(["Fe", "O"], [.zero, SIMD3(0.3, 0, 0)], a: 2.2)
        let spreads = evaluator.spread(of: [chloride, iron, collapsed])
        let values = try spreads.map { try #require($0) }
        #expect(values[0] < 0.1)
        #expect(values[1] < 0.15)
        #expect(values[2] > 0.3)
        // A crystal's does not depend on the others.
        #expect(evaluator.spread(of: [chloride]) == [spreads[0]])
    }

    @Test func spread_whereAPotentialSaysNothingOrItsZeroIsUnknown_isNone() throws {
        let evaluator = try PotentialCommittee.chgnet().makeEvaluator()
        let plutonium = try cubic(["Pu"], [.zero], a: 3.0)
        let doubled = try cubic(["Na", "Na"], [.zero, .zero], a: 4)
        let salt = try cubic(["Cs", "Cl"], [.zero, SIMD3(0.5, 0.5, 0.5)], a: 4.12)
        let spreads = evaluator.spread(of: [plutonium, doubled, salt])
        #expect(spreads[0] == nil && spreads[1] == nil && spreads[2] != nil)
    }
}
