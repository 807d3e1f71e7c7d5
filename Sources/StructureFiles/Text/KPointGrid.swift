package import Crystals
internal import Foundation

/// A grid of k-points around the zone's centre, as VASP reads it.
package struct KPointGrid: Sendable, Equatable {
    /// Along the three reciprocal vectors.
    package let divisions: [Int]

    /// The density with which the Materials Project relaxes, k-points per Å⁻³ of the reciprocal cell (with 2π).
    package static let usualDensity = 64.0

    /// - Parameter density: k-points per Å⁻³ of the reciprocal cell (2π included).
    package init(_ cell: Cell, density: Double = KPointGrid.usualDensity) {
        // As pymatgen's Kpoints.automatic_density_by_vol, which the sets of the Materials Project use.
        let reciprocalVolume = pow(2 * .pi, 3) / cell.volume
        let lengths = [cell.a, cell.b, cell.c].map { ($0 * $0).sum().squareRoot() }
        let edge = cbrt(density * reciprocalVolume * lengths.reduce(1, *))
        divisions = lengths.map { max(1, Int((edge / $0).rounded(.down))) }
    }

    /// The text of a KPOINTS file; the grid holds the zone's centre, so that it has the symmetry of every cell.
    package var text: String {
        "\(divisions.map(String.init).joined(separator: " x ")) around the zone's centre\n0\nGamma\n"
            + "\(divisions.map(String.init).joined(separator: " "))\n0 0 0\n"
    }
}
