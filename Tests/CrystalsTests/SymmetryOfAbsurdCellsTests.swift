import Crystals
import Testing

@Suite struct SymmetryOfAbsurdCellsTests {
    /// Found by `Scripts/fuzz`: the search did not come to an end.
    @Test(.timeLimit(.minutes(1)), arguments: [1e6, 1e12, 1e30])
    func aVectorBeyondAllCrystals_isRefused(skew: Double) {
        let cell = Cell(a: SIMD3(4.12, 0, 0), b: SIMD3(skew, 4.12, 0), c: SIMD3(0, 0, 4.12))
        let structure = Structure(
            cell: cell, elements: [.init(atomicNumber: 55)].compactMap { $0 }, fractionalCoordinates: [.zero])
        #expect(throws: SymmetryError.invalidGeometry) { try SymmetryAnalysis(structure) }
    }

    /// spglib alone finds nothing in it.
    @Test func aStronglySkewedCell_hasTheSymmetryOfItsLattice() throws {
        let iron = try #require(Element(symbol: "Fe"))
        let cell = Cell(a: SIMD3(3, 0, 0), b: SIMD3(300, 3, 0), c: SIMD3(999, 699, 3))
        let place = SIMD3(0.3, 0.1, -0.2)
        let analysis = try SymmetryAnalysis(
            Structure(cell: cell, elements: [iron], fractionalCoordinates: [place]))
        #expect(analysis.spaceGroup.number == 221)
        #expect(analysis.operations.count == 48 && Set(analysis.operations).count == 48)
        for operation in analysis.operations {
            #expect(cell.length(nearestImage(operation.apply(place) - place)) < 1e-4)
            for axis in [SIMD3<Double>(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)] {
                #expect((cell.length(operation.rotate(axis)) - cell.length(axis)).magnitude < 1e-6)
            }
        }
    }

    @Test func coordinatesFarOutside_areThoseInside_asLongAsTheyTellAnything() throws {
        let iron = try #require(Element(symbol: "Fe"))
        let cell = Cell(a: SIMD3(3, 0, 0), b: SIMD3(0, 3, 0), c: SIMD3(0, 0, 3))
        func structure(_ x: Double) -> Structure {
            Structure(cell: cell, elements: [iron], fractionalCoordinates: [SIMD3(x, 3 * x, -x)])
        }
        #expect(try SymmetryAnalysis(structure(1e8)).spaceGroup.number == 221)
        for x in [1e15, 1e300] {
            #expect(throws: SymmetryError.invalidGeometry) { try SymmetryAnalysis(structure(x)) }
        }
    }
}
