package import Crystals
import Foundation

/// Says whether two structures are the same crystal, whatever their cells, origins, orientations, orders of atoms and
/// volumes: the comparison of pymatgen's `StructureMatcher` in its default mode (primitive cells, scaled volumes, equal
/// species, no supercells).
///
/// ```swift
/// let matcher = StructureMatcher()
/// let known = try ReducedStructure(structure)
/// for other in try others.map(ReducedStructure.init) where matcher.fit(known, other) { ... }
/// ```
/// Mirror images match. The comparison is not quite symmetric: near the tolerances `fit(a, b)` and `fit(b, a)` may
/// differ.
package struct StructureMatcher: Sendable {
    package let tolerances: MatchingTolerances

    package init(tolerances: MatchingTolerances = MatchingTolerances()) {
        self.tolerances = tolerances
    }

    /// Whether there is a way to put the structures onto each other in which no pair of atoms is as far apart as the
    /// site tolerance.
    ///
    /// - Complexity: by lattices and translations that come into question, O(n²) each, for n atoms in the primitive
    ///   cell, and O(n³) for the few that pass a quick test. Structures whose fingerprints differ cost nothing.
    package func fit(_ first: ReducedStructure, _ second: ReducedStructure) -> Bool {
        var isMatch = false
        forEachSuperposition(first, second) { distance in
            isMatch = distance.largest < tolerances.site
            return !isMatch
        }
        return isMatch
    }

    /// The distance of the structures in the way of putting them together that has the least root mean square; nil if
    /// that is not below the site tolerance.
    ///
    /// Its largest distance may be above the tolerance, so there may be a distance where ``fit(_:_:)`` is false.
    package func rmsDistance(_ first: ReducedStructure, _ second: ReducedStructure) -> SiteDistance? {
        var best: SiteDistance?
        forEachSuperposition(first, second) { distance in
            guard distance.rms < best?.rms ?? .infinity else { return true }
            best = distance
            return distance.rms >= Self.exact
        }
        return best.flatMap { $0.rms < tolerances.site ? $0 : nil }
    }

    /// Whether two structures are the same crystal.
    /// - Throws: ``MatchingError``.
    package func fit(_ first: Structure, _ second: Structure) throws(MatchingError) -> Bool {
        fit(try ReducedStructure(first), try ReducedStructure(second))
    }

    /// A root mean square below which no better superposition is looked for.
    private static let exact = 1e-5

    /// Calls `body` with the distances in each superposition that passes a quick test, until it returns false.
    private func forEachSuperposition(
        _ first: ReducedStructure, _ second: ReducedStructure, _ body: (SiteDistance) -> Bool
    ) {
        guard first.fingerprint.mayMatch(second.fingerprint, tolerances: tolerances) else { return }
        let scale = cbrt((second.cell.volume / first.cell.volume).squareRoot())
        let target = LatticeParameters(second.cell.scaled(by: 1 / scale))
        let mappings = LatticeMappings(first.cell.scaled(by: scale), target: target, tolerances: tolerances)
        var comparison = SiteComparison(first, second)
        mappings.forEachMapping { mapping in
            guard
                let lattice = AverageLattice(
                    mapping.parameters, target, atomCount: first.atomCount, siteTolerance: tolerances.site)
            else { return true }
            return comparison.forEachTranslation(
                matrix: mapping.matrix, lattice: lattice, siteTolerance: tolerances.site, body)
        }
    }
}

extension Cell {
    /// The same cell of another size.
    fileprivate func scaled(by factor: Double) -> Cell { Cell(a: a * factor, b: b * factor, c: c * factor) }
}
