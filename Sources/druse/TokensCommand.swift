import ArgumentParser
import Base
import Crystals
import StructureFiles

/// `druse tokens`: the space group and sites of structures.
struct TokensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens", abstract: "Show structures as a policy sees them: space group, sites, lattice.")

    @OptionGroup var input: InputOptions
    @OptionGroup var symmetry: SymmetryOptions
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        let analysis = SymmetryAnalysis(
            team: ThreadTeam(threadCount: threads.count), symmetryTolerance: symmetry.symprec)
        let printer = AnswerPrinter(
            json: input.json, title: "reading",
            columns: [
                .init(title: "group", width: 5, isNumber: true), .init(title: "formula", width: 16),
                .init(title: "lattice (a b c, alpha beta gamma)", width: 48), .init(title: "sites", width: 1),
            ])
        try InputFiles(paths: input.inputs, format: input.inputFormat).forEachBatch(of: 256) { entries in
            try printer.print(analysis.crystals(of: entries)) { crystal in
                .init(
                    fields: JSONValue.fields(of: crystal),
                    cells: [
                        "\(crystal.spaceGroup.number)", crystal.composition.reducedFormula,
                        crystal.lattice.values.map { $0.text(decimals: 3) }.joined(separator: " "),
                        crystal.sites.map { site in
                            let position = crystal.spaceGroup.position(wyckoff: site.wyckoff)
                            return "\(site.element.symbol):\(position?.multiplicity ?? 0)\(position?.letter ?? "?")"
                        }.joined(separator: " "),
                    ])
            }
        }
        try printer.finish()
    }
}
