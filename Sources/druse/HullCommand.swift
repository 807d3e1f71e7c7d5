import ArgumentParser
import Base
import Crystals
import Engines

/// `druse hull`: distances to a convex hull.
struct HullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hull", abstract: "Give the distance of compositions or structures to a convex hull.",
        discussion: """
            Inputs are JSON lines such as {"composition": {"Na": 1, "Cl": 1}, "energy": -6.8} (eV for all of the \
            composition), or structures. An energy that an input states (energy or energy_per_atom in JSON, tables \
            and extxyz) counts; the potential gives the others. Distances are in eV/atom, negative below the hull.
            """)

    @Option(help: "The hull: default (the embedded one), or a file of entries (.json, .json.bz2, .json.gz).")
    var entries = "default"

    @OptionGroup var input: InputOptions
    @OptionGroup var potential: PotentialOptions
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        let name = potential.potential
        let distances = HullDistances(hull: try HullSource.load(entries), threads: threads.count) {
            () throws(ModelError) in try PotentialSource.load(name)
        }
        let printer = AnswerPrinter(
            json: input.json, title: "comparing",
            columns: [
                .init(title: "formula", width: 16), .init(title: "above hull", width: 12, isNumber: true),
                .init(title: "decomposition (share of atoms)", width: 1),
            ])
        try HullQueryFiles(paths: input.inputs, format: input.inputFormat)
            .forEachBatch(of: HullDistances.batchSize) { queries in
                try printer.print(distances.standings(of: queries)) { standing in
                    let formula = standing.composition.reducedFormula
                    return .init(
                        fields: [
                            ("formula", .text(formula)), ("e_above_hull", .number(standing.energyAboveHull)),
                            (
                                "decomposition",
                                .object(standing.decomposition.map { (key: $0.formula, value: .number($0.fraction)) })
                            ),
                        ],
                        cells: [
                            formula, standing.energyAboveHull.text(decimals: 6),
                            standing.decomposition.map { "\($0.formula) \($0.fraction.text(decimals: 3))" }
                                .joined(separator: " + "),
                        ])
                }
            }
        try printer.finish()
    }
}
