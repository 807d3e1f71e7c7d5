import ArgumentParser
import Base
import Crystals
import Engines
import Potentials
import StructureFiles

/// `druse relax`: structures at the nearest minimum of an interatomic potential.
struct RelaxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relax", abstract: "Relax structures, their cells included, within their space groups.",
        discussion: """
            Each structure ends with a reason: converged, steps (the most were made), stalled (no step lowers the \
            energy any more), collapsed (the volume went below a quarter of the first one, or atoms within 0.5 \
            angstrom), exploded (beyond four times the volume), crowded (the cell stays too dense to go on), failed \
            (the potential has no energy any more). The last structure within the limits is written whatever the \
            reason; inputs that have no energy at all are not.
            """)

    @OptionGroup var input: InputOptions

    @Option(
        name: [.short, .customLong("output")],
        help: "Where to write the relaxed structures: .cif, .extxyz, .jsonl, .json, .csv, or POSCAR for one.")
    var output: String?

    @OptionGroup var relaxation: RelaxationOptions
    @OptionGroup var potential: PotentialOptions
    @OptionGroup var threads: ThreadOptions

    func validate() throws { try StructureFileWriter.validate(output) }

    func run() throws {
        let tool = try StructureRelaxation(
            potential: try PotentialSource.load(potential.potential), settings: relaxation.settings,
            threads: threads.count)
        let files = InputFiles(paths: input.inputs, format: input.inputFormat)
        let writer = try output.map { try StructureFileWriter(path: $0, apartFrom: files) }
        let printer = AnswerPrinter(
            json: input.json, title: "relaxing", goesOnUnread: writer != nil,
            columns: [
                .init(title: "formula", width: 16), .init(title: "atoms", width: 5, isNumber: true),
                .init(title: "eV/atom", width: 12, isNumber: true),
                .init(title: "before", width: 12, isNumber: true), .init(title: "steps", width: 5, isNumber: true),
                .init(title: "stopped", width: 9),
            ])
        try files.forEachBatch(of: StructureRelaxation.batchSize) { entries in
            try tool.relax(entries) { answer in
                if let value = try? answer.result.get() { try writer?.write(value, id: answer.id) }
                try writer?.flush()
                try printer.print([answer], row: RelaxCommand.row)
            }
        }
        try writer?.finish()
        try printer.finish()
    }

    private static func row(_ value: StructureRelaxation.Relaxed) -> AnswerPrinter.Row {
        let result = value.relaxation
        let formula = value.composition.reducedFormula
        var fields: JSONFields = [
            ("formula", .text(formula)), ("atoms", .integer(value.atomCount)),
            ("energy_per_atom", .number(result.finalEnergyPerAtom)),
            ("initial_energy_per_atom", .number(result.initialEnergyPerAtom)), ("steps", .integer(result.steps)),
            ("stopped", .text(result.end.name)),
        ]
        if case .failed(let error) = result.end {
            fields.append(("reason", .text(error.description(for: result.final))))
        }
        fields += [
            ("max_force", .number(result.largestForce)), ("max_stress_gpa", .number(result.largestStress)),
            ("rmsd", .number(result.displacement)), ("volume_ratio", .number(result.volumeRatio)),
        ]
        if let group = result.spaceGroup { fields.append(("space_group", .integer(group.number))) }
        return AnswerPrinter.Row(
            fields: fields,
            cells: [
                formula, "\(value.atomCount)", result.finalEnergyPerAtom.text(decimals: 6),
                result.initialEnergyPerAtom.text(decimals: 6), "\(result.steps)", result.end.name,
            ])
    }
}
