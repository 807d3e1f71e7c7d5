extension Crystal {
    /// Which cell of a crystal to fill with atoms.
    package enum CellChoice: Sendable {
        /// The cell of the lattice parameters.
        case conventional
        /// The cell without the centring translations: a quarter of the atoms for F, half for A, C and I, a third
        /// for R.
        case primitive
    }

    /// Every atom of a cell, orbit after orbit, with `orbits` naming the site of each atom.
    ///
    /// A site need not lie on the first representative of its Wyckoff position: of all its images under the group the
    /// one nearest to that representative generates the orbit. The lattice is symmetrised first.
    /// - Throws: ``CrystalError``.
    package func structure(cell choice: CellChoice = .conventional) throws(CrystalError) -> Structure {
        let conventional = try spaceGroup.symmetrize(lattice).cell()
        guard !sites.isEmpty else { throw .noAtoms }
        var elements: [Element] = []
        var coordinates: [SIMD3<Double>] = []
        var orbits: [Int] = []
        let positions = spaceGroup.wyckoffPositions
        let basis = choice == .primitive ? PrimitiveBasis(spaceGroup.centring) : nil
        for (index, site) in sites.enumerated() {
            guard positions.indices.contains(site.wyckoff - 1) else {
                throw .unknownWyckoffPosition(
                    spaceGroup: spaceGroup.number, index: site.wyckoff, available: positions.count)
            }
            let position = positions[site.wyckoff - 1]
            let generator = try spaceGroup.generator(of: site, index: index, on: position)
            for operation in choice == .primitive ? position.primitiveOperations : position.operations {
                let point = operation.apply(generator)
                coordinates.append(wrapped(basis?.fractional(point) ?? point))
                elements.append(site.element)
                orbits.append(index)
            }
        }
        return Structure(
            cell: basis?.cell(conventional) ?? conventional, elements: elements, fractionalCoordinates: coordinates,
            orbits: orbits)
    }

    /// The number of atoms in the conventional cell; sites with an unknown Wyckoff position count nothing.
    package var atomCount: Int {
        sites.reduce(0) { $0 + (spaceGroup.position(wyckoff: $1.wyckoff)?.multiplicity ?? 0) }
    }

    /// The Wyckoff letters of the sites in order, such as "abe".
    package var letters: String { sites.map { WyckoffPosition.letter(index: $0.wyckoff) }.joined() }

    /// The amounts of the elements in the conventional cell.
    package var composition: Composition {
        var amounts: [Element: Double] = [:]
        for site in sites {
            amounts[site.element, default: 0] += Double(spaceGroup.position(wyckoff: site.wyckoff)?.multiplicity ?? 0)
        }
        return Composition(amounts)
    }
}

extension SpaceGroup {
    /// The image of a site that lies on the first representative of a position, or comes nearest to it.
    fileprivate func generator(
        of site: Crystal.Site, index: Int, on position: WyckoffPosition
    ) throws(CrystalError) -> SIMD3<Double> {
        let x = site.position
        guard x.x.isFinite, x.y.isFinite, x.z.isFinite else { throw .positionNotFinite(site: index) }
        func squaredDistance(_ point: SIMD3<Double>) -> Double {
            let difference = nearestImage(position.representative.apply(point) - point)
            return (difference * difference).sum()
        }
        var best = wrapped(x)
        var bestDistance = squaredDistance(best)
        guard bestDistance > 1e-20 else { return best }
        for operation in operations.dropFirst() {
            let point = wrapped(operation.apply(x))
            let distance = squaredDistance(point)
            if distance < bestDistance {
                best = point
                bestDistance = distance
                if distance <= 1e-20 { break }
            }
        }
        return best
    }
}

/// The change of coordinates from a conventional to a primitive cell.
private struct PrimitiveBasis {
    /// The vectors in units of the conventional ones.
    private let vectors: Cell

    init?(_ centring: Centring) {
        guard centring != .primitive else { return nil }
        let vectors = centring.primitiveVectors
        self.vectors = Cell(a: vectors[0], b: vectors[1], c: vectors[2])
    }

    func cell(_ conventional: Cell) -> Cell {
        Cell(
            a: conventional.cartesian(vectors.a), b: conventional.cartesian(vectors.b),
            c: conventional.cartesian(vectors.c))
    }

    func fractional(_ point: SIMD3<Double>) -> SIMD3<Double> { vectors.fractional(point) }
}
