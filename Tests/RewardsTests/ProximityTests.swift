import Base
import Crystals
import Rewards
import Testing

@Suite struct ProximityTests {
    private let hydrogen: Element

    init() throws { hydrogen = try #require(Element(symbol: "H")) }

    private func structure(_ cell: Cell, _ positions: [SIMD3<Double>]) -> Structure {
        Structure(
            cell: cell, elements: positions.map { _ in hydrogen }, fractionalCoordinates: positions)
    }

    /// The least distance by looking at very many images.
    private func slowDistance(_ structure: Structure) -> Double {
        var least = Double.infinity
        for first in structure.fractionalCoordinates.indices {
            for second in first..<structure.atomCount {
                for x in -12...12 {
                    for y in -12...12 {
                        for z in -12...12 where first != second || (x, y, z) != (0, 0, 0) {
                            let difference =
                                structure.fractionalCoordinates[second] - structure.fractionalCoordinates[first]
                            let vector = structure.cell.cartesian(
                                difference + SIMD3(Double(x), Double(y), Double(z)))
                            least = min(least, (vector * vector).sum().squareRoot())
                        }
                    }
                }
            }
        }
        return least
    }

    @Test func hasAtoms_inSkewedCells_agreesWithTheSlowSearch() {
        var state: UInt64 = 1
        func random() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
        for _ in 0..<25 {
            let skew = 4 * random()
            let cell = Cell(
                a: SIMD3(1 + random(), 0, 0), b: SIMD3(skew, 1 + random(), 0),
                c: SIMD3(3 * random(), 3 * random(), 1 + random()))
            let positions = (0..<2).map { _ in SIMD3(3 * random() - 1, random(), random()) }
            let structure = structure(cell, positions)
            let expected = slowDistance(structure)
            #expect(structure.hasAtoms(closerThan: expected * 1.001))
            #expect(!structure.hasAtoms(closerThan: expected * 0.999))
        }
    }

    @Test func hasAtoms_ofOneAtom_looksAtItsImages() {
        let cell = Cell(a: SIMD3(4, 0, 0), b: SIMD3(0, 4, 0), c: SIMD3(3.9, 0, 0.3))
        let structure = structure(cell, [.zero])
        #expect(structure.hasAtoms(closerThan: 0.5))
        #expect(!structure.hasAtoms(closerThan: 0.3))
    }

    /// 10,000 lattice planes lie within the distance of each atom, in each of two directions; their crossings are few.
    @Test func hasAtoms_inACellAsFlatAsTheLimitsAllow_takesNoTime() {
        let cell = Cell(
            a: SIMD3(100, 0, 0), b: SIMD3(-49.7, 86.6, 0), c: SIMD3(-50.2, -86.5, 2.5e-4))
        let duration = ThreadClock.measure {
            for number in 0..<20 {
                _ = structure(cell, [.zero, SIMD3(0.31, 0.17 * Double(number), 0.53)]).hasAtoms(closerThan: 0.5)
            }
        }
        #expect(duration < .seconds(5))
    }
}
