package import Crystals

/// All pairs of atoms within a distance of each other, images of a periodic cell included.
///
/// Each unordered pair stands once (a *bond*); as an edge it has two directions. An atom and its own image make a bond
/// too. Works for any cell: left-handed, skewed, much smaller than the cutoff, with coordinates outside [0, 1).
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
        let reduced = try ReducedCell(structure.cell)
        var positions: [SIMD3<Double>] = []
        positions.reserveCapacity(atomCount)
        for (index, given) in structure.fractionalCoordinates.enumerated() {
            guard given.x.isFinite, given.y.isFinite, given.z.isFinite else {
                throw .nonFiniteGeometry("the position of atom \(index)")
            }
            positions.append(wrapped(reduced.fractional(wrapped(given))))
        }
        let tooMany = PotentialError.tooManyNeighbours(
            .pairs, limit: maximumEdges, atoms: atomCount, volume: structure.cell.volume)
        let maximumBonds = maximumEdges / 2
        // The images along the shortest vector alone; also keeps the ranges below within Int.
        let shortest = reduced.cell.a.length
        guard shortest > cutoff || Double(atomCount) * cutoff / shortest <= Double(maximumBonds) + 1 else {
            throw tooMany
        }
        let search = ImageSearch(cell: reduced.cell, cutoff: cutoff)
        for i in 0..<atomCount {
            for j in i..<atomCount {
                search.forEachImage(of: positions[j] - positions[i], halfSpace: i == j) { vector, length in
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

/// The same point in [0, 1).
private func wrapped(_ f: SIMD3<Double>) -> SIMD3<Double> { f - f.rounded(.down) }

/// Enumerates the lattice vectors that bring a point near to the origin.
private struct ImageSearch {
    let cell: Cell
    let cutoff: Double
    /// The cell in axes where it is lower triangular: a = (xa, 0, 0), b = (xb, yb, 0), c = (xc, yc, zc).
    let xa, xb, yb, xc, yc, zc: Double
    /// The search sphere is a little larger than the cutoff; the exact test follows.
    let reach: Double

    init(cell: Cell, cutoff: Double) {
        self.cell = cell
        self.cutoff = cutoff
        reach = cutoff + 1e-6
        xa = cell.a.length
        let ex = cell.a / xa
        xb = dot(cell.b, ex)
        let bPerpendicular = cell.b - xb * ex
        yb = bPerpendicular.length
        let ey = bPerpendicular / yb
        xc = dot(cell.c, ex)
        yc = dot(cell.c, ey)
        zc = (cell.c - xc * ex - yc * ey).length
    }

    /// Calls `body` with each vector (difference + n) · cell of length <= cutoff, until it returns false.
    /// - Parameter halfSpace: only one of n and -n, and not 0.
    func forEachImage(
        of difference: SIMD3<Double>, halfSpace: Bool, _ body: (SIMD3<Double>, Double) -> Bool
    ) {
        let z0 = difference.z * zc
        let y0 = difference.y * yb + difference.z * yc
        let x0 = difference.x * xa + difference.y * xb + difference.z * xc
        for n3 in range(z0, step: zc, radius: reach) {
            let c = Double(n3)
            let z = z0 + c * zc
            let yReach = (reach * reach - z * z)
            if yReach < 0 || (halfSpace && n3 < 0) { continue }
            let y1 = y0 + c * yc
            for n2 in range(y1, step: yb, radius: yReach.squareRoot()) {
                let b = Double(n2)
                let y = y1 + b * yb
                let xReach = yReach - y * y
                if xReach < 0 || (halfSpace && n3 == 0 && n2 < 0) { continue }
                for n1 in range(x0 + c * xc + b * xb, step: xa, radius: xReach.squareRoot()) {
                    if halfSpace && n3 == 0 && n2 == 0 && n1 <= 0 { continue }
                    let vector = cell.cartesian(difference + SIMD3(Double(n1), b, c))
                    let length = vector.length
                    if length <= cutoff, !body(vector, length) { return }
                }
            }
        }
    }

    /// The n with |start + n * step| <= radius, perhaps one more on either side.
    private func range(_ start: Double, step: Double, radius: Double) -> ClosedRange<Int> {
        let low = ((-radius - start) / step).rounded(.down)
        let high = ((radius - start) / step).rounded(.up)
        return Int(low)...Int(high)
    }
}
