import ArgumentParser
import Base
import Crystals
import Engines

/// `druse energy`: energies under an interatomic potential.
struct EnergyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "energy", abstract: "Give the energy of structures, and their distance to a convex hull.",
        discussion: "Energies are in eV/atom, of the structures as they are (not relaxed).")

    @OptionGroup var input: InputOptions
    @OptionGroup var potential: PotentialOptions

    @Option(help: "Also give the energy above this hull: default (the embedded one), or a file of entries.")
    var hull: String?

    @Flag(help: .hidden) var forces = false
    @Flag(help: .hidden) var relax = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        if forces || relax {
            throw ValidationError("--\(forces ? "forces" : "relax") is not available in this version")
        }
    }

    func run() throws {
        let evaluation = EnergyEvaluation(
            potential: try PotentialSource.load(potential.potential), hull: try hull.map(HullSource.load),
            threads: threads.count)
        let printer = AnswerPrinter(
            json: input.json, title: "evaluating",
            columns: [
                .init(title: "formula", width: 16), .init(title: "atoms", width: 5, isNumber: true),
                .init(title: "eV/atom", width: 12, isNumber: true),
            ] + (hull == nil ? [] : [.init(title: "above hull", width: 12, isNumber: true)]))
        try InputFiles(paths: input.inputs, format: input.inputFormat)
            .forEachBatch(of: EnergyEvaluation.batchSize) { entries in
                try printer.print(evaluation.energies(of: entries), row: row)
            }
        try printer.finish()
    }

    private func row(_ value: EnergyEvaluation.Evaluated) -> AnswerPrinter.Row {
        let formula = value.composition.reducedFormula
        var row = AnswerPrinter.Row(
            fields: [
                ("formula", .text(formula)), ("atoms", .integer(value.atomCount)),
                ("energy_per_atom", .number(value.energyPerAtom)),
            ],
            cells: [formula, "\(value.atomCount)", value.energyPerAtom.text(decimals: 6)])
        switch value.energyAboveHull {
        case .success(let distance):
            row.fields.append(("e_above_hull", .number(distance)))
            row.cells.append(distance.text(decimals: 6))
        case .failure(let failure):
            row.failure = failure
            row.cells.append("error: \(failure)")
        case nil: break
        }
        return row
    }
}
