extension CIFContent {
    /// Every atom of the cell: the sites under all operations, coinciding images merged.
    /// - Parameter tolerance: Å; images closer than this are one atom.
    /// - Throws: ``StructureFileError``: two elements on one site, too many atoms.
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
        var orbitCount = 0
        for site in sites {
            let orbit = CIFContent.orbit(of: site.position, operations: operations, cell: cell, tolerance: tolerance)
            let twin = coordinates.firstIndex { cell.length(nearestImage($0 - orbit[0])) < tolerance }
            if let twin {
                guard elements[twin] == site.element else {
                    throw .cif(
                        .twoElementsOnOneSite, detail: "\(elements[twin].symbol), \(site.element.symbol)")
                }
                // A list of the whole cell under operations; without operations the file means two atoms.
                if operations.count > 1 { continue }
            }
            guard coordinates.count + orbit.count <= StructureReader.maximumAtomCount else {
                throw .cif(.tooManyAtoms, detail: "more than \(StructureReader.maximumAtomCount)")
            }
            coordinates += orbit
            elements += [Element](repeating: site.element, count: orbit.count)
            orbits += [Int](repeating: orbitCount, count: orbit.count)
            orbitCount += 1
        }
        return Structure(
            cell: cell, elements: elements, fractionalCoordinates: coordinates,
            orbits: operations.count > 1 ? orbits : nil, id: name.isEmpty ? nil : name)
    }

    /// The images of a point, the point first moved onto the symmetry elements near it.
    private static func orbit(
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
    /// moved onto the first representative of its Wyckoff position. For anything else the symmetry is searched anew.
    /// - Parameter tolerance: Å.
    /// - Throws: ``StructureFileError``.
    package func crystal(tolerance: Double = 0.01) throws(StructureFileError) -> Crystal {
        if let direct = try directCrystal(tolerance: tolerance) { return direct }
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
        found.reserveCapacity(sites.count)
        for site in sites {
            guard
                let assignment = spaceGroup.assignment(of: site.position + shift, cell: cell, tolerance: tolerance)
            else { return nil }
            let representative = assignment.representative
            let twin = found.first { other in
                other.wyckoff == assignment.position.index
                    && cell.length(nearestImage(other.position - representative)) < tolerance
            }
            if let twin {
                guard twin.element == site.element else {
                    throw .cif(.twoElementsOnOneSite, detail: "\(twin.element.symbol), \(site.element.symbol)")
                }
                continue
            }
            found.append(
                Crystal.Site(wyckoff: assignment.position.index, element: site.element, position: representative))
        }
        return Crystal(spaceGroup: spaceGroup, sites: Crystal.sorted(found), lattice: symmetrized)
    }
}
