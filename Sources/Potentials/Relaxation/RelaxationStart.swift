import Crystals

/// The structure that a relaxation begins with, and its symmetry.
struct RelaxationStart {
    let initial: Structure
    let symmetric: StructureOrbits
    /// nil where the symmetry is released.
    let spaceGroup: SpaceGroup?

    /// Å; a crystal's atoms are images of each other but for rounding.
    private static let crystalTolerance = 1e-3

    init(_ input: RelaxationInput, settings: RelaxationSettings) throws(RelaxationError) {
        let operations: [AffineOperation]
        let tolerance: Double
        switch input {
        case .crystal(let crystal):
            do { initial = try crystal.structure(cell: .primitive) } catch { throw .crystal(error) }
            operations = crystal.spaceGroup.primitiveOperations
            tolerance = RelaxationStart.crystalTolerance
            spaceGroup = settings.keepsSymmetry ? crystal.spaceGroup : nil
        case .structure(let structure):
            initial = structure
            try RelaxationStart.check(structure)
            if settings.keepsSymmetry {
                let analysis: SymmetryAnalysis
                do {
                    analysis = try SymmetryAnalysis(structure, tolerance: settings.symmetryTolerance)
                } catch {
                    throw .symmetry(error)
                }
                operations = analysis.operations
                spaceGroup = analysis.spaceGroup
            } else {
                operations = []
                spaceGroup = nil
            }
            tolerance = 2 * settings.symmetryTolerance
        }
        try RelaxationStart.check(initial)
        guard
            let symmetric = StructureOrbits(
                initial, operations: settings.keepsSymmetry ? operations : [.identity],
                tolerance: settings.keepsSymmetry ? tolerance : .infinity)
        else {
            throw .symmetry(.inconsistent(spaceGroup: spaceGroup?.number ?? 1, tolerance: tolerance))
        }
        self.symmetric = symmetric
    }

    /// What the coordinates cannot be made of, the potential would refuse as well.
    private static func check(_ structure: Structure) throws(RelaxationError) {
        guard structure.atomCount > 0 else { throw .potential(.emptyStructure) }
        for (index, x) in structure.fractionalCoordinates.enumerated() {
            guard x.x.isFinite, x.y.isFinite, x.z.isFinite else {
                throw .potential(.nonFiniteGeometry("the position of atom \(index)"))
            }
        }
        do throws(PotentialError) { _ = try ReducedCell(of: structure.cell) } catch { throw .potential(error) }
    }
}
