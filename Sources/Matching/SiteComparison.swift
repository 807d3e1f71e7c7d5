import Crystals

/// Compares the atoms of two structures of one composition in lattices that both may have.
struct SiteComparison {
    private let first: ReducedStructure
    private let second: ReducedStructure
    /// Positions of the first structure's atoms in the lattice in hand.
    private var firstPositions: [SIMD3<Double>]
    /// Positions of the second one's, shifted onto the first one's.
    private var secondPositions: [SIMD3<Double>]

    /// - Precondition: the structures have one key.
    init(_ first: ReducedStructure, _ second: ReducedStructure) {
        precondition(first.blocks == second.blocks)
        self.first = first
        self.second = second
        firstPositions = first.positions
        secondPositions = second.positions
    }

    /// Puts the second structure's anchor onto each atom of its element in the first structure, and calls `body` with
    /// the distances where all atoms find partners, until it returns false.
    ///
    /// - Parameter matrix: the vectors of the lattice in terms of the first structure's cell.
    /// - Returns: false if `body` did.
    mutating func forEachTranslation(
        matrix: IntegerMatrix, lattice: AverageLattice, siteTolerance: Double, _ body: (SiteDistance) -> Bool
    ) -> Bool {
        let inverse = matrix.inverse
        for index in firstPositions.indices {
            let x = inverse.combined(first.positions[index])
            firstPositions[index] = x - x.rounded(.down)
        }
        let anchor = second.blocks[second.anchor].range
        let start = second.positions[anchor.lowerBound]
        var vectors: ShortestVectors?
        for target in anchor {
            let shift = firstPositions[target] - start
            for index in secondPositions.indices { secondPositions[index] = second.positions[index] + shift }
            guard hasPartners(within: lattice.tolerance) else { continue }
            let shortest = vectors ?? lattice.reduced(siteTolerance: siteTolerance)
            vectors = shortest
            guard let distance = distance(shortest, unit: lattice.unit) else { continue }
            guard body(distance) else { return false }
        }
        return true
    }

    /// Whether each atom of the second structure has one of its element in the first within a tolerance along each
    /// vector; several may share one.
    private func hasPartners(within tolerance: SIMD3<Double>) -> Bool {
        firstPositions.withUnsafeBufferPointer { firstPositions in
            secondPositions.withUnsafeBufferPointer { secondPositions in
                for block in first.blocks {
                    for index in block.range {
                        let position = secondPositions[index]
                        var isFound = false
                        for other in block.range {
                            var x = position - firstPositions[other]
                            x -= nearestWhole(x)
                            if x.x.magnitude <= tolerance.x, x.y.magnitude <= tolerance.y,
                                x.z.magnitude <= tolerance.z
                            {
                                isFound = true
                                break
                            }
                        }
                        if !isFound { return false }
                    }
                }
                return true
            }
        }
    }

    /// The distances of the one-to-one assignment with the least sum of squares, the common shift taken off; nil if
    /// some atom has no partner of its own.
    private func distance(_ shortest: ShortestVectors, unit: Double) -> SiteDistance? {
        let firstReduced = firstPositions.map { shortest.reduced($0) }
        let secondReduced = secondPositions.map { shortest.reduced($0) }
        var found: [SIMD3<Double>] = []
        found.reserveCapacity(firstReduced.count)
        for block in first.blocks {
            let count = block.range.count
            var costs = [Double](repeating: .infinity, count: count * count)
            var vectors = [SIMD3<Double>](repeating: .zero, count: count * count)
            for row in 0..<count {
                let position = secondReduced[block.range.lowerBound + row]
                for column in 0..<count {
                    guard let vector = shortest.vector(firstReduced[block.range.lowerBound + column] - position) else {
                        continue
                    }
                    vectors[row * count + column] = vector
                    costs[row * count + column] = (vector * vector).sum()
                }
            }
            guard let columns = SiteAssignment.columns(costs: costs, count: count) else { return nil }
            for (row, column) in columns.enumerated() { found.append(vectors[row * count + column]) }
        }
        let mean = found.reduce(.zero, +) / Double(found.count)
        let squares = found.map { vector in
            let rest = vector - mean
            return (rest * rest).sum()
        }
        return SiteDistance(
            rms: (squares.reduce(0, +) / Double(squares.count)).squareRoot() / unit,
            largest: (squares.max() ?? 0).squareRoot() / unit)
    }
}
