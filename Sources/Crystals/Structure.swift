/// A periodic arrangement of atoms: every atom of one cell, without symmetry.
package struct Structure: Sendable, Hashable {
    /// The cell vectors a, b, c as rows, Å.
    package var cell: Cell
    /// The element of each atom.
    package var elements: [Element]
    /// Fractional coordinates, one for each atom; not necessarily in [0, 1).
    package var fractionalCoordinates: [SIMD3<Double>]
    /// The symmetry orbit of each atom where the origin of the structure tells (atoms of one orbit are equivalent);
    /// nil if unknown.
    package var orbits: [Int]?
    /// The name the input gave, if any.
    package var id: String?

    /// - Precondition: as many coordinates as elements.
    package init(
        cell: Cell, elements: [Element], fractionalCoordinates: [SIMD3<Double>], orbits: [Int]? = nil, id: String? = nil
    ) {
        precondition(elements.count == fractionalCoordinates.count)
        self.cell = cell
        self.elements = elements
        self.fractionalCoordinates = fractionalCoordinates
        self.orbits = orbits
        self.id = id
    }

    /// The number of atoms in the cell.
    package var atomCount: Int { elements.count }

    /// The amounts of the elements in the cell.
    package var composition: Composition {
        var amounts: [Element: Double] = [:]
        for element in elements { amounts[element, default: 0] += 1 }
        return Composition(amounts)
    }
}
