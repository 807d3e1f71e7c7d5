package import Crystals
import Foundation

extension StructureWriter {
    /// The conventional cell with its symmetry operations and Wyckoff letters.
    /// - Throws: ``StructureFileError/crystal(_:)``.
    ///
    /// - Parameter items: further data items, `_name` and value.
    package static func cif(
        _ crystal: Crystal, id: String, items: [(name: String, value: String)] = []
    ) throws(StructureFileError) -> String {
        let group = crystal.spaceGroup
        var lines = header(id: id, symbol: group.symbol, number: group.number, composition: crystal.composition)
        lines += items.map { "\($0.name)   \(cifValue($0.value))" }
        let lattice = group.symmetrize(crystal.lattice)
        let cell: Cell
        do {
            cell = try lattice.cell()
        } catch {
            throw .crystal(error)
        }
        lines += cellLines(lattice, volume: cell.volume)
        lines += operationLines(group.operations)
        lines += siteColumns
        for (index, site) in crystal.sites.enumerated() {
            guard let position = group.position(wyckoff: site.wyckoff) else {
                throw .crystal(
                    .unknownWyckoffPosition(
                        spaceGroup: group.number, index: site.wyckoff, available: group.wyckoffPositions.count))
            }
            let symbol = site.element.symbol
            lines.append(
                "  \(symbol)  \(symbol)\(index)  \(position.multiplicity)  \(position.letter)  "
                    + "\(vector(wrapped(site.position), 8))  1")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Every atom, space group P1; a left-handed cell by other vectors, as lengths and angles tell no hand.
    package static func cif(_ structure: Structure, id: String) -> String {
        let structure = structure.rightHanded
        var lines = header(id: id, symbol: "P1", number: 1, composition: structure.composition)
        lines += cellLines(LatticeParameters(structure.cell), volume: structure.cell.volume)
        lines += operationLines([.identity])
        lines += siteColumns
        for (index, atom) in zip(structure.elements, structure.fractionalCoordinates).enumerated() {
            let symbol = atom.0.symbol
            lines.append("  \(symbol)  \(symbol)\(index)  1  a  \(vector(wrapped(atom.1), 8))  1")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func header(id: String, symbol: String, number: Int, composition: Composition) -> [String] {
        let name = String(id.map { $0.isWhitespace ? "_" : $0 })
        return [
            "data_\(name.isEmpty ? composition.reducedFormula : name)",
            "_symmetry_space_group_name_H-M   '\(symbol)'",
            "_symmetry_Int_Tables_number   \(number)",
            "_chemical_formula_structural   \(composition.reducedFormula)",
            "_chemical_formula_sum   '\(composition.formula)'",
        ]
    }

    /// A value as it may stand behind a name: in quotes where it is not one plain word.
    private static func cifValue(_ text: String) -> String {
        let text = oneLine(text)
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { UInt8(ascii: "!") < $0 && $0 < 127 && !"'\"#;_$[]".utf8.contains($0) }
        guard !isPlain else { return text }
        return text.contains("'") ? "\"\(text.replacingOccurrences(of: "\"", with: "'"))\"" : "'\(text)'"
    }

    private static func cellLines(_ lattice: LatticeParameters, volume: Double) -> [String] {
        [
            "_cell_length_a   \(fixed(lattice.a, 8))",
            "_cell_length_b   \(fixed(lattice.b, 8))",
            "_cell_length_c   \(fixed(lattice.c, 8))",
            "_cell_angle_alpha   \(fixed(lattice.alpha, 8))",
            "_cell_angle_beta   \(fixed(lattice.beta, 8))",
            "_cell_angle_gamma   \(fixed(lattice.gamma, 8))",
            "_cell_volume   \(fixed(volume, 8))",
        ]
    }

    private static func operationLines(_ operations: [AffineOperation]) -> [String] {
        ["loop_", " _symmetry_equiv_pos_site_id", " _symmetry_equiv_pos_as_xyz"]
            + operations.enumerated().map { "  \($0 + 1)  '\($1.triplet)'" }
    }

    private static let siteColumns = [
        "loop_", " _atom_site_type_symbol", " _atom_site_label", " _atom_site_symmetry_multiplicity",
        " _atom_site_Wyckoff_symbol", " _atom_site_fract_x", " _atom_site_fract_y", " _atom_site_fract_z",
        " _atom_site_occupancy",
    ]
}
