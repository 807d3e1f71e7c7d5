import Crystals

/// A cell and its atoms while it is being reduced: whatever changes the cell keeps the crystal.
struct AtomicArrangement: Sendable {
    var cell: Cell
    var elements: [Element]
    /// Fractional coordinates.
    var positions: [SIMD3<Double>]

    /// The same crystal in other vectors of the same lattice.
    func transformed(by matrix: IntegerMatrix) -> AtomicArrangement {
        guard matrix != .identity else { return self }
        let inverse = matrix.inverse
        return AtomicArrangement(
            cell: matrix.applied(to: cell), elements: elements,
            positions: positions.map { wrapped(inverse.combined(wrapped($0))) })
    }

    /// The same crystal in its Niggli-reduced vectors.
    var niggliReduced: AtomicArrangement { transformed(by: cell.niggliReduction) }

    /// The Niggli-reduced primitive cell.
    ///
    /// - Complexity: O(n²) for n atoms in a cell that is primitive.
    var primitive: AtomicArrangement {
        guard let smaller = PrimitiveCellSearch(self).smallerCell() else { return self }
        return smaller.primitive.niggliReduced
    }
}
