import Crystals
import Testing

/// The cheap check that two cells are of one crystal.
@Suite struct NeighborhoodTests {
    private func quartz() throws -> Crystal {
        let group = try #require(SpaceGroup(number: 154))
        return Crystal(
            spaceGroup: group,
            sites: [
                .init(wyckoff: 1, element: try #require(Element(symbol: "Si")), position: SIMD3(0.4697, 0, 2.0 / 3)),
                .init(wyckoff: 3, element: try #require(Element(symbol: "O")), position: SIMD3(0.4135, 0.2669, 0.7858)),
            ], lattice: LatticeParameters(a: 4.916, b: 4.916, c: 5.405, alpha: 90, beta: 90, gamma: 120))
    }

    /// The cell three times along a vector.
    private func tripled(_ structure: Structure) -> Structure {
        let cell = Cell(a: structure.cell.a * 3, b: structure.cell.b, c: structure.cell.c)
        let coordinates = (0..<3).flatMap { shift in
            structure.fractionalCoordinates.map { SIMD3(($0.x + Double(shift)) / 3, $0.y, $0.z) }
        }
        return Structure(
            cell: cell, elements: (0..<3).flatMap { _ in structure.elements }, fractionalCoordinates: coordinates)
    }

    @Test func cellsOfOneCrystal_agree() throws {
        let structure = try quartz().structure()
        #expect(structure.hasNeighborhoods(of: structure, within: 1e-9))
        #expect(tripled(structure).hasNeighborhoods(of: structure, within: 1e-6))
        // A larger cell than the one compared is no fraction of it.
        #expect(!structure.hasNeighborhoods(of: tripled(structure), within: 0.05))
        let salt = Crystal(
            spaceGroup: try #require(SpaceGroup(number: 225)),
            sites: [
                .init(wyckoff: 1, element: try #require(Element(symbol: "Na")), position: .zero),
                .init(wyckoff: 2, element: try #require(Element(symbol: "Cl")), position: SIMD3(repeating: 0.5)),
            ], lattice: LatticeParameters(a: 5.64, b: 5.64, c: 5.64, alpha: 90, beta: 90, gamma: 90))
        let (conventional, primitive) = (try salt.structure(), try salt.structure(cell: .primitive))
        #expect(conventional.hasNeighborhoods(of: primitive, within: 1e-6))
    }

    @Test func cellsOfOthers_doNot() throws {
        let structure = try quartz().structure()
        var moved = structure
        moved.fractionalCoordinates[4].x += 0.03
        #expect(!structure.hasNeighborhoods(of: moved, within: 0.05))
        var stretched = structure
        stretched.cell.c *= 1.04
        #expect(!structure.hasNeighborhoods(of: stretched, within: 0.05))
        var exchanged = structure
        exchanged.elements.swapAt(0, 8)
        #expect(!structure.hasNeighborhoods(of: exchanged, within: 0.05))
        var other = structure
        other.elements[0] = try #require(Element(symbol: "Ge"))
        #expect(!structure.hasNeighborhoods(of: other, within: 0.05))
    }
}
