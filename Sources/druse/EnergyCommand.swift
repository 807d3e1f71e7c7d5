import ArgumentParser
import Base
import Crystals
import Engines
import Potentials

/// `druse energy`: energies, forces and stresses under an interatomic potential.
struct EnergyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "energy",
        abstract: "Give energies, forces and stresses of structures, and their distance to a convex hull.",
        discussion: """
            Of the structures as they are (not relaxed). Energies are in eV/atom; with --json, forces in eV/angstrom \
            (a row an atom, in the order of the input) and stresses in GPa (3 x 3, positive under tension). The table \
            shows the largest force and the pressure.
            """)

    @OptionGroup var input: InputOptions
    @OptionGroup var potential: PotentialOptions

    @Flag(help: "Also give the forces on the atoms, and the stress.")
    var forces = false

    @Flag(help: "Also give the stress.")
    var stress = false

    @Option(help: "Also give the energy above this hull: default (the embedded one), or a file of entries.")
    var hull: String?

    @Flag(help: .hidden) var relax = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        if relax { throw ValidationError("--relax is not available in this version") }
    }

    /// What to ask the potential for.
    private var properties: PotentialProperties {
        forces ? [.energy, .forces, .stress] : stress ? [.energy, .stress] : .energy
    }

    func run() throws {
        let model = try PotentialSource.load(potential.potential)
        let reference = try hull.map(HullSource.load)
        if let reference { try HullSource.check(reference, isFor: model) }
        let evaluation = EnergyEvaluation(
            potential: model, properties: properties, hull: reference, threads: threads.count)
        let printer = AnswerPrinter(json: input.json, title: "evaluating", columns: columns)
        try InputFiles(paths: input.inputs, format: input.inputFormat)
            .forEachBatch(of: EnergyEvaluation.batchSize) { entries in
                try printer.print(evaluation.evaluations(of: entries), row: row)
            }
        try printer.finish()
    }

    private var columns: [AnswerPrinter.Column] {
        var columns: [AnswerPrinter.Column] = [
            .init(title: "formula", width: 16), .init(title: "atoms", width: 5, isNumber: true),
            .init(title: "eV/atom", width: 12, isNumber: true),
        ]
        if properties.contains(.forces) { columns.append(.init(title: "force eV/\u{C5}", width: 12, isNumber: true)) }
        if properties.contains(.stress) { columns.append(.init(title: "pressure GPa", width: 12, isNumber: true)) }
        if hull != nil { columns.append(.init(title: "above hull", width: 12, isNumber: true)) }
        return columns
    }

    private func row(_ value: EnergyEvaluation.Evaluated) -> AnswerPrinter.Row {
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
