import Base
import Crystals
import Foundation
import Potentials
import StructureFiles

/// Writes records in a format: many in a file, or each in files of its own.
final class ExportWriter {
    enum Layout: Equatable {
        /// One file of all records: cif, extxyz, csv, jsonl.
        case together(StructureFormat)
        /// A file for each, cif or poscar, and a table of all.
        case apart(StructureFormat)
        /// A folder for each with POSCAR and KPOINTS, and a table of all.
        case vasp(density: Double)

        /// Whether there is a table, which needs to know its columns beforehand.
        var hasTable: Bool {
            switch self {
            case .together(let format): format == .csv
            case .apart, .vasp: true
            }
        }

        /// Whether the crystals are written as CIFs.
        var isOfCIFs: Bool { [.together(.csv), .together(.cif), .apart(.cif)].contains(self) }
    }

    private let destination: ExportDestination
    private let layout: Layout
    /// Of structures; a CIF has the conventional cell, and so has what is told beside it.
    private let cell: Crystal.CellChoice
    /// The columns of the table beside id, atoms and energy.
    private let columns: [String]

    init(destination: ExportDestination, layout: Layout, cell: Crystal.CellChoice, columns: [String]) {
        self.destination = destination
        self.layout = layout
        self.cell = layout.isOfCIFs ? .conventional : cell
        self.columns = columns
    }

    private static let tableName = "crystals.csv"
    private var hasHeader = false

    /// The atoms of the cell that is written.
    /// - Throws: `ToolFailure` for crystals that no cell has.
    func structure(of record: ExportRecord) throws -> Structure {
        do { return try record.crystal.structure(cell: cell) } catch { throw ToolFailure(error) }
    }

    func write(_ record: ExportRecord) throws {
        let structure = try structure(of: record)
        let energy = record.energy(ofAtoms: structure.atomCount)
        switch layout {
        case .together(.extxyz):
            try destination.append(extxyz(record, structure, energy), to: "crystals.extxyz")
        case .together(.jsonl):
            try destination.append(jsonLine(record, structure, energy), to: "crystals.jsonl")
        case .together(.csv): try table(record, structure, energy, cif: cif(record))
        case .together: try destination.append(cif(record), to: "crystals.cif")
        case .apart(.cif):
            try destination.add("\(record.id).cif", cif(record))
            try table(record, structure, energy)
        case .apart:
            try destination.add("\(record.id).vasp", poscar(record, structure))
            try table(record, structure, energy)
        case .vasp(let density):
            let folder = "\(record.id)-\(record.crystal.composition.reducedFormula)"
            try destination.add("\(folder)/POSCAR", poscar(record, structure))
            try destination.add("\(folder)/KPOINTS", KPointGrid(structure.cell, density: density).text)
            try table(record, structure, energy)
        }
    }

    func finish() throws { try destination.finish() }

    // MARK: The formats

    private func cif(_ record: ExportRecord) throws -> String {
        try StructureWriter.cif(
            record.crystal, id: record.id,
            items: record.fields.filter { !["formula", "space_group"].contains($0.key) }
                .map { (name: "_druse_\($0.key)", value: $0.value.plainText) }.filter { !$0.value.isEmpty })
    }

    /// Header and columns as ASE, MACE and SevenNet read them: energies in eV of the cell, forces in eV/Å, the stress
    /// in eV/Å³, nine numbers, positive under tension.
    private func extxyz(_ record: ExportRecord, _ structure: Structure, _ energy: Double?) -> String {
        var properties = record.fields.filter { $0.key != "energy_per_atom" || energy == nil }
            .map { (key: $0.key, value: $0.value.plainText) }.filter { !$0.value.isEmpty }
        // Without electrons there is no smearing: the free energy, which SevenNet reads, is the energy.
        if let energy {
            for key in ["energy", "free_energy", "REF_energy"] { properties.append((key, "\(energy)")) }
        }
        var vectors: [(key: String, values: [SIMD3<Double>])] = []
        if let evaluation = record.evaluation, let forces = evaluation.forces, let stress = evaluation.stress {
            let numbers = stress.rows.map { "\($0.x) \($0.y) \($0.z)" }.joined(separator: " ")
            for key in ["stress", "REF_stress"] { properties.append((key, numbers)) }
            for key in ["forces", "REF_forces"] { vectors.append((key, forces)) }
        }
        return StructureWriter.extxyz(structure, id: record.id, properties: properties, vectors: vectors)
    }

    private func poscar(_ record: ExportRecord, _ structure: Structure) -> String {
        StructureWriter.poscar(structure, id: "\(record.crystal.composition.reducedFormula) \(record.id)")
    }

    /// The crystal by its sites, as all commands read it, and its record. With forces also the cell's atoms, as rows.
    private func jsonLine(_ record: ExportRecord, _ structure: Structure, _ energy: Double?) -> String {
        var fields: JSONFields = [("id", .text(record.id))]
        fields += record.fields.filter { $0.key != "space_group" } + JSONValue.fields(of: record.crystal)
        if let evaluation = record.evaluation, let forces = evaluation.forces {
            func rows(_ vectors: [SIMD3<Double>]) -> JSONValue {
                .list(vectors.map { .list([.number($0.x), .number($0.y), .number($0.z)]) })
            }
            let cell = structure.cell
            fields += [
                (
                    "evaluated",
                    .object([
                        ("energy", .number(energy ?? .nan)), ("lattice", rows([cell.a, cell.b, cell.c])),
                        ("species", .list(structure.elements.map { .text($0.symbol) })),
                        ("frac_coords", rows(structure.fractionalCoordinates)), ("forces", rows(forces)),
                        ("stress", rows(evaluation.stress?.rows ?? [])),
                    ])
                )
            ]
        }
        return JSONValue.object(fields).line + "\n"
    }

    private func table(
        _ record: ExportRecord, _ structure: Structure, _ energy: Double?, cif: String? = nil
    ) throws {
        if !hasHeader {
            hasHeader = true
            try row(["material_id", "n_atoms", "energy"] + columns + (cif == nil ? [] : ["cif"]))
        }
        let values = Dictionary(record.fields.map { ($0.key, $0.value.plainText) }) { first, _ in first }
        try row(
            [record.id, "\(structure.atomCount)", energy.map { "\($0)" } ?? ""] + columns.map { values[$0] ?? "" }
                + (cif.map { [$0] } ?? []))
    }

    private func row(_ fields: [String]) throws {
        try destination.append(
            fields.map(StructureWriter.csvField).joined(separator: ",") + "\n", to: Self.tableName)
    }
}
