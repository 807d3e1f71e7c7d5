import Crystals
internal import Foundation

/// The degrees of freedom that a space group leaves a crystal: for each orbit the displacements of its first atom that
/// its site symmetry allows, then the symmetric strains that the point group allows.
///
/// A value of the coordinates is an array of numbers in Å: displacements in the starting cell, scaled such that the
/// Euclidean length is that over all atoms; then n log F, with n atoms and the deformation F of the cell
/// (L = L₀ F, F symmetric), in a basis that is orthonormal over the nine entries. With every symmetry released these
/// are the coordinates of ASE's `FrechetCellFilter`, without turns of the cell; with symmetry they are the part of
/// those that the group leaves unchanged, so a method that depends on lengths and products alone takes the same path in
/// both.
struct RelaxationCoordinates: Sendable {
    /// The structure where all coordinates are 0; its symmetry is exact.
    let start: Structure
    let orbits: [Orbit]
    /// Orthonormal symmetric matrices that the point group leaves unchanged; none where the cell is fixed.
    let strains: [Matrix3]
    /// The number of coordinates.
    let count: Int
    private let lattice: Matrix3
    private let inverseLattice: Matrix3

    struct Orbit: Sendable {
        let members: [StructureOrbits.Member]
        /// Orthonormal Cartesian directions in which the first atom may move.
        let directions: [SIMD3<Double>]
        /// The place of the first of them in the array of coordinates.
        let offset: Int
        /// What a coordinate of 1 moves each atom by.
        let scale: Double
    }

    /// Energies' derivatives in several forms.
    struct Forces: Sendable {
        /// Minus the derivative of the energy (eV) by each coordinate (Å).
        var generalized: [Double]
        /// The longest row of atoms' and cell's parts of it, as `FrechetCellFilter` has them, eV/Å.
        var largestRow: Double
        /// The largest force on an atom, eV/Å.
        var largestForce: Double
        /// The largest component of the stress, in what the coordinates can change of it, eV/Å³.
        var largestStress: Double
    }

    init(_ symmetric: StructureOrbits, relaxesCell: Bool) {
        start = symmetric.structure
        lattice = Matrix3(start.cell)
        inverseLattice = lattice.inverse
        var offset = 0
        orbits = symmetric.orbits.map { orbit in
            let directions = InvariantBasis.directions(orbit.siteRotations)
            defer { offset += directions.count }
            return Orbit(
                members: orbit.members, directions: directions, offset: offset,
                scale: 1 / Double(orbit.members.count).squareRoot())
        }
        strains = relaxesCell ? InvariantBasis.strains(symmetric.rotations) : []
        count = offset + strains.count
    }

    private var atomCount: Double { Double(start.atomCount) }

    /// log F
    func strain(_ values: [Double]) -> Matrix3 {
        var sum = Matrix3.zero
        for (strain, value) in zip(strains, values.suffix(strains.count)) {
            sum = sum + strain * (value / atomCount)
        }
        return sum
    }

    private func displacement(_ orbit: Orbit, _ values: [Double]) -> SIMD3<Double> {
        var sum = SIMD3<Double>.zero
        for (index, direction) in orbit.directions.enumerated() {
            sum += (orbit.scale * values[orbit.offset + index]) * direction
        }
        return sum
    }

    /// The structure at some coordinates.
    func structure(_ values: [Double]) -> Structure {
        precondition(values.count == count)
        var structure = start
        if !strains.isEmpty {
            structure.cell = (lattice * SymmetricMatrix3(strain(values)).exponential).cell
        }
        for orbit in orbits where !orbit.directions.isEmpty {
            let first = orbit.members[0].atom
            let point = start.fractionalCoordinates[first] + displacement(orbit, values) * inverseLattice
            for member in orbit.members { structure.fractionalCoordinates[member.atom] = member.operation.apply(point) }
        }
        return structure
    }

    /// What forces (eV/Å) and stress of the structure at some coordinates are in the coordinates.
    func forces(_ values: [Double], forces: [SIMD3<Double>], stress: Stress?) -> Forces {
        let logarithm = SymmetricMatrix3(strain(values))
        let deformation = logarithm.exponential
        var result = Forces(
            generalized: [Double](repeating: 0, count: count), largestRow: 0, largestForce: 0, largestStress: 0)
        for orbit in orbits where !orbit.directions.isEmpty {
            // The mean of what the atoms of the orbit say of the first one.
            var sum = SIMD3<Double>.zero
            for member in orbit.members { sum += forces[member.atom] * member.rotation }
            let mean = sum / Double(orbit.members.count)
            let pulledBack = mean * deformation
            var row = SIMD3<Double>.zero
            var force = SIMD3<Double>.zero
            for (index, direction) in orbit.directions.enumerated() {
                result.generalized[orbit.offset + index] = dot(pulledBack, direction) / orbit.scale
                row += dot(pulledBack, direction) * direction
                force += dot(mean, direction) * direction
            }
            result.largestRow = max(result.largestRow, row.length)
            result.largestForce = max(result.largestForce, force.length)
        }
        guard let stress, !strains.isEmpty else { return result }
        let sigma = Matrix3(x: stress.rows[0], y: stress.rows[1], z: stress.rows[2]).symmetrized
        let volume = (lattice * deformation).cell.volume
        // -dE/dF = -V σ F⁻ᵀ
        let inner = (sigma * logarithm.map { exp(-$0) }) * -volume
        let derivative = logarithm.exponentialDerivative(along: inner).symmetrized
        var row = Matrix3.zero
        var allowed = Matrix3.zero
        for (index, strain) in strains.enumerated() {
            let component = derivative.contracted(with: strain) / atomCount
            result.generalized[count - strains.count + index] = component
            row = row + strain * component
            allowed = allowed + strain * sigma.contracted(with: strain)
        }
        result.largestRow = max(result.largestRow, row.largestRow)
        result.largestStress = allowed.largestEntry
        return result
    }
}
