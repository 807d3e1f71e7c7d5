import CrystalFixtures
import Crystals
import Testing

@Suite struct MassTests {
    private struct Answers: Decodable {
        struct Case: Decodable {
            var cell: [[Double]]
            var elements: [String]
            var positions: [[Double]]
            var density: Double
        }
        var structures: [Case]
    }

    /// Rock salt, graphite and a triclinic cell (`Scripts/make-element-tables`).
    @Test func density_isPymatgens() throws {
        let cases = try Fixture.decode(Answers.self, "physics/elements/resources.json").structures
        #expect(cases.count == 3)
        for item in cases {
            let rows = item.cell.map { SIMD3($0[0], $0[1], $0[2]) }
            let structure = Structure(
                cell: Cell(a: rows[0], b: rows[1], c: rows[2]),
                elements: try item.elements.map { try #require(Element(symbol: $0)) },
                fractionalCoordinates: item.positions.map { SIMD3($0[0], $0[1], $0[2]) })
            #expect(abs(structure.density / item.density - 1) < 1e-4, "\(item.elements)")
        }
    }

    @Test func mass_ofWater_isKnown() throws {
        let (hydrogen, oxygen) = (Element.hydrogen, Element.oxygen)
        let water = Composition([hydrogen: 2, oxygen: 1])
        #expect(abs(water.mass - 18.015) < 1e-9)
        #expect(abs(water.massFraction(of: oxygen) - 15.999 / 18.015) < 1e-12)
        #expect(water.massFraction(of: .sulfur) == 0)
    }

    @Test func atomicMass_ofEveryElement_growsButForTheKnownInversions() {
        let masses = (1...118).compactMap { Element(atomicNumber: $0)?.atomicMass }
        #expect(masses.count == 118)
        // Ar-K, Co-Ni, Te-I, Th-Pa, U-Np, Pu-Am, ... and where long-lived isotopes decide.
        let inversions = (1..<118).filter { masses[$0] < masses[$0 - 1] }.map { $0 }
        #expect(inversions.prefix(4) == [18, 27, 52, 90])
    }
}
