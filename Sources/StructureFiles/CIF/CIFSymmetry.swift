import Crystals

/// The symmetry of a data block of a CIF: by what it states, held against the cell, the formula and the multiplicities.
///
/// Listed operations decide, those of the magnetic group first; then the Hall symbol, the Hermann-Mauguin symbol with
/// its setting, and the number. What is stated twice must agree, and what leaves several settings is settled by the
/// evidence of the file or refused.
struct CIFSymmetry {
    /// The group, where it is known.
    let spaceGroup: SpaceGroup?
    /// The operations, the identity alone where the file states no symmetry.
    let operations: [AffineOperation]
    private let evidence: CIFSymmetryEvidence

    /// - Throws: ``StructureFileError/cif(_:detail:)``.
    init(
        _ document: CIFDocument, _ block: CIFDocument.Block, _ loop: CIFDocument.Loop, lattice: LatticeParameters
    ) throws(StructureFileError) {
        let cell: Cell
        do {
            cell = try lattice.cell()
        } catch {
            throw .crystal(error)
        }
        evidence = CIFSymmetryEvidence(document, block, loop, cell: cell)
        let tags = CIFSymmetryTags(document, block)
        try CIFOperations.requireNoModulation(document, block, tags)
        if let magnetic = try CIFOperations.magnetic(document, tags) {
            operations = try CIFOperations.checked(magnetic, evidence)
            spaceGroup = SpaceGroup(operations: operations, cell: cell)
            return
        }
        let statement = try CIFSymmetryStatement(document, tags)
        if let listed = try CIFOperations.listed(document, tags) {
            operations = try CIFOperations.checked(listed, evidence)
            spaceGroup = try statement.group(of: operations, evidence)
        } else if let chosen = try statement.chosen(evidence) {
            operations = chosen.operations
            spaceGroup = chosen.spaceGroup ?? SpaceGroup(operations: chosen.operations, cell: cell)
        } else {
            operations = [.identity]
            spaceGroup = nil
            guard let contradiction = evidence.contradictionOfListedAtoms else { return }
            throw .cif(
                .contradictorySymmetry,
                detail: "no symmetry is stated, but \(contradiction): list the operations, or every atom")
        }
    }

    /// The positions of the rows, moved onto the symmetry elements that the decimals written do not tell them from.
    /// - Throws: ``StructureFileError/cif(_:detail:)`` for a site whose images nearly coincide all the same.
    func settledPositions() throws(StructureFileError) -> [SIMD3<Double>] {
        guard operations.count > 1 else { return evidence.sites.map(\.position) }
        var positions: [SIMD3<Double>] = []
        for site in evidence.sites {
            // Three decimals and more are within the tolerance of any reader.
            guard site.unit.max() > 5e-6 else {
                positions.append(site.position)
                continue
            }
            let orbit = SiteOrbit(site, operations: operations, cell: evidence.cell)
            if let distance = orbit.conflict {
                throw .cif(
                    .coincidingSites,
                    detail: "\(site.label) and its image by symmetry are \((100 * distance).rounded() / 100) Å apart: "
                        + "give its coordinates with more decimals")
            }
            positions.append(orbit.position)
        }
        return positions
    }
}
