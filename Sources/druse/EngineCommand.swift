import ArgumentParser
import Base
import Crystals
import Engines
import Fleet
import Foundation
import Logging
import Potentials
import StructureFiles

/// `druse engine`: what an engine of reward workers says of itself, and what it gives for structures.
struct EngineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine", abstract: "Try an engine in any language, as reward workers use it.",
        discussion: """
            Starts the command, asks it for the structures and shows what it gives; what it says of itself and on \
            standard error goes to standard error. See Documentation/engines.md. \
            Example: druse engine --engine "python3 -m druse_engine call my_reward.py:measure" POSCAR --json
            """)

    @OptionGroup var input: InputOptions

    @Option(help: ArgumentHelp("The engine; its words are split as a shell's, without a shell.", valueName: "command"))
    var engine: String

    @Option(help: "What the engine is told to compute on, such as cuda:0.")
    var device = ""

    @Option(help: "The most structures that the engine is asked for at a time.")
    var batch = 64

    @Option(help: ArgumentHelp("How long a batch may take.", valueName: "seconds"))
    var timeLimit = 600

    func validate() throws {
        guard (1...4096).contains(batch) else { throw ValidationError("--batch must be 1 to 4096, not \(batch)") }
        guard timeLimit > 0 else { throw ValidationError("--time-limit must be above 0 seconds, not \(timeLimit)") }
    }

    func run() throws {
        var settings = ForeignEngine.Settings()
        (settings.device, settings.batch, settings.timeLimit) = (device, batch, .seconds(timeLimit))
        let engine = ForeignEngine(
            command: try ForeignCommand(
                words: EngineWords.split(engine),
                environment: EngineEnvironment.passedOn(of: ProcessInfo.processInfo.environment)),
            settings: settings, logger: try RoleProcess.logger("engine", level: "info"))
        defer { engine.close() }
        let evaluator = engine.makeEvaluator()
        let printer = AnswerPrinter(
            json: input.json, title: "evaluating",
            columns: [
                .init(title: "formula", width: 16), .init(title: "atoms", width: 5, isNumber: true),
                .init(title: "eV/atom", width: 12, isNumber: true),
            ])
        try InputFiles(paths: input.inputs, format: input.inputFormat).forEachBatch(of: batch) { entries in
            try printer.print(answers(entries, evaluator), row: row)
        }
        try printer.finish()
    }

    /// A structure and what the engine gives.
    private struct Evaluated: Sendable {
        let structure: Structure
        let evaluation: PotentialEvaluation
    }

    private func answers(
        _ entries: [StructureEntry], _ evaluator: any PotentialEvaluator
    ) -> [ToolAnswer<Evaluated>] {
        let structures = entries.map { entry in Result { try entry.input.get().structure() } }
        var results = evaluator.evaluate(structures.compactMap { try? $0.get() }, .energy)[...]
        return zip(entries, structures).map { entry, input in
            let result = Result {
                let structure = try input.get()
                guard let answer = results.popFirst() else { throw ToolFailure("the engine gave no answer") }
                return Evaluated(structure: structure, evaluation: try answer.get())
            }
            return ToolAnswer(id: entry.id, result: result.mapError { ToolFailure($0) })
        }
    }

    private func row(_ value: Evaluated) -> AnswerPrinter.Row {
        let formula = value.structure.composition.reducedFormula
        let (energy, atoms) = (value.evaluation.energyPerAtom, value.structure.atomCount)
        let quantities = value.evaluation.quantities.sorted { $0.key < $1.key }
        return AnswerPrinter.Row(
            fields: [
                ("formula", .text(formula)), ("atoms", .integer(atoms)), ("energy_per_atom", .number(energy)),
            ] + quantities.map { ($0.key, .number($0.value)) },
            cells: [formula, "\(atoms)", energy.text(decimals: 6)] + quantities.map { "\($0.key) \($0.value)" })
    }
}
