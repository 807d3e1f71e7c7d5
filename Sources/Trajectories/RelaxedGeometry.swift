package import Crystals

/// Where a relaxation ended: the cell of a crystal and the coordinates of its sites, in their order. Space group,
/// Wyckoff positions and elements are the crystal's.
package struct RelaxedGeometry: Sendable, Hashable {
    /// Fractional, in the conventional cell.
    package var positions: [SIMD3<Double>]
    package var lattice: LatticeParameters

    package init(positions: [SIMD3<Double>], lattice: LatticeParameters) {
        self.positions = positions
        self.lattice = lattice
    }

    package init(of crystal: Crystal) {
        self.init(positions: crystal.sites.map(\.position), lattice: crystal.lattice)
    }

    /// The crystal relaxed.
    ///
    /// - Precondition: as many positions as the crystal has sites.
    package func applied(to crystal: Crystal) -> Crystal {
        precondition(positions.count == crystal.sites.count)
        var relaxed = crystal
        for index in positions.indices { relaxed.sites[index].position = positions[index] }
        relaxed.lattice = lattice
        return relaxed
    }
}
