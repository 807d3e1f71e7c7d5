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
}
