package import Crystals

/// All pairs of atoms within a distance of each other, images of a periodic cell included.
///
/// Each unordered pair stands once (a *bond*); as an edge it has two directions. An atom and its own image make a bond
/// too. Works for any cell: left-handed, skewed, a needle, a plate, much smaller than the cutoff, with coordinates
/// outside [0, 1). Bonds are ordered by their first atom, then by their second, then by the image (c, b, a).
///
/// - Complexity: linear in the number of atoms at a given density.
package struct NeighborList: Sendable {
    /// The distance up to which pairs count, itself included, Å.
    package let cutoff: Double
    package let atomCount: Int
    /// The atom at the one end of each bond.
    package private(set) var first: [Int] = []
    /// The atom at the other end; `first <= second`.
    package private(set) var second: [Int] = []
    /// From the first to the second atom's image, Å.
    package private(set) var vectors: [SIMD3<Double>] = []
    /// Lengths of the vectors, Å.
    package private(set) var lengths: [Double] = []

    /// - Parameters:
    ///   - cutoff: Å, positive.
    ///   - maximumEdges: refuse structures with more directed edges (twice the bonds).
    /// - Throws: `emptyStructure`, `nonFiniteGeometry`, `degenerateCell`, `tooManyNeighbours`.
    package init(of structure: Structure, cutoff: Double, maximumEdges: Int) throws(PotentialError) {
        precondition(cutoff > 0 && maximumEdges >= 0)
        guard structure.atomCount > 0 else { throw .emptyStructure }
        self.cutoff = cutoff
        atomCount = structure.atomCount
        let reduced = try ReducedCell(of: structure.cell)
        var positions: [SIMD3<Double>] = []
        positions.reserveCapacity(atomCount)
        for (index, given) in structure.fractionalCoordinates.enumerated() {
            guard given.x.isFinite, given.y.isFinite, given.z.isFinite else {
                throw .nonFiniteGeometry("the position of atom \(index)")
            }
            let point = reduced.fractional(wrapped(given))
            positions.append(point - point.rounded(.down))
        }
        let tooMany = PotentialError.tooManyNeighbours(
            .pairs, limit: maximumEdges, atoms: atomCount, volume: structure.cell.volume)
        let maximumBonds = maximumEdges / 2
        // The images along the shortest vector alone; also keeps the ranges below within Int.
        let shortest = reduced.cell.a.length
        guard shortest > cutoff || Double(atomCount) * cutoff / shortest <= Double(maximumBonds) + 1 else {
            throw tooMany
        }
        let search = ImageSearch(cell: reduced.cell, distance: cutoff)
        let cells = NeighborCells(positions: positions, cell: reduced.cell, distance: cutoff)
        var candidates = Array(0..<atomCount)
        for i in 0..<atomCount {
            if let cells { cells.candidates(from: i, into: &candidates) }
            for j in cells == nil ? candidates[i...] : candidates[...] {
                let difference = positions[j] - positions[i]
                search.forEachTranslation(of: difference) { n in
                    // Of an atom and its own images, one of each two that are opposite.
                    if i == j, n.z < 0 || n.z == 0 && (n.y < 0 || n.y == 0 && n.x <= 0) { return true }
                    let vector = reduced.cell.cartesian(difference + n)
                    let length = vector.length
                    guard length <= cutoff else { return true }
                    first.append(i)
                    second.append(j)
                    vectors.append(vector)
                    lengths.append(length)
                    return first.count <= maximumBonds
                }
                if first.count > maximumBonds { throw tooMany }
            }
        }
    }

    /// The number of bonds: half the number of directed edges.
    package var bondCount: Int { first.count }
}
