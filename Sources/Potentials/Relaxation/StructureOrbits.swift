import Crystals

/// A structure under a group of operations of its cell: the atoms in orbits, and cell and sites moved to where the
/// group maps them onto each other to rounding.
struct StructureOrbits: Sendable {
    /// The structure with the symmetry exact.
    let structure: Structure
    let orbits: [Orbit]
    /// The linear parts of the operations as Cartesian rotations, each once.
    let rotations: [Matrix3]

    /// Atoms that the group maps onto each other.
    struct Orbit: Sendable {
        /// In ascending order of atoms; the first stands for all.
        var members: [Member]
        /// The rotations that leave the first atom where it is, Cartesian.
        var siteRotations: [Matrix3]
    }

    /// An atom of an orbit.
    struct Member: Sendable {
        let atom: Int
        /// From the orbit's first atom to this one, lattice translation included, fractional coordinates.
        var operation: AffineOperation
        /// Its linear part as a Cartesian rotation.
        var rotation: Matrix3
    }

    /// - Parameters:
    ///   - operations: a group in the coordinates of the structure, the identity among them; modulo lattice
    ///     translations.
    ///   - tolerance: how far an image may be from the atom it stands for, Å.
    /// - Returns: nil if an operation maps an atom onto none of its kind.
    /// - Precondition: the cell has a volume, all numbers are finite.
    /// - Complexity: O(atoms² × order of the site symmetries).
    init?(_ given: Structure, operations: [AffineOperation], tolerance: Double) {
        var structure = given
        structure.cell = StructureOrbits.symmetrized(given.cell, operations)
        let lattice = Matrix3(structure.cell)
        let inverse = lattice.inverse
        func cartesian(_ operation: AffineOperation) -> Matrix3 {
            lattice.transposed * Matrix3(operation) * inverse.transposed
        }
        var orbits: [Orbit] = []
        var isTaken = [Bool](repeating: false, count: given.atomCount)
        for first in 0..<given.atomCount where !isTaken[first] {
            let point = given.fractionalCoordinates[first]
            var members: [Int: AffineOperation] = [first: .identity]
            var stabiliser: [AffineOperation] = []
            var shift = SIMD3<Double>.zero
            for operation in operations {
                let image = operation.apply(point)
                guard
                    let atom = StructureOrbits.nearest(
                        to: image, first: first, in: given, isTaken: isTaken, tolerance: tolerance)
                else { return nil }
                let difference = given.fractionalCoordinates[atom] - image
                let translation = difference.rounded(.toNearestOrEven)
                let placed = operation.translated(by: translation)
                if atom == first { stabiliser.append(placed) }
                // What the image's atom says of where the first one should be.
                if let back = placed.inverseRotation { shift += back.rotate(difference - translation) }
                if members[atom] == nil { members[atom] = placed }
            }
            let settled = point + shift / Double(operations.count)
            for (atom, operation) in members {
                isTaken[atom] = true
                structure.fractionalCoordinates[atom] = operation.apply(settled)
            }
            orbits.append(
                Orbit(
                    members: members.sorted { $0.key < $1.key }.map {
                        Member(atom: $0.key, operation: $0.value, rotation: cartesian($0.value))
                    },
                    siteRotations: stabiliser.map(cartesian)))
        }
        self.structure = structure
        self.orbits = orbits
        var seen: Set<AffineOperation> = []
        rotations = operations.filter { seen.insert($0.linear).inserted }.map(cartesian)
    }

    /// The atom of the same element nearest to a point that no earlier orbit has.
    private static func nearest(
        to point: SIMD3<Double>, first: Int, in structure: Structure, isTaken: [Bool], tolerance: Double
    ) -> Int? {
        var best: Int?
        var bestDistance = tolerance
        for atom in first..<structure.atomCount where !isTaken[atom] {
            guard structure.elements[atom] == structure.elements[first] else { continue }
            let distance = structure.cell.length(nearestImage(structure.fractionalCoordinates[atom] - point))
            if distance < bestDistance {
                best = atom
                bestDistance = distance
            }
        }
        return best
    }

    /// The cell nearest to a given one whose metric the operations keep; no turn against the given one.
    private static func symmetrized(_ cell: Cell, _ operations: [AffineOperation]) -> Cell {
        guard operations.count > 1 else { return cell }
        let lattice = Matrix3(cell)
        let metric = lattice * lattice.transposed
        var sum = Matrix3.zero
        for operation in operations {
            let rotation = Matrix3(operation)
            sum = sum + rotation.transposed * metric * rotation
        }
        let inverse = lattice.inverse
        // L' = L U with U U = L⁻¹ G' L⁻ᵀ
        let square = (inverse * (sum * (1 / Double(operations.count))) * inverse.transposed).symmetrized
        return (lattice * SymmetricMatrix3(square).map { $0.squareRoot() }).cell
    }
}

extension AffineOperation {
    /// The same with a lattice translation after it.
    fileprivate func translated(by shift: SIMD3<Double>) -> AffineOperation {
        AffineOperation(columns: columns, translation: translation + shift)
    }

    /// Without its shift.
    fileprivate var linear: AffineOperation { AffineOperation(columns: columns, translation: .zero) }

    /// The inverse of the linear part.
    fileprivate var inverseRotation: AffineOperation? {
        let determinant = self.determinant
        guard determinant.magnitude > 0.5 else { return nil }
        let inverse = Matrix3(self).inverse.transposed
        return AffineOperation(columns: (inverse.x, inverse.y, inverse.z), translation: .zero)
    }
}
