internal import Kernels

/// A crystal's graph with one node a class of atoms, and how many atoms and edges each of its rows stands for.
///
/// An edge's row has the destination as its centre: there the messages are added up.
struct MEGNetGraph {
    let quotient: QuotientGraph
    /// How many atoms of the crystal are in each class.
    let atomCounts: [Double]
    /// How many directed edges of the crystal each row stands for.
    let edgeCounts: [Double]
    /// How many edges end at an atom of each class.
    let degrees: [Double]
    /// Row 0 for each edge: of what is the same for all.
    let shared: GraphIndex
    /// Atoms and edges of the crystal.
    let totalAtoms: Double
    let totalEdges: Double

    var atomCount: Int { quotient.atomCount }
    var edgeCount: Int { quotient.edgeCount }

    /// - Parameters:
    ///   - elements: the atomic number of each atom.
    ///   - rounds: after how many layers atoms of one class are equal; nil: each atom alone.
    init(_ graph: CrystalGraph, _ elements: [Int], rounds: Int?) {
        let partition =
            rounds.map { GraphPartition(refining: graph, elements: elements, rounds: $0) }
            ?? GraphPartition(separating: graph)
        let quotient = QuotientGraph(graph, partition)
        let sizes = partition.atoms.sizes.map(Double.init)
        var degrees = [Double](repeating: 0, count: sizes.count)
        var edgeCounts: [Double] = []
        edgeCounts.reserveCapacity(quotient.edgeCount)
        for (edge, multiplicity) in quotient.edgeMultiplicities.enumerated() {
            let centre = quotient.edgeCentre[edge]
            degrees[centre] += Double(multiplicity)
            edgeCounts.append(Double(multiplicity) * sizes[centre])
        }
        self.quotient = quotient
        atomCounts = sizes
        self.edgeCounts = edgeCounts
        self.degrees = degrees
        shared = GraphIndex([Int32](repeating: 0, count: quotient.edgeCount), bound: 1)
        totalAtoms = Double(elements.count)
        totalEdges = Double(graph.edgeCount)
    }
}
