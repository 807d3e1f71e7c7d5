import Kernels

/// A crystal's graph with one node a class of atoms, one bond a class of bonds, and edges and angles with
/// multiplicities.
///
/// The network gives the same features on it as on the whole graph, at the cost of the distinct ones.
struct QuotientGraph {
    /// The class of each atom of the crystal.
    let atomClasses: [Int]
    /// The atom that stands for each class.
    let representatives: [Int]
    /// How many atoms each class has; empty unless a gradient is wanted.
    let atomClassSizes: [Int]
    /// The class of each bond of the crystal.
    let bondClasses: [Int]
    /// How many bonds each class has; empty unless a gradient is wanted.
    let bondClassSizes: [Int]
    let shortBondCount: Int
    /// Length of each bond, Å; short bonds first.
    let bondLengths: [Double]
    /// For each directed edge: the centre atom, the neighbour, the bond, how many edges it stands for.
    let edgeCentre: GraphIndex
    let edgeNeighbor: GraphIndex
    let edgeBond: GraphIndex
    let edgeMultiplicities: [Float]
    /// For each angle: the centre atom, the two bonds, how many angles it stands for.
    let angleCentre: GraphIndex
    let angleFirstBond: GraphIndex
    let angleSecondBond: GraphIndex
    let angleMultiplicities: [Float]
    /// The cosine of each angle.
    let angleCosines: [Double]
    /// The row of each angle of the crystal, -1 where there is none; empty unless a gradient is wanted.
    let angleClasses: [Int32]

    var atomCount: Int { representatives.count }
    var bondCount: Int { bondLengths.count }
    var edgeCount: Int { edgeMultiplicities.count }
    var angleCount: Int { angleMultiplicities.count }

    /// Whether every angle of the crystal has its row, as it must for a gradient.
    var hasEveryAngle: Bool { !angleClasses.contains(-1) }

    /// How many angles of the crystal a row stands for.
    func angleClassSize(_ row: Int) -> Double {
        Double(angleMultiplicities[row]) * Double(bondClassSizes[angleFirstBond[row]])
    }

    /// - Parameter forGradient: whether the row of each angle is wanted.
    init(_ graph: CrystalGraph, _ partition: GraphPartition, forGradient: Bool = false) {
        let atoms = partition.atoms
        let bonds = partition.bonds
        atomClasses = atoms.numbers
        representatives = atoms.representatives
        atomClassSizes = forGradient ? atoms.sizes : []
        bondClasses = bonds.numbers
        bondClassSizes = forGradient ? bonds.sizes : []
        bondLengths = bonds.representatives.map { graph.bondLengths[$0] }
        // Representatives are in order of bonds, short ones first.
        shortBondCount = bonds.representatives.count { $0 < graph.shortBondCount }

        var edges = Grouping(capacity: graph.edgeCount)
        for edge in 0..<graph.edgeCount where atoms.isRepresentative(graph.edgeCentres[edge]) {
            edges.add(
                atoms.numbers[graph.edgeCentres[edge]], atoms.numbers[graph.edgeNeighbors[edge]],
                bonds.numbers[graph.edgeBonds[edge]], bin: 0, source: edge)
        }
        edgeCentre = GraphIndex(edges.first, bound: representatives.count)
        edgeNeighbor = GraphIndex(edges.second, bound: representatives.count)
        edgeBond = GraphIndex(edges.third, bound: bondLengths.count)
        edgeMultiplicities = edges.multiplicities

        var angles = Grouping(capacity: graph.angleCount)
        for angle in 0..<graph.angleCount where bonds.isRepresentative(graph.angleFirstBonds[angle]) {
            angles.add(
                atoms.numbers[graph.angleCentres[angle]], bonds.numbers[graph.angleFirstBonds[angle]],
                bonds.numbers[graph.angleSecondBonds[angle]], bin: GraphPartition.bin(graph.angleCosines[angle]),
                source: angle)
        }
        angleCentre = GraphIndex(angles.first, bound: representatives.count)
        angleFirstBond = GraphIndex(angles.second, bound: shortBondCount)
        angleSecondBond = GraphIndex(angles.third, bound: shortBondCount)
        angleMultiplicities = angles.multiplicities
        angleCosines = angles.sources.map { graph.angleCosines[$0] }
        angleClasses =
            forGradient
            ? (0..<graph.angleCount).map { angle in
                angles.row(
                    atoms.numbers[graph.angleCentres[angle]], bonds.numbers[graph.angleFirstBonds[angle]],
                    bonds.numbers[graph.angleSecondBonds[angle]],
                    bin: GraphPartition.bin(graph.angleCosines[angle])) ?? -1
            } : []
    }

    /// Rows that agree in three numbers and a bin, counted; in order of their first members.
    private struct Grouping {
        private var known: ColourTable
        private(set) var first: [Int32] = []
        private(set) var second: [Int32] = []
        private(set) var third: [Int32] = []
        private(set) var sources: [Int] = []
        private(set) var multiplicities: [Float] = []

        init(capacity: Int) { known = ColourTable(capacity: capacity) }

        private static func colour(_ first: Int, _ second: Int, _ third: Int, bin: UInt64) -> UInt64 {
            let ends = scrambled(UInt64(second) << 32 | UInt64(third))
            return scrambled(scrambled(ends &+ UInt64(first)) &+ bin)
        }

        /// The row with three numbers and a bin, if it was added.
        func row(_ first: Int, _ second: Int, _ third: Int, bin: UInt64) -> Int32? {
            known.known(Self.colour(first, second, third, bin: bin)).map(Int32.init)
        }

        mutating func add(_ first: Int, _ second: Int, _ third: Int, bin: UInt64, source: Int) {
            let row = known.number(of: Self.colour(first, second, third, bin: bin))
            if row < sources.count {
                multiplicities[row] += 1
                return
            }
            self.first.append(Int32(first))
            self.second.append(Int32(second))
            self.third.append(Int32(third))
            sources.append(source)
            multiplicities.append(1)
        }
    }
}
