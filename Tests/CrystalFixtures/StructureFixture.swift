package import Crystals

/// A structure of `physics/structures/structures.json`.
package struct StructureFixture: Decodable {
    package var id: String?
    package var lattice: [[Double]]
    package var species: [String]
    package var fracCoords: [[Double]]

    package var structure: Structure {
        Structure(
            cell: Cell(a: SIMD3(lattice[0]), b: SIMD3(lattice[1]), c: SIMD3(lattice[2])),
            elements: species.compactMap { Element(symbol: $0) }, fractionalCoordinates: fracCoords.map { SIMD3($0) },
            id: id)
    }
}
