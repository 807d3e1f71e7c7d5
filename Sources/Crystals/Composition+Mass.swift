extension Composition {
    /// The mass of all atoms, g/mol.
    package var mass: Double { elements.reduce(0) { $0 + (amounts[$1] ?? 0) * $1.atomicMass } }

    /// The share of the mass that an element has, 0...1.
    package func massFraction(of element: Element) -> Double { (amounts[element] ?? 0) * element.atomicMass / mass }
}

extension Structure {
    /// The mass density, g/cm³.
    package var density: Double { composition.mass * Self.gramsPerCubicCentimeter / cell.volume }

    /// 1 g/mol in a volume of 1 Å³: 10²⁴ Å³/cm³ over Avogadro's number.
    private static let gramsPerCubicCentimeter = 1e24 / 6.022_140_76e23
}
