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
            and extxyz) counts as it is; the potential gives the others. Distances are in eV/atom, negative below the \
            hull. With --without-itself, also the reaction energy: against the mixture of other compositions alone, \
            negative for a stable compound; null of an element.
            """)

    @Option(
        name: [.customLong("hull"), .customLong("entries")],
        help: ArgumentHelp(
            """
            The hull: default (the embedded one), a file of druse hull-index, or a file of entries (.json, .json.bz2, \
            .json.gz).
            """,
            valueName: "hull"))
    var entries = "default"

    @Flag(help: "Also give the reaction energy, against the hull without the composition itself.")
    var withoutItself = false

    @OptionGroup var input: InputOptions
    @OptionGroup var potential: PotentialOptions
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        let name = potential.potential
        let distances = HullDistances(
            hull: try HullSource.load(entries), withoutItself: withoutItself, threads: threads.count
        ) {
            () throws(ModelError) in try PotentialSource.load(name)
        }
        var columns: [AnswerPrinter.Column] = [
            .init(title: "formula", width: 16), .init(title: "above hull", width: 12, isNumber: true),
        ]
        if withoutItself { columns.append(.init(title: "reaction eV", width: 12, isNumber: true)) }
        columns.append(.init(title: "\(withoutItself ? "reaction" : "decomposition") (share of atoms)", width: 1))
        let printer = AnswerPrinter(json: input.json, title: "comparing", columns: columns)
        try HullQueryFiles(paths: input.inputs, format: input.inputFormat)
            .forEachBatch(of: HullDistances.batchSize) { queries in
                try printer.print(distances.standings(of: queries)) { Self.row($0, withoutItself: withoutItself) }
            }
        try printer.finish()
    }

    private static func row(_ standing: HullDistances.Standing, withoutItself: Bool) -> AnswerPrinter.Row {
        func object(_ shares: HullDistances.Shares) -> JSONValue {
            .object(shares.map { (key: $0.formula, value: .number($0.fraction)) })
        }
        func text(_ shares: HullDistances.Shares) -> String {
            shares.map { "\($0.formula) \($0.fraction.text(decimals: 3))" }.joined(separator: " + ")
        }
        let formula = standing.composition.reducedFormula
        var row = AnswerPrinter.Row(
            fields: [
                ("formula", .text(formula)), ("e_above_hull", .number(standing.energyAboveHull)),
                ("decomposition", object(standing.decomposition)),
            ],
            cells: [formula, standing.energyAboveHull.text(decimals: 6)])
        if let correction = standing.correction { row.fields.append(("correction_ev", .number(correction))) }
        if let reaction = standing.reaction {
            row.fields.append(("reaction_energy", .number(reaction.energy)))
            row.fields.append(("reaction", object(reaction.products)))
            row.cells += [reaction.energy.text(decimals: 6), text(reaction.products)]
        } else if withoutItself {
            row.fields += [("reaction_energy", .number(.nan)), ("reaction", .number(.nan))]
            row.cells += ["-", "an element: no other composition has its atoms alone"]
        } else {
            row.cells.append(text(standing.decomposition))
        }
        return row
    }
}
