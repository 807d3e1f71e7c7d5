/// Edges and angles of a crystal.
///
/// Bonds no longer than the bond cutoff ("short" ones) come first, so that tables of short bonds are prefixes of tables
/// of bonds. Edges are ordered by centre, angles by centre and first edge.
package struct CrystalGraph {
    let atomCount: Int
    let shortBondCount: Int
    /// Length of each bond, Å.
    let bondLengths: [Double]
    /// For each directed edge: the centre atom, the neighbour, the bond.
    private(set) var edgeCentres: [Int]
    private(set) var edgeNeighbors: [Int]
    private(set) var edgeBonds: [Int]
    /// For each angle: the centre atom, the bonds of its first and second edge, the cosine.
    private(set) var angleCentres: [Int] = []
    private(set) var angleFirstBonds: [Int] = []
    private(set) var angleSecondBonds: [Int] = []
    private(set) var angleCosines: [Double] = []

    /// Undirected bonds.
    package var bondCount: Int { bondLengths.count }
    /// Directed edges, twice the bonds.
    package var edgeCount: Int { edgeBonds.count }
    /// Ordered pairs of short edges at one centre.
    package var angleCount: Int { angleCosines.count }

    /// - Parameters:
    ///   - bondCutoff: the length up to which edges form angles, Å.
    ///   - maximumAngles: refuse more.
    ///   - volume: of the cell, Å³, for the message.
    /// - Throws: `tooManyNeighbours`.
    package init(
        _ neighbors: NeighborList, bondCutoff: Double, maximumAngles: Int, volume: Double
    ) throws(PotentialError) {
        atomCount = neighbors.atomCount
        let lengths = neighbors.lengths
        let bonds = (0..<neighbors.bondCount)
        let short = bonds.filter { lengths[$0] <= bondCutoff }
        let order = short + bonds.filter { lengths[$0] > bondCutoff }
        shortBondCount = short.count
        bondLengths = order.map { lengths[$0] }

        // Directed edges by counting sort; within an atom, edges keep the order of the bonds, so short ones lead.
        var start = [Int](repeating: 0, count: atomCount + 1)
        for bond in bonds {
            start[neighbors.first[bond] + 1] += 1
            start[neighbors.second[bond] + 1] += 1
        }
        for atom in 0..<atomCount { start[atom + 1] += start[atom] }
        var next = start
        edgeCentres = [Int](repeating: 0, count: start[atomCount])
        edgeNeighbors = edgeCentres
        edgeBonds = edgeCentres
        var directions = [SIMD3<Double>](repeating: .zero, count: start[atomCount])
        var shortEdges = [Int](repeating: 0, count: atomCount)
        for (bond, source) in order.enumerated() {
            let direction = neighbors.vectors[source] / lengths[source]
            let ends = (neighbors.first[source], neighbors.second[source])
            for (from, to, vector) in [(ends.0, ends.1, direction), (ends.1, ends.0, -direction)] {
                let edge = next[from]
                next[from] += 1
                edgeCentres[edge] = from
                edgeNeighbors[edge] = to
                edgeBonds[edge] = bond
                directions[edge] = vector
                if bond < short.count { shortEdges[from] += 1 }
            }
        }

        let angleBound = shortEdges.reduce(0) { $0 + $1 * ($1 - 1) }
        guard angleBound <= maximumAngles else {
            throw .tooManyNeighbours(.angles, limit: maximumAngles, atoms: neighbors.atomCount, volume: volume)
        }
        angleCentres.reserveCapacity(angleBound)
        angleFirstBonds.reserveCapacity(angleBound)
        angleSecondBonds.reserveCapacity(angleBound)
        angleCosines.reserveCapacity(angleBound)
        for atom in 0..<atomCount {
            let edges = start[atom]..<start[atom] + shortEdges[atom]
            for e in edges {
                // A pair at exactly the cutoff counts as first edge only (its weight is 0).
                for f in edges where f != e && bondLengths[edgeBonds[f]] < bondCutoff {
                    angleCentres.append(atom)
                    angleFirstBonds.append(edgeBonds[e])
                    angleSecondBonds.append(edgeBonds[f])
                    angleCosines.append(dot(directions[e], directions[f]))
                }
            }
        }
    }
}
