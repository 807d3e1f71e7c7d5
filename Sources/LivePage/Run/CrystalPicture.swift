internal import Archive
internal import Base
internal import Crystals
internal import Foundation
internal import StructureFiles
internal import Trajectories

/// A crystal as the page draws it.
struct CrystalPicture {
    let crystal: ArchivedCrystal

    /// Of a larger cell no atoms are told: it would be a ball of them.
    private static let mostAtoms = 400

    init(_ crystal: ArchivedCrystal) { self.crystal = crystal }

    /// Where it was relaxed, that is what its numbers are of.
    private var shape: Crystal {
        guard let relaxed = crystal.measurement.relaxed, relaxed.positions.count == crystal.crystal.sites.count else {
            return crystal.crystal
        }
        return relaxed.applied(to: crystal.crystal)
    }

    /// The text of a CIF; nil where none can be written.
    var cif: String? { try? StructureWriter.cif(shape, id: shape.composition.reducedFormula) }

    /// The name of the file of the CIF.
    var fileName: String {
        let formula = crystal.formula.filter { $0.isLetter || $0.isNumber }
        return "\(formula)-\(crystal.crystal.spaceGroup.number)-\(crystal.id).cif"
    }

    var json: JSONValue {
        func number(_ value: Double?) -> JSONValue { .number(value ?? .nan) }
        let shape = shape
        var fields: JSONFields = [
            ("id", .text("\(crystal.id)")), ("formula", .text(crystal.formula)),
            ("group", .integer(shape.spaceGroup.number)), ("symbol", .text(shape.spaceGroup.symbol)),
            ("system", .text("\(shape.spaceGroup.crystalSystem)")),
            ("above_hull", number(crystal.energyAboveHull)), ("energy", number(crystal.energyPerAtom)),
            ("reward", number(crystal.reward)), ("atoms_in_cell", .integer(crystal.atomCount ?? shape.atomCount)),
            ("relaxed", .flag(crystal.measurement.relaxed != nil)), ("version", .integer(crystal.id.version.number)),
            ("actor", .text(crystal.lineage.actor)), ("worker", .text(crystal.lineage.worker ?? "")),
            ("time", .number(crystal.createdAt.timeIntervalSince1970.rounded())),
            ("lattice", .list(shape.lattice.values.map { .number(Self.short($0)) })),
            (
                "sites",
                .list(
                    zip(shape.sites, shape.letters).map { site, letter in
                        .object([
                            ("element", .text(site.element.symbol)), ("letter", .text(String(letter))),
                            (
                                "multiplicity",
                                .integer(shape.spaceGroup.position(wyckoff: site.wyckoff)?.multiplicity ?? 0)
                            ),
                            ("at", .list((0..<3).map { .number(Self.short(site.position[$0])) })),
                        ])
                    })
            ),
        ]
        fields += atoms(of: shape)
        return .object(fields)
    }

    /// The atoms of the conventional cell, of the primitive one where that has too many.
    private func atoms(of shape: Crystal) -> JSONFields {
        let choice: Crystal.CellChoice = shape.atomCount > Self.mostAtoms ? .primitive : .conventional
        guard let structure = try? shape.structure(cell: choice), structure.atomCount <= Self.mostAtoms else {
            return []
        }
        var elements: [Element] = []
        for element in structure.elements where !elements.contains(element) { elements.append(element) }
        let atoms = zip(structure.elements, structure.fractionalCoordinates).map { element, place in
            JSONValue.list(
                [.integer(elements.firstIndex(of: element) ?? 0)]
                    + (0..<3).map { .number(Self.short(place[$0] - place[$0].rounded(.down))) })
        }
        let cell = [structure.cell.a, structure.cell.b, structure.cell.c].map { vector in
            JSONValue.list((0..<3).map { .number(Self.short(vector[$0])) })
        }
        return [
            ("cell", .list(cell)),
            (
                "elements",
                .list(
                    elements.map {
                        .object([
                            ("symbol", .text($0.symbol)), ("number", .integer($0.atomicNumber)),
                            ("radius", .number($0.covalentRadius)), ("pull", .number($0.electronegativity ?? 2)),
                        ])
                    })
            ), ("atoms", .list(atoms)),
        ]
    }

    private static func short(_ value: Double) -> Double {
        value.isFinite ? (value * 1e5).rounded() / 1e5 : value
    }
}
