extension Crystal {
    /// Finds the space group of a structure and the site of each orbit in the group's standard setting.
    ///
    /// The sites lie on the first representatives of their Wyckoff positions and are ordered by position, x, y and z.
    /// They rebuild the structure: same atoms, same distances within the tolerance.
    /// - Parameters:
    ///   - symmetryTolerance: Å.
    ///   - angleTolerance: degrees; nil derives it from the other, so that no shear beyond that is overlooked.
    /// - Throws: ``SymmetryError``.
    package init(
        structure: Structure, symmetryTolerance: Double = 0.01, angleTolerance: Double? = nil
    ) throws(SymmetryError) {
        let analysis = try SymmetryAnalysis(structure, tolerance: symmetryTolerance, angleTolerance: angleTolerance)
        guard let crystal = Crystal(standardized: analysis.conventional, spaceGroup: analysis.spaceGroup) else {
            throw .inconsistent(spaceGroup: analysis.spaceGroup.number, tolerance: symmetryTolerance)
        }
        self = crystal
    }

    /// Takes the sites from a conventional cell in the setting of the table; nil if the group's operations do not map
    /// the atoms onto each other.
    private init?(standardized structure: Structure, spaceGroup: SpaceGroup) {
        let cell = structure.cell
        let tolerance = 1e-3
        var isOpen = [Bool](repeating: true, count: structure.atomCount)
        var sites: [Site] = []
        for atom in 0..<structure.atomCount where isOpen[atom] {
            let element = structure.elements[atom]
            guard
                let found = spaceGroup.assignment(
                    of: structure.fractionalCoordinates[atom], cell: cell, tolerance: tolerance)
            else { return nil }
            for operation in found.position.operations {
                let point = operation.apply(found.representative)
                let match = (0..<structure.atomCount).first { other in
                    isOpen[other] && structure.elements[other] == element
                        && cell.length(nearestImage(structure.fractionalCoordinates[other] - point)) < 2 * tolerance
                }
                guard let match else { return nil }
                isOpen[match] = false
            }
            sites.append(Site(wyckoff: found.position.index, element: element, position: found.representative))
        }
        self.init(
            spaceGroup: spaceGroup, sites: Crystal.sorted(sites),
            lattice: spaceGroup.symmetrize(LatticeParameters(cell)))
    }
}
