import ArgumentParser
import Base
import Crystals
import Engines
import Potentials
import Stability
import StructureFiles

/// `druse energy`: energies, forces and stresses under an interatomic potential.
struct EnergyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "energy",
        abstract: "Give energies, forces and stresses of structures, and their distance to a convex hull.",
        discussion: """
            Of the structures as they are, or relaxed first (--relax). Energies are in eV/atom; with --json, forces \
            in eV/angstrom (a row an atom, in the order of the input) and stresses in GPa (3 x 3, positive under \
            tension). The table shows the largest force and the pressure. With --hull, energies of a potential whose \
            convention is raw-pbe get the MP2020 corrections before they are held against a corrected hull (in JSON \
            correction_ev, eV for the cell); energies that carry them are taken as they are.
            """)

    @OptionGroup var input: InputOptions
    @OptionGroup var potential: PotentialOptions

    @Flag(help: "Also give the forces on the atoms, and the stress.")
    var forces = false

    @Flag(help: "Also give the stress.")
    var stress = false

    @Option(help: "Also give the energy above this hull: default (the embedded one), or a hull or entries file.")
    var hull: String?

    @Flag(help: "Relax the structures first, as druse relax does by default; also give the steps.")
    var relax = false

    @Option(
        name: [.short, .customLong("output")],
        help: "Where to write the relaxed structures: .cif, .extxyz, .jsonl, .json, .csv, or POSCAR for one.")
    var output: String?

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        if output != nil, !relax { throw ValidationError("--output needs --relax: else nothing changes") }
        try StructureFileWriter.validate(output)
    }

    /// What to ask the potential for.
    private var properties: PotentialProperties {
        forces ? [.energy, .forces, .stress] : stress ? [.energy, .stress] : .energy
    }

    func run() throws {
        let model = try PotentialSource.load(potential.potential)
        let reference = try hull.map(HullSource.load)
        if let reference {
            try HullSource.check(reference, isFor: model)
            if EnergyAlignment(of: model.energyConvention, on: reference) == .mp2020, !input.json {
                writeMessage(
                    "energies of \(model.name) are \(model.energyConvention.rawValue): heights above "
                        + "\(reference.label) are taken with the MP2020 corrections added, energies are shown without")
            }
        }
        let evaluation = EnergyEvaluation(
            potential: model, properties: properties, hull: reference, threads: threads.count)
        let printer = AnswerPrinter(
            json: input.json, title: "evaluating", goesOnUnread: output != nil, columns: columns)
        let files = InputFiles(paths: input.inputs, format: input.inputFormat)
        if relax {
            let tool = try StructureRelaxation(
                potential: model, settings: RelaxationSettings(), threads: threads.count)
            let writer = try output.map { try StructureFileWriter(path: $0, apartFrom: files) }
            try files.forEachBatch(of: StructureRelaxation.batchSize) { entries in
                try tool.relax(entries) { relaxed in
                    if let value = try? relaxed.result.get() { try writer?.write(value, id: relaxed.id) }
                    try writer?.flush()
                    try printer.print([Self.evaluation(of: relaxed, by: evaluation)]) {
                        row($0, model.energyConvention)
                    }
                }
            }
            try writer?.finish()
        } else {
            try files.forEachBatch(of: EnergyEvaluation.batchSize) { entries in
                let answers = evaluation.evaluations(of: entries).map { answer in
                    ToolAnswer(id: answer.id, result: answer.result.map { Answer(evaluated: $0) })
                }
                try printer.print(answers) { row($0, model.energyConvention) }
            }
        }
        try printer.finish()
    }

    /// What the potential says of a structure, and how it was relaxed before.
    private struct Answer: Sendable {
        let evaluated: EnergyEvaluation.Evaluated
        var relaxation: Relaxation?
    }

    /// The evaluation of a relaxed structure.
    private static func evaluation(
        of relaxed: ToolAnswer<StructureRelaxation.Relaxed>, by evaluation: EnergyEvaluation
    ) -> ToolAnswer<Answer> {
        let result = relaxed.result.flatMap { value in
            evaluation.evaluations(of: [StructureEntry(id: relaxed.id, input: .success(value.output))]).first.map {
                $0.result.map { Answer(evaluated: $0, relaxation: value.relaxation) }
            } ?? .failure(ToolFailure("the potential gave no answer"))
        }
        return ToolAnswer(id: relaxed.id, result: result)
    }

    private var columns: [AnswerPrinter.Column] {
        var columns: [AnswerPrinter.Column] = [
            .init(title: "formula", width: 16), .init(title: "atoms", width: 5, isNumber: true),
            .init(title: "eV/atom", width: 12, isNumber: true),
        ]
        if properties.contains(.forces) { columns.append(.init(title: "force eV/\u{C5}", width: 12, isNumber: true)) }
        if properties.contains(.stress) { columns.append(.init(title: "pressure GPa", width: 12, isNumber: true)) }
        if relax { columns.append(.init(title: "steps", width: 5, isNumber: true)) }
        if hull != nil { columns.append(.init(title: "above hull", width: 12, isNumber: true)) }
        return columns
    }

    private func row(_ answer: Answer, _ convention: EnergyConvention) -> AnswerPrinter.Row {
        let value = answer.evaluated
        let formula = value.composition.reducedFormula
        let evaluation = value.evaluation
        var row = AnswerPrinter.Row(
            fields: [
                ("formula", .text(formula)), ("atoms", .integer(value.atomCount)),
                ("energy_per_atom", .number(evaluation.energyPerAtom)),
            ],
            cells: [formula, "\(value.atomCount)", evaluation.energyPerAtom.text(decimals: 6)])
        if let forces = evaluation.forces {
            row.cells.append((forces.map { ($0 * $0).sum().squareRoot() }.max() ?? 0).text(decimals: 4))
        }
        if let stress = evaluation.stress {
            let rows = stress.inGigapascals
            row.cells.append((-(rows[0][0] + rows[1][1] + rows[2][2]) / 3).text(decimals: 3))
        }
        if let relaxation = answer.relaxation {
            row.fields += [("steps", .integer(relaxation.steps)), ("stopped", .text(relaxation.end.name))]
            row.cells.append("\(relaxation.steps)")
        }
        if hull != nil { row.fields.append(("energy_convention", .text(convention.rawValue))) }
        if let correction = value.correction { row.fields.append(("correction_ev", .number(correction))) }
        switch value.energyAboveHull {
        case .success(let distance):
            row.fields.append(("e_above_hull", .number(distance)))
            row.cells.append(distance.text(decimals: 6))
        case .failure(let failure):
            row.failure = failure
            row.cells.append("error: \(failure)")
        case nil: break
        }
        if let forces = evaluation.forces {
            row.fields.append(("forces", .rows(forces.map { [$0.x, $0.y, $0.z] })))
        }
        if let stress = evaluation.stress { row.fields.append(("stress_gpa", .rows(stress.inGigapascals))) }
        return row
    }
}

extension JSONValue {
    /// Rows of numbers.
    fileprivate static func rows(_ rows: [[Double]]) -> JSONValue {
        .list(rows.map { .list($0.map { .number($0) }) })
    }
}
