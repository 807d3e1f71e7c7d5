import ArgumentParser
import Base
import Crystals
import Engines
import StructureFiles
import Trajectories

/// `druse score`: log-probabilities under a policy.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Give the log-probability of structures under a policy, by component (natural log).",
        discussion: "The numbers are given the space group. Inputs are structures, or the lines of `druse tokens`.")

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var input: InputOptions
    @OptionGroup var symmetry: SymmetryOptions
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        let scoring = PolicyScoring(
            weights: try PolicySource.load(path: policy.policy, configurationPath: policy.policyConfig),
            threads: threads.count, symmetryTolerance: symmetry.symprec)
        let printer = AnswerPrinter(
            json: input.json, title: "scoring",
            columns: [.init(title: "group", width: 5, isNumber: true), .init(title: "formula", width: 16)]
                + ["w", "a", "xyz", "l", "total"].map { .init(title: $0, width: 10, isNumber: true) })
        try InputFiles(paths: input.inputs, format: input.inputFormat)
            .forEachBatch(of: PolicyScoring.batchSize) { entries in
                try printer.print(scoring.scores(of: entries)) { score in
                    let (crystal, values) = (score.crystal, score.logProbabilities)
                    let numbers = [
                        ("w", values.w), ("a", values.a), ("xyz", values.xyz), ("l", values.l), ("total", values.total),
                    ]
                    return .init(
                        fields: [
                            ("space_group", .integer(crystal.spaceGroup.number)),
                            ("logp", .object(numbers.map { (key: $0.0, value: .number($0.1)) })),
                            ("sites", JSONValue.sites(of: crystal)),
                        ],
                        cells: ["\(crystal.spaceGroup.number)", crystal.composition.reducedFormula]
                            + numbers.map { $0.1.text(decimals: 4) })
                }
            }
        try printer.finish()
    }
}
