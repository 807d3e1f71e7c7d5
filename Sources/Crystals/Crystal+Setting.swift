extension Crystal {
    /// The crystal as its space group has it, for crystals that people wrote down: the lattice that the group leaves,
    /// and each site on the first representative of its Wyckoff position. What is there already stays to the bit.
    ///
    /// Only rounding is taken out. A lattice of another setting, or an atom off its position, is another crystal.
    /// - Throws: ``CrystalError``, of the first site that lies off its position.
    package func settled() throws(CrystalError) -> Crystal {
        guard lattice.values.allSatisfy(\.isFinite) else { throw .latticeNotFinite(lattice) }
        let ideal = spaceGroup.symmetrize(lattice)
        let cell = try ideal.cell()
        for (given, free) in zip(lattice.values, ideal.values) where (given - free).magnitude > 1e-3 * free {
            throw .latticeAgainstGroup(lattice, spaceGroup: spaceGroup)
        }
        var crystal = Crystal(spaceGroup: spaceGroup, sites: [], lattice: ideal)
        for (index, site) in sites.enumerated() {
            crystal.sites.append(try spaceGroup.settled(site, index: index, cell: cell))
        }
        return crystal
    }
}

extension SpaceGroup {
    /// Å; how far from its Wyckoff position a site may be written: four decimals of a coordinate in a large cell,
    /// three in a small one.
    private static let siteTolerance = 0.02

    /// A site moved onto the first representative of its position, from whichever of its images is nearest to it.
    fileprivate func settled(
        _ site: Crystal.Site, index: Int, cell: Cell
    ) throws(CrystalError) -> Crystal.Site {
        let x = site.position
        guard x.x.isFinite, x.y.isFinite, x.z.isFinite else { throw .positionNotFinite(site: index) }
        guard let position = position(wyckoff: site.wyckoff) else {
            throw .unknownWyckoffPosition(
                spaceGroup: number, index: site.wyckoff, available: wyckoffPositions.count)
        }
        func offset(_ point: SIMD3<Double>) -> SIMD3<Double> {
            nearestImage(position.representative.apply(point) - point)
        }
        // The same bound as where the atoms of the crystal are made.
        guard (offset(x) * offset(x)).sum() > 1e-20 else { return site }
        var nearest = x
        var distance = cell.length(offset(x))
        for operation in operations.dropFirst() {
            let image = operation.apply(x)
            let other = cell.length(offset(image))
            if other < distance { (nearest, distance) = (image, other) }
        }
        guard distance <= Self.siteTolerance else {
            throw .siteOffPosition(
                site: index, element: site.element, letter: position.letter, spaceGroup: self, distance: distance)
        }
        var settled = site
        settled.position = position.project(nearest)
        return settled
    }
}
