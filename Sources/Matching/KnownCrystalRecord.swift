import Crystals

/// A reduced crystal as an index keeps it: cell parameters in single precision, positions to 1/65,536 of the cell.
///
/// The rounding moves an atom by some 1e-5 of a vector at most, a hundredth of what the site tolerance lets pass as the
/// same.
struct KnownCrystalRecord: Sendable, Equatable {
    var id: String
    /// Atomic number and number of atoms of each element.
    var composition: [(element: UInt8, count: UInt16)]
    /// ``ReducedStructure/anchor``.
    var anchor: UInt8
    /// Å and degrees: a, b, c, alpha, beta, gamma.
    var parameters: [Float]
    /// x, y, z of each atom in units of 1/65,536.
    var positions: [UInt16]

    static func == (left: Self, right: Self) -> Bool {
        left.id == right.id && left.anchor == right.anchor && left.parameters == right.parameters
            && left.positions == right.positions
            && left.composition.elementsEqual(right.composition) { $0 == $1 }
    }

    init(_ structure: ReducedStructure, id: String) {
        self.id = id
        composition = structure.blocks.map { (UInt8($0.element.atomicNumber), UInt16($0.range.count)) }
        anchor = UInt8(structure.anchor)
        parameters = LatticeParameters(structure.cell).values.map { Float($0) }
        positions = structure.positions.flatMap { position in
            [position.x, position.y, position.z].map { UInt16(truncatingIfNeeded: Int(($0 * 65_536).rounded())) }
        }
    }

    init(
        id: String, composition: [(element: UInt8, count: UInt16)], anchor: UInt8, parameters: [Float],
        positions: [UInt16]
    ) {
        self.id = id
        self.composition = composition
        self.anchor = anchor
        self.parameters = parameters
        self.positions = positions
    }

    /// The structure; nil if the numbers make none.
    var structure: ReducedStructure? {
        var blocks: [ReducedStructure.Block] = []
        var start = 0
        for (number, count) in composition {
            guard let element = Element(atomicNumber: Int(number)), count > 0 else { return nil }
            blocks.append(ReducedStructure.Block(element: element, range: start..<start + Int(count)))
            start += Int(count)
        }
        let lattice = LatticeParameters(values: parameters.map { Double($0) })
        guard positions.count == 3 * start, blocks.indices.contains(Int(anchor)), let cell = try? lattice.cell(),
            cell.isUsable
        else {
            return nil
        }
        let sites = (0..<start).map { site in
            let units = SIMD3(positions[3 * site], positions[3 * site + 1], positions[3 * site + 2])
            return SIMD3<Double>(units) / 65_536
        }
        return ReducedStructure(cell: cell, blocks: blocks, positions: sites, anchor: Int(anchor))
    }

    /// What structures that may match have in common; nil for an element that does not exist.
    var key: StructureFingerprint.Key? {
        let counts = composition.compactMap { entry in
            Element(atomicNumber: Int(entry.element)).map {
                StructureFingerprint.ElementCount(element: $0, count: Int(entry.count))
            }
        }
        return counts.count == composition.count ? StructureFingerprint.Key(counts: counts) : nil
    }
}
