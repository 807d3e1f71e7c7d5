package import Crystals
internal import Foundation
internal import Trajectories

extension ValidityLimits {
    /// The primitive cell of a crystal that is within the limits, orbits included.
    ///
    /// - Throws: the first limit that is broken.
    package func structure(of crystal: Crystal) throws(Rejection) -> Structure {
        guard !crystal.sites.isEmpty else { throw .invalid(.noAtoms) }
        guard crystal.lattice.values.allSatisfy(\.isFinite) else { throw .invalid(.latticeNotFinite) }
        let lattice = crystal.spaceGroup.symmetrize(crystal.lattice)
        guard min(lattice.a, lattice.b, lattice.c) >= minimumLength,
            max(lattice.a, lattice.b, lattice.c) <= maximumLength,
            min(lattice.alpha, lattice.beta, lattice.gamma) >= minimumAngle,
            max(lattice.alpha, lattice.beta, lattice.gamma) <= maximumAngle
        else { throw .invalid(.latticeOutOfBounds) }
        guard crystal.atomCount <= maximumAtoms else { throw .invalid(.tooManyAtoms) }
        let structure: Structure
        do throws(CrystalError) { structure = try crystal.structure(cell: .primitive) } catch { throw Rejection(error) }
        try check(structure)
        return structure
    }

    /// Checks what holds of atoms in a cell, however that cell was chosen: density and distances.
    ///
    /// - Throws: the first limit that is broken.
    package func check(_ structure: Structure) throws(Rejection) {
        let volumePerAtom = structure.cell.volume / Double(structure.atomCount)
        guard volumePerAtom >= minimumVolumePerAtom, volumePerAtom <= maximumVolumePerAtom else {
            throw .invalid(.volumeOutOfBounds)
        }
        let spheres = structure.elements.reduce(0) { $0 + 4 / 3 * Double.pi * pow($1.covalentRadius, 3) }
        guard maximumPacking == 0 || spheres <= maximumPacking * structure.cell.volume else {
            throw .invalid(.packedTooDensely)
        }
        guard !structure.hasAtoms(closerThan: minimumDistance) else { throw .invalid(.atomsTooClose) }
        guard minimumDistanceShare == 0 || !structure.hasAtoms(closerThanRadii: minimumDistanceShare) else {
            throw .invalid(.atomsOverlap)
        }
        guard maximumNearestDistance == 0 || !structure.hasIsolatedAtom(beyond: maximumNearestDistance) else {
            throw .invalid(.atomIsolated)
        }
    }
}
