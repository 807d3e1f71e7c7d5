internal import Base
package import Crystals
internal import Foundation

/// Writes structures as text; each call gives one entry with the line end.
package enum StructureWriter {
    /// The text of an entry.
    ///
    /// Crystals are written with their symmetry where the format has it (CIF, JSON), else as the atoms of the
    /// conventional cell.
    /// - Parameters:
    ///   - properties: further key=value pairs for extxyz, in this order.
    /// - Throws: ``StructureFileError/crystal(_:)`` for crystals that are none.
    package static func text(
        _ input: StructureInput, id: String, format: StructureFormat, properties: [(key: String, value: String)] = []
    ) throws(StructureFileError) -> String {
        switch (format, input) {
        case (.cif, .crystal(let crystal)): return try cif(crystal, id: id)
        case (.cif, .structure(let structure)): return cif(structure, id: id)
        case (.json, .crystal(let crystal)), (.jsonl, .crystal(let crystal)): return jsonLine(crystal, id: id)
        case (.json, .structure(let structure)), (.jsonl, .structure(let structure)): return jsonLine(structure, id: id)
        case (.csv, .crystal(let crystal)): return csvRow(id: id, cif: try cif(crystal, id: id))
        case (.csv, .structure(let structure)): return csvRow(id: id, cif: cif(structure, id: id))
        case (.extxyz, _): return extxyz(try input.structure(), id: id, properties: properties)
        case (.poscar, _): return poscar(try input.structure(), id: id)
        }
    }

    /// The first line of a table of `text(_:id:format:properties:)` rows.
    package static let csvHeader = "material_id,cif\n"

    private static func csvRow(id: String, cif: String) -> String {
        "\(csvField(id)),\(csvField(cif))\n"
    }

    /// A field of a table, in quotes if it needs them.
    package static func csvField(_ text: String) -> String {
        guard text.utf8.contains(where: { ",\"\n\r".utf8.contains($0) }) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    /// Every atom, Cartesian coordinates in Å.
    ///
    /// - Parameters:
    ///   - properties: further key=value pairs of the header.
    ///   - vectors: further columns of three numbers an atom, by name, such as forces in eV/Å.
    /// - Precondition: as many vectors as atoms.
    package static func extxyz(
        _ structure: Structure, id: String, properties: [(key: String, value: String)] = [],
        vectors: [(key: String, values: [SIMD3<Double>])] = []
    ) -> String {
        precondition(vectors.allSatisfy { $0.values.count == structure.atomCount })
        let cell = structure.cell
        let lattice = [cell.a, cell.b, cell.c].map { vector($0, 8) }.joined(separator: " ")
        let columns = vectors.map { ":\($0.key):R:3" }.joined()
        var header = "Lattice=\"\(lattice)\" Properties=species:S:1:pos:R:3\(columns) pbc=\"T T T\" id=\(quoted(id))"
        for (key, value) in properties { header += " \(oneLine(key))=\(quoted(value))" }
        var text = "\(structure.atomCount)\n\(header)\n"
        for (atom, (element, x)) in zip(structure.elements, structure.fractionalCoordinates).enumerated() {
            text += "\(element.symbol) \(vector(cell.cartesian(x), 8))"
            for column in vectors { text += " \(vector(column.values[atom], 8))" }
            text += "\n"
        }
        return text
    }

    /// Fractional coordinates, the atoms of an element one after the other; a left-handed cell, which VASP refuses, by
    /// other vectors.
    package static func poscar(_ structure: Structure, id: String) -> String {
        let structure = structure.rightHanded
        let cell = structure.cell
        var order: [Element] = []
        for element in structure.elements where !order.contains(element) { order.append(element) }
        let counts = order.map { element in "\(structure.elements.count { $0 == element })" }
        var text = "\(oneLine(id))\n1.0\n"
        for row in [cell.a, cell.b, cell.c] { text += "  \(vector(row, 10))\n" }
        text += order.map(\.symbol).joined(separator: " ") + "\n" + counts.joined(separator: " ") + "\nDirect\n"
        for element in order {
            for (other, x) in zip(structure.elements, structure.fractionalCoordinates) where other == element {
                text += "  \(vector(x, 10)) \(element.symbol)\n"
            }
        }
        return text
    }

    /// `{"id","lattice","species","frac_coords"}`.
    package static func jsonLine(_ structure: Structure, id: String) -> String {
        let cell = structure.cell
        let fields: JSONFields = [
            ("id", .text(id)), ("lattice", .list([cell.a, cell.b, cell.c].map(JSONValue.vector))),
            ("species", .list(structure.elements.map { .text($0.symbol) })),
            ("frac_coords", .list(structure.fractionalCoordinates.map(JSONValue.vector))),
        ]
        return JSONValue.object(fields).line + "\n"
    }

    /// `{"id","space_group","lattice","sites":[{"wyckoff","element","position","multiplicity"}]}`.
    package static func jsonLine(_ crystal: Crystal, id: String) -> String {
        JSONValue.object([("id", .text(id))] + JSONValue.fields(of: crystal)).line + "\n"
    }

    static func fixed(_ value: Double, _ decimals: Int) -> String {
        let text = String(format: "%.\(decimals)f", value)
        // No negative zero.
        return text.hasPrefix("-") && !text.contains(where: { ("1"..."9").contains($0) })
            ? String(text.dropFirst()) : text
    }

    static func vector(_ value: SIMD3<Double>, _ decimals: Int) -> String {
        "\(fixed(value.x, decimals)) \(fixed(value.y, decimals)) \(fixed(value.z, decimals))"
    }

    static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    private static func quoted(_ text: String) -> String {
        let text = oneLine(text).replacingOccurrences(of: "\"", with: "'")
        return text.isEmpty || text.contains(where: { $0.isWhitespace || "={}[],'".contains($0) })
            ? "\"\(text)\"" : text
    }
}
