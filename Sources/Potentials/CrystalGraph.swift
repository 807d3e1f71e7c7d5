/// Edges and angles of a crystal.
///
/// Bonds no longer than the bond cutoff ("short" ones) come first, so that tables of short bonds are prefixes of tables
/// of bonds. Edges are ordered by centre, angles by centre, first and second edge.
///
/// The vectors are kept, so that derivatives by positions and cell can follow: a force is a sum over edges of
/// dE/dlength times their directions, plus one over angles, which `forEachAngle` runs through with both edges; the
/// virial is the sum of the outer products of these with the bonds' vectors.
package struct CrystalGraph {
    let atomCount: Int
    let shortBondCount: Int
    /// Length of each bond, Å.
    package let bondLengths: [Double]
    /// From one end of each bond to the image of the other, Å.
    package let bondVectors: [SIMD3<Double>]
    /// The first edge of each atom, and one more: the number of edges.
    private let edgeStarts: [Int]
    /// The short edges of each atom; they are its first ones.
    private let shortEdgeCounts: [Int]
    private let bondCutoff: Double
    /// Unit vectors from the centre to the neighbour of each directed edge.
    package private(set) var edgeDirections: [SIMD3<Double>]
    /// For each directed edge: the centre atom, the neighbour, the bond.
    package private(set) var edgeCentres: [Int]
    package private(set) var edgeNeighbors: [Int]
    package private(set) var edgeBonds: [Int]
    /// For each angle: the centre atom, the bonds of its first and second edge, the cosine.
    private(set) var angleCentres: [Int] = []
    private(set) var angleFirstBonds: [Int] = []
    private(set) var angleSecondBonds: [Int] = []
    package private(set) var angleCosines: [Double] = []

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
        self.bondCutoff = bondCutoff
        let lengths = neighbors.lengths
        let bonds = (0..<neighbors.bondCount)
        let short = bonds.filter { lengths[$0] <= bondCutoff }
        let order = short + bonds.filter { lengths[$0] > bondCutoff }
        shortBondCount = short.count
        bondLengths = order.map { lengths[$0] }
        bondVectors = order.map { neighbors.vectors[$0] }

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
        edgeDirections = [SIMD3<Double>](repeating: .zero, count: start[atomCount])
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
                edgeDirections[edge] = vector
                if bond < short.count { shortEdges[from] += 1 }
            }
        }

        edgeStarts = start
        shortEdgeCounts = shortEdges

        let angleBound = shortEdges.reduce(0) { $0 + $1 * ($1 - 1) }
        guard angleBound <= maximumAngles else {
            throw .tooManyNeighbours(.angles, limit: maximumAngles, atoms: neighbors.atomCount, volume: volume)
        }
        var angles: (centres: [Int], firsts: [Int], seconds: [Int], cosines: [Double]) = ([], [], [], [])
        angles.centres.reserveCapacity(angleBound)
        angles.firsts.reserveCapacity(angleBound)
        angles.seconds.reserveCapacity(angleBound)
        angles.cosines.reserveCapacity(angleBound)
        forEachAngle { centre, first, second in
            angles.centres.append(centre)
            angles.firsts.append(edgeBonds[first])
            angles.seconds.append(edgeBonds[second])
            angles.cosines.append(dot(edgeDirections[first], edgeDirections[second]))
        }
        (angleCentres, angleFirstBonds, angleSecondBonds, angleCosines) = angles
    }

    /// Calls `body` with the centre and the two edges of each angle, in the order of the angles.
    package func forEachAngle(_ body: (_ centre: Int, _ firstEdge: Int, _ secondEdge: Int) -> Void) {
        for atom in 0..<atomCount {
            let edges = edgeStarts[atom]..<edgeStarts[atom] + shortEdgeCounts[atom]
            for first in edges {
                // A pair at exactly the cutoff counts as first edge only (its weight is 0).
                for second in edges where second != first && bondLengths[edgeBonds[second]] < bondCutoff {
                    body(atom, first, second)
                }
            }
        }
    }
}
