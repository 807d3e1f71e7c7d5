package import Crystals

/// What an input holds: every atom of a cell, or a crystal by its sites.
package enum StructureInput: Sendable {
    case structure(Structure)
    case crystal(Crystal)

    /// Every atom of a cell.
    /// - Parameter cell: which cell of a crystal; structures stay as they are.
    /// - Throws: ``StructureFileError/crystal(_:)``.
    package func structure(cell: Crystal.CellChoice = .conventional) throws(StructureFileError) -> Structure {
        switch self {
        case .structure(let structure): return structure
        case .crystal(let crystal):
            do {
                return try crystal.structure(cell: cell)
            } catch {
                throw .crystal(error)
            }
        }
    }

    /// The sites of the crystal; the symmetry of a structure is searched.
    /// - Parameter symmetryTolerance: Å.
    /// - Throws: ``StructureFileError/symmetry(_:)``.
    package func crystal(symmetryTolerance: Double = 0.01) throws(StructureFileError) -> Crystal {
        switch self {
        case .crystal(let crystal): return crystal
        case .structure(let structure):
            do {
                return try Crystal(structure: structure, symmetryTolerance: symmetryTolerance)
            } catch {
                throw .symmetry(error)
            }
        }
    }
}

/// One entry of a file of structures.
package struct StructureEntry: Sendable {
    /// The name the file gives the entry, else the name of the file and the index, as in "cells.cif#0".
    package let id: String
    package let input: Result<StructureInput, StructureFileError>
    /// The energy that the entry states for itself; nil if it states none.
    package let statedEnergy: Result<StatedEnergy, StructureFileError>?
    /// The numbers that were asked for and that the entry states, by name.
    package let numbers: [String: Result<Double, StructureFileError>]
    /// What stands under the same names, as it stands.
    let texts: [String: String]

    package init(
        id: String, input: Result<StructureInput, StructureFileError>,
        statedEnergy: Result<StatedEnergy, StructureFileError>? = nil,
        numbers: [String: Result<Double, StructureFileError>] = [:]
    ) {
        self.init(id: id, input: input, statedEnergy: statedEnergy, numbers: numbers, texts: [:])
    }

    init(
        id: String, input: Result<StructureInput, StructureFileError>,
        statedEnergy: Result<StatedEnergy, StructureFileError>?,
        numbers: [String: Result<Double, StructureFileError>], texts: [String: String]
    ) {
        self.id = id
        self.input = input
        self.statedEnergy = statedEnergy
        self.numbers = numbers
        self.texts = texts
    }
}
