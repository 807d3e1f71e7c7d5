extension SpaceGroup {
    /// The operations modulo the centring, in the coordinates of the primitive cell that ``Crystal/structure(cell:)``
    /// fills: the group of that cell.
    package var primitiveOperations: [AffineOperation] {
        let block = operations.count / centring.translations.count
        // Of the centring's blocks the first has no shift.
        return operations.prefix(block).map(centring.primitive)
    }
}

extension Centring {
    /// The vectors of the primitive cell in units of the conventional ones.
    private var basis: Cell {
        let vectors = primitiveVectors
        return Cell(a: vectors[0], b: vectors[1], c: vectors[2])
    }

    /// An operation in the coordinates of the primitive cell.
    fileprivate func primitive(_ operation: AffineOperation) -> AffineOperation {
        guard self != .primitive else { return operation }
        let basis = self.basis
        // A change of coordinates of whole numbers; the rotation's entries are whole numbers again.
        func column(_ vector: SIMD3<Double>) -> SIMD3<Double> {
            basis.fractional(operation.rotate(vector)).rounded(.toNearestOrEven)
        }
        return AffineOperation(
            columns: (column(basis.a), column(basis.b), column(basis.c)),
            translation: wrapped(basis.fractional(operation.translation)))
    }

    /// The conventional cell of a primitive one.
    fileprivate func conventional(_ primitive: Cell) -> Cell {
        let basis = self.basis
        let (x, y, z) = (
            basis.fractional(SIMD3(1, 0, 0)), basis.fractional(SIMD3(0, 1, 0)), basis.fractional(SIMD3(0, 0, 1))
        )
        return Cell(a: primitive.cartesian(x), b: primitive.cartesian(y), c: primitive.cartesian(z))
    }

    /// Coordinates in the conventional cell.
    fileprivate func conventional(_ point: SIMD3<Double>) -> SIMD3<Double> { basis.cartesian(point) }
}

extension Crystal {
    /// The crystal with the geometry of a structure that ``structure(cell:)`` made of it, of the primitive cell, and
    /// that was moved since in a way that keeps the space group.
    /// - Precondition: the structure's `orbits` name the sites of this crystal.
    package func moved(to primitive: Structure) -> Crystal {
        let centring = spaceGroup.centring
        var crystal = self
        crystal.lattice = spaceGroup.symmetrize(LatticeParameters(centring.conventional(primitive.cell)))
        for site in sites.indices {
            // invariant: the structure is this crystal's own, with an orbit for each of its sites.
            guard let atom = primitive.orbits?.firstIndex(of: site),
                let position = spaceGroup.position(wyckoff: sites[site].wyckoff)
            else { preconditionFailure("the structure has no atom of site \(site)") }
            let point = centring.conventional(primitive.fractionalCoordinates[atom])
            // Of the points that differ by the centring, the one on the first representative.
            var best = point
            var bestDistance = Double.infinity
            for shift in centring.translations {
                let candidate = point + shift
                let difference = nearestImage(position.representative.apply(candidate) - candidate)
                let distance = (difference * difference).sum()
                if distance < bestDistance { (best, bestDistance) = (candidate, distance) }
            }
            crystal.sites[site].position = wrapped(position.representative.apply(best))
        }
        return crystal
    }
}
