import CSpglib

/// What the symmetry search finds: the space group, and the structure in the group's standard setting.
package struct SymmetryAnalysis: Sendable {
    package let spaceGroup: SpaceGroup
    /// The idealised conventional cell in the setting of the table, in any orientation.
    package let conventional: Structure
    /// The operations of the group in the coordinates of the structure as given, centring translations included: a
    /// group to rounding, which maps the atoms onto each other within the tolerance.
    package let operations: [AffineOperation]

    /// Searches the space group of a structure.
    /// - Parameters:
    ///   - tolerance: Å.
    ///   - angleTolerance: degrees; nil derives it from `tolerance`.
    /// - Throws: ``SymmetryError``.
    package init(
        _ structure: Structure, tolerance: Double = 0.01, angleTolerance: Double? = nil
    ) throws(SymmetryError) {
        let structure = try structure.withCoordinatesInReach
        let input = try SpglibInput(structure)
        guard !structure.cell.hasTranslation(shorterThan: 2 * tolerance) else {
            throw .searchFailed(tolerance: tolerance)
        }
        if let found = input.analysis(tolerance: tolerance, angleTolerance: angleTolerance) {
            self = found
            return
        }
        // Rounding in a strongly skewed cell keeps spglib from finding what it finds in the reduced one.
        guard let reduced = try? ReducedCell(structure.cell),
            let found = try SpglibInput(structure.inReducedCell(reduced))
                .analysis(tolerance: tolerance, angleTolerance: angleTolerance)
        else { throw .searchFailed(tolerance: tolerance) }
        spaceGroup = found.spaceGroup
        conventional = found.conventional
        operations = found.operations.map(reduced.given)
    }

    fileprivate init(spaceGroup: SpaceGroup, conventional: Structure, operations: [AffineOperation]) {
        self.spaceGroup = spaceGroup
        self.conventional = conventional
        self.operations = operations
    }
}

extension Cell {
    /// Whether a lattice point is nearer to the origin than a distance (Å): spglib does not survive cells as small as
    /// its tolerance.
    fileprivate func hasTranslation(shorterThan distance: Double) -> Bool {
        !ImageSearch(cell: self, distance: distance).forEachTranslation(of: .zero) { translation in
            translation == .zero || length(translation) > distance
        }
    }
}

extension Structure {
    /// The same atoms with coordinates far outside the cell moved into it.
    /// - Throws: `invalidGeometry` for coordinates that doubles do not hold to a share of the tolerance.
    fileprivate var withCoordinatesInReach: Structure {
        get throws(SymmetryError) {
            let largest = fractionalCoordinates.reduce(0.0) { most, x in
                max(most, x.x.magnitude, x.y.magnitude, x.z.magnitude)
            }
            guard largest > 1e3 else { return self }
            guard largest < 1e9 else { throw .invalidGeometry }
            var structure = self
            structure.fractionalCoordinates = fractionalCoordinates.map(wrapped)
            return structure
        }
    }

    fileprivate func inReducedCell(_ reduced: ReducedCell) -> Structure {
        var structure = self
        structure.cell = reduced.cell
        structure.fractionalCoordinates = fractionalCoordinates.map { wrapped(reduced.fractional($0)) }
        return structure
    }
}

extension ReducedCell {
    /// An operation in coordinates of the given cell, of the same in those of the reduced one.
    fileprivate func given(_ operation: AffineOperation) -> AffineOperation {
        func column(_ axis: SIMD3<Double>) -> SIMD3<Double> {
            given(operation.rotate(fractional(axis))).rounded(.toNearestOrEven)
        }
        return AffineOperation(
            columns: (column(SIMD3(1, 0, 0)), column(SIMD3(0, 1, 0)), column(SIMD3(0, 0, 1))),
            translation: wrapped(given(operation.translation)))
    }
}

/// What is kept of spglib's data set.
private struct SpglibResult {
    let spaceGroup: Int
    let hallNumber: Int
    let standardized: Structure
    let operations: [AffineOperation]
}

/// A structure in spglib's layout.
private struct SpglibInput {
    private var lattice: [Double]
    private var positions: [Double]
    private var types: [Int32]
    private let isLeftHanded: Bool

    /// Å; no file of a crystal has a cell vector as long as this, however it is drawn.
    private static let longestVector = 1e5

    init(_ structure: Structure) throws(SymmetryError) {
        guard structure.atomCount > 0 else { throw .noAtoms }
        let cell = structure.cell
        guard cell.volume.isFinite, cell.volume > 1e-6 else { throw .invalidGeometry }
        // The search does not come to an end where vectors are so long that rounding eats the short ones.
        for vector in [cell.a, cell.b, cell.c] where (vector * vector).sum() > Self.longestVector * Self.longestVector {
            throw .invalidGeometry
        }
        // A left-handed cell is described by its first two vectors in the other order.
        isLeftHanded = cell.signedVolume < 0
        let (a, b, c) = isLeftHanded ? (cell.b, cell.a, cell.c) : (cell.a, cell.b, cell.c)
        lattice = (0..<3).flatMap { [a[$0], b[$0], c[$0]] }
        positions = []
        for x in structure.fractionalCoordinates {
            guard x.x.isFinite, x.y.isFinite, x.z.isFinite else { throw .invalidGeometry }
            positions += isLeftHanded ? [x.y, x.x, x.z] : [x.x, x.y, x.z]
        }
        types = structure.elements.map { Int32($0.atomicNumber) }
    }

    /// The symmetry in the setting of the table; nil if none is found.
    func analysis(tolerance: Double, angleTolerance: Double?) -> SymmetryAnalysis? {
        var found = dataset(hallNumber: 0, tolerance: tolerance, angleTolerance: angleTolerance)
        if let first = found, let group = SpaceGroup(number: first.spaceGroup), first.hallNumber != group.hallNumber {
            found = dataset(hallNumber: group.hallNumber, tolerance: tolerance, angleTolerance: angleTolerance)
        }
        guard let found, let group = SpaceGroup(number: found.spaceGroup) else { return nil }
        return SymmetryAnalysis(
            spaceGroup: group, conventional: found.standardized, operations: restored(found.operations))
    }

    /// Runs the search; `hallNumber` 0 leaves the setting to spglib.
    private func dataset(hallNumber: Int, tolerance: Double, angleTolerance: Double?) -> SpglibResult? {
        var lattice = self.lattice
        var positions = self.positions
        let dataset = lattice.withUnsafeMutableBytes { lattice in
            positions.withUnsafeMutableBytes { positions in
                spgat_get_dataset_with_hall_number(
                    lattice.assumingMemoryBound(to: (Double, Double, Double).self).baseAddress,
                    positions.assumingMemoryBound(to: (Double, Double, Double).self).baseAddress,
                    types, Int32(types.count), Int32(hallNumber), tolerance, angleTolerance ?? -1)
            }
        }
        guard let dataset else { return nil }
        defer { spg_free_dataset(dataset) }
        return SpglibResult(dataset.pointee)
    }

    /// Operations of the cell that spglib was given, in the coordinates of the structure.
    private func restored(_ operations: [AffineOperation]) -> [AffineOperation] {
        guard isLeftHanded else { return operations }
        func swapped(_ x: SIMD3<Double>) -> SIMD3<Double> { SIMD3(x.y, x.x, x.z) }
        return operations.map { operation in
            let (x, y, z) = operation.columns
            return AffineOperation(
                columns: (swapped(y), swapped(x), swapped(z)), translation: swapped(operation.translation))
        }
    }
}

extension SpglibResult {
    init?(_ dataset: SpglibDataset) {
        let count = Int(dataset.n_std_atoms)
        guard dataset.spacegroup_number > 0, count > 0, let types = dataset.std_types,
            let positions = dataset.std_positions, let rotations = dataset.rotations,
            let translations = dataset.translations
        else { return nil }
        let rows = dataset.std_lattice
        let cell = Cell(
            a: SIMD3(rows.0.0, rows.1.0, rows.2.0), b: SIMD3(rows.0.1, rows.1.1, rows.2.1),
            c: SIMD3(rows.0.2, rows.1.2, rows.2.2))
        let elements = (0..<count).compactMap { Element(atomicNumber: Int(types[$0])) }
        guard elements.count == count else { return nil }
        operations = (0..<Int(dataset.n_operations)).map { index in
            let (x, y, z) = rotations[index]
            func column(_ a: Int32, _ b: Int32, _ c: Int32) -> SIMD3<Double> { SIMD3(Double(a), Double(b), Double(c)) }
            return AffineOperation(
                columns: (column(x.0, y.0, z.0), column(x.1, y.1, z.1), column(x.2, y.2, z.2)),
                translation: SIMD3(translations[index].0, translations[index].1, translations[index].2))
        }
        spaceGroup = Int(dataset.spacegroup_number)
        hallNumber = Int(dataset.hall_number)
        standardized = Structure(
            cell: cell, elements: elements,
            fractionalCoordinates: (0..<count).map { SIMD3(positions[$0].0, positions[$0].1, positions[$0].2) })
    }
}
