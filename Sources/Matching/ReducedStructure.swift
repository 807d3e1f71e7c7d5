package import Crystals

/// A structure made ready for comparisons: its Niggli-reduced primitive cell, its atoms sorted by element.
///
/// It is what costs time in a comparison and depends on one structure alone, so it is made once and kept.
package struct ReducedStructure: Sendable {
    /// The most atoms that a structure may have.
    ///
    /// At worst, where all atoms are moved by about what the search for primitive cells tolerates, so that every
    /// smaller lattice is tried, the reduction takes minutes for a thousand atoms and ten times less for half as many.
    package static let largestAtomCount = 500

    /// Atoms of one element: a piece of ``positions``.
    struct Block: Sendable, Hashable {
        let element: Element
        let range: Range<Int>
    }

    /// The reduced cell, right-handed, Å.
    let cell: Cell
    /// In order of atomic number.
    let blocks: [Block]
    /// Fractional coordinates, in [0, 1).
    let positions: [SIMD3<Double>]
    /// The block whose first atom is put onto atoms of another structure: the element of fewest atoms, of equal ones
    /// that which the structure names first.
    let anchor: Int
    /// What tells most pairs of different structures apart.
    package let fingerprint: StructureFingerprint

    /// Reduces a structure.
    ///
    /// - Complexity: O(n²) for n atoms in a primitive cell, O(n³) at worst.
    /// - Throws: ``MatchingError``.
    package init(_ structure: Structure) throws(MatchingError) {
        guard structure.atomCount > 0 else { throw .noAtoms }
        guard structure.atomCount <= Self.largestAtomCount else {
            throw .tooManyAtoms(count: structure.atomCount, limit: Self.largestAtomCount)
        }
        let given = [structure.cell.a, structure.cell.b, structure.cell.c] + structure.fractionalCoordinates
        guard given.allSatisfy({ $0.x.isFinite && $0.y.isFinite && $0.z.isFinite }) else { throw .notFinite }
        let start = AtomicArrangement(
            cell: structure.cell, elements: structure.elements, positions: structure.fractionalCoordinates)
        let niggli = start.niggliReduced
        // Vectors so skewed or flat that rounding decides do not come out with the volume that they came with.
        let volume = structure.cell.volume
        guard volume > 0, niggli.cell.isUsable, (niggli.cell.volume / volume - 1).magnitude < 1e-3 else {
            throw .cellWithoutVolume
        }
        let reduced = niggli.primitive
        guard reduced.cell.isUsable else { throw .cellWithoutVolume }
        self.init(reduced)
    }

    /// Sorts the atoms of a reduced cell.
    init(_ arrangement: AtomicArrangement) {
        var positions: [SIMD3<Double>] = []
        var blocks: [Block] = []
        for element in Set(arrangement.elements).sorted() {
            let start = positions.count
            for (other, position) in zip(arrangement.elements, arrangement.positions) where other == element {
                positions.append(wrapped(position))
            }
            blocks.append(Block(element: element, range: start..<positions.count))
        }
        let fewest = blocks.map(\.range.count).min() ?? 0
        let rare = Set(blocks.filter { $0.range.count == fewest }.map(\.element))
        let first = arrangement.elements.first { rare.contains($0) }
        self.init(
            cell: arrangement.cell, blocks: blocks, positions: positions,
            anchor: blocks.firstIndex { $0.element == first } ?? 0)
    }

    /// Puts together what ``KnownCrystals`` stores.
    /// - Precondition: the blocks cover the positions, and there is an anchor among them.
    init(cell: Cell, blocks: [Block], positions: [SIMD3<Double>], anchor: Int) {
        precondition(blocks.indices.contains(anchor) && blocks.last?.range.upperBound == positions.count)
        self.cell = cell
        self.blocks = blocks
        self.positions = positions
        self.anchor = anchor
        fingerprint = StructureFingerprint(cell: cell, blocks: blocks)
    }

    /// The number of atoms in the primitive cell.
    package var atomCount: Int { positions.count }
}

extension Cell {
    /// Whether the cell has a volume, and so few lattice points within reach of its longest vector that they can be
    /// listed.
    var isUsable: Bool {
        let volume = self.volume
        let longest = [a, b, c].map { ($0 * $0).sum().squareRoot() }.max() ?? 0
        return volume.isFinite && volume > 1e-6 && longest.isFinite
            && longest * longest * longest < Cell.largestReach * volume
    }

    /// In cubes of the longest vector per volume: some two hundred times as long as wide.
    private static let largestReach = 5e4
}
