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
    /// What the input calls each atom, for messages, such as "Si2 (line 14)"; nil if it gives no names.
    package var labels: [String]?
    /// The name the input gave, if any.
    package var id: String?

    /// - Precondition: as many coordinates as elements, and as many labels if there are any.
    package init(
        cell: Cell, elements: [Element], fractionalCoordinates: [SIMD3<Double>], orbits: [Int]? = nil,
        labels: [String]? = nil, id: String? = nil
    ) {
        precondition(elements.count == fractionalCoordinates.count)
        precondition(labels == nil || labels?.count == elements.count)
        self.labels = labels
        self.cell = cell
        self.elements = elements
        self.fractionalCoordinates = fractionalCoordinates
        self.orbits = orbits
        self.id = id
    }

    /// What messages call an atom: its label, its site, or its number from 1, with the element.
    /// - Precondition: the atom exists.
    package func name(ofAtom index: Int) -> String {
        if let labels { return labels[index] }
        let symbol = elements[index].symbol
        if let orbits { return "site \(orbits[index] + 1) (\(symbol))" }
        return "atom \(index + 1) (\(symbol))"
    }

    /// The same atoms in a right-handed cell: a left-handed one has its first two vectors in the other order.
    package var rightHanded: Structure {
        guard cell.signedVolume < 0 else { return self }
        var structure = self
        (structure.cell.a, structure.cell.b) = (cell.b, cell.a)
        structure.fractionalCoordinates = fractionalCoordinates.map { SIMD3($0.y, $0.x, $0.z) }
        return structure
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
