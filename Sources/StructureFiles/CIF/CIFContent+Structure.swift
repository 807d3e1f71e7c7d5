package import Crystals

extension CIFContent {
    /// Every atom of the cell: the sites under all operations, coinciding images merged.
    /// - Parameter tolerance: Å; images closer than this are one atom.
    /// - Throws: ``StructureFileError``: two atoms on one site, too many atoms, atoms that do not make the formula.
    package func structure(tolerance: Double = 0.02) throws(StructureFileError) -> Structure {
        let cell: Cell
        do {
            cell = try lattice.cell()
        } catch {
            throw .crystal(error)
        }
        var elements: [Element] = []
        var coordinates: [SIMD3<Double>] = []
        var orbits: [Int] = []
        // The site of each orbit.
        var origins: [Site] = []
        for site in sites {
            let orbit = CIFContent.orbit(of: site.position, operations: operations, cell: cell, tolerance: tolerance)
            let twin = coordinates.firstIndex { cell.length(nearestImage($0 - orbit[0])) < tolerance }
            if let twin {
                let pair = "\(origins[orbits[twin]].place) and \(site.place)"
                guard elements[twin] == site.element else { throw .cif(.twoElementsOnOneSite, detail: pair) }
                // A list of the whole cell under operations; without operations the file means two atoms.
                guard operations.count > 1 else { throw CIFContent.coinciding(pair) }
                continue
            }
            guard coordinates.count + orbit.count <= StructureReader.maximumAtomCount else {
                throw .cif(.tooManyAtoms, detail: "more than \(StructureReader.maximumAtomCount)")
            }
            coordinates += orbit
            elements += [Element](repeating: site.element, count: orbit.count)
            orbits += [Int](repeating: origins.count, count: orbit.count)
            origins.append(site)
        }
        let structure = Structure(
            cell: cell, elements: elements, fractionalCoordinates: coordinates,
            orbits: operations.count > 1 ? orbits : nil, labels: orbits.map { origins[$0].place.description },
            id: name.isEmpty ? nil : name)
        try requireFormula(of: structure.composition)
        // Beyond the rounding of coordinates, but nearer than nuclei are.
        if let pair = structure.coincidingAtoms(closerThan: 5 * tolerance) {
            let (first, second) = (origins[orbits[pair.first]].place, origins[orbits[pair.second]].place)
            throw CIFContent.coinciding(
                orbits[pair.first] == orbits[pair.second]
                    ? "\(first) and its image by symmetry, \(DistanceText.text(pair.distance)) Å apart: give its "
                        + "coordinates with more decimals"
                    : "\(first) and \(second), \(DistanceText.text(pair.distance)) Å apart")
        }
        return structure
    }

    private static func coinciding(_ detail: String) -> StructureFileError {
        .cif(.coincidingSites, detail: detail)
    }

    /// Holds the atoms of a cell against the formula and the hydrogens that the file states.
    /// - Throws: ``StructureFileError/cif(_:detail:)`` with both formulas.
    func requireFormula(of composition: Composition) throws(StructureFileError) {
        if let formula, formula.composition != nil || formula.elements != Set(composition.elements) {
            guard !formula.agrees(with: composition) else { return }
            let lacksHydrogen =
                attachedHydrogens > 0
                || Set(composition.elements).isStrictSubset(of: formula.elements)
                    && formula.elements.subtracting(composition.elements).map(\.symbol) == ["H"]
            throw .cif(
                .formulaMismatch,
                detail: "listed with their images: \(composition.formula), formula: \(formula.text)"
                    + (lacksHydrogen ? "; hydrogens have no positions: add them" : ""))
        }
        guard attachedHydrogens == 0 else {
            throw .cif(
                .formulaMismatch,
                detail: "_atom_site_attached_hydrogens tells of hydrogens without positions: add them")
        }
    }

    /// The images of a point, the point first moved onto the symmetry elements near it.
    static func orbit(
        of point: SIMD3<Double>, operations: [AffineOperation], cell: Cell, tolerance: Double
    ) -> [SIMD3<Double>] {
        var shift = SIMD3<Double>.zero
        var count = 0
        for operation in operations {
            let difference = nearestImage(operation.apply(point) - point)
            if cell.length(difference) < tolerance {
                shift += difference
                count += 1
            }
        }
        let settled = count > 0 ? point + shift / Double(count) : point
        var orbit: [SIMD3<Double>] = []
        for operation in operations {
            let image = wrapped(operation.apply(settled))
            if !orbit.contains(where: { cell.length(nearestImage($0 - image)) < tolerance }) { orbit.append(image) }
        }
        return orbit
    }

    /// The crystal that the file describes.
    ///
    /// Operations in the setting of the table, or of the group's other origin, are taken as they stand: each site is
    /// moved onto the first representative of its Wyckoff position. For anything else, P 1 included, the symmetry is
    /// searched.
    /// - Parameter tolerance: Å.
    /// - Throws: ``StructureFileError``.
    package func crystal(tolerance: Double = 0.01) throws(StructureFileError) -> Crystal {
        // P 1 is what programs write that list every atom: it says nothing of the symmetry.
        if operations.count > 1, let direct = try directCrystal(tolerance: tolerance) {
            try requireFormula(of: direct.composition)
            return direct
        }
        let structure = try structure()
        do {
            return try Crystal(structure: structure, symmetryTolerance: tolerance)
        } catch {
            throw .symmetry(error)
        }
    }

    /// The crystal by the stated symmetry; nil if that is not possible.
    package func directCrystal(tolerance: Double) throws(StructureFileError) -> Crystal? {
        guard let spaceGroup, let shift = spaceGroup.originShift(from: operations) else { return nil }
        let symmetrized = spaceGroup.symmetrize(lattice)
        for (given, ideal) in zip(lattice.values, symmetrized.values) where (given - ideal).magnitude > 1e-3 * ideal {
            return nil
        }
        guard let cell = try? symmetrized.cell() else { return nil }
        var found: [Crystal.Site] = []
        var origins: [Site] = []
        found.reserveCapacity(sites.count)
        for site in sites {
            guard
                let assignment = spaceGroup.assignment(of: site.position + shift, cell: cell, tolerance: tolerance)
            else { return nil }
            let representative = assignment.representative
            let twin = found.firstIndex { other in
                other.wyckoff == assignment.position.index
                    && cell.length(nearestImage(other.position - representative)) < tolerance
            }
            if let twin {
                let pair = "\(origins[twin].place) and \(site.place)"
                guard found[twin].element == site.element else { throw .cif(.twoElementsOnOneSite, detail: pair) }
                guard operations.count > 1 else { throw CIFContent.coinciding(pair) }
                continue
            }
            origins.append(site)
            found.append(
                Crystal.Site(wyckoff: assignment.position.index, element: site.element, position: representative))
        }
        return Crystal(spaceGroup: spaceGroup, sites: Crystal.sorted(found), lattice: symmetrized)
    }
}
