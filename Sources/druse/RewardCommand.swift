import Archive
import ArgumentParser
import Base
import Configuration
import Crystals
import FineTuning
import Foundation
import Rewards
import StructureFiles
import Telemetry
import Trajectories

/// `druse reward`: what crystals are worth under a configuration.
struct RewardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reward", abstract: "Show what structures, or the crystals of a run, are worth under a reward.",
        discussion: """
            Of structures: measures each as a run with the configuration would and shows every term of its reward, as \
            the only crystal of its batch; normalisation and guards against repeats see nothing else. Judges that a \
            term names measure, too, unless they are engines of others. Example: druse reward --config \
            Configs/quickstart.yaml POSCAR

            Of a run (--run DIR): judges the crystals in its archive again, in the batches of its steps, by the reward \
            of --config, or by its own; nothing is measured again. A term on what the run did not measure is refused, \
            and so are keys that say what is measured (reward.limits, reward.relax, potential, hull).
            """)

    @Argument(
        help: ArgumentHelp(
            "Files of structures (.cif, .extxyz, POSCAR, .csv, .json, .jsonl; also .gz and .bz2); - is stdin.",
            valueName: "input"))
    var inputs: [String] = []

    @Option(help: "The format of the inputs, where the names do not tell it (stdin: jsonl).")
    var inputFormat: StructureFormat?

    @Option(help: ArgumentHelp("A run's configuration; its part reward counts.", valueName: "file"))
    var config: String?

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("Judge the crystals of this run's archive instead.", valueName: "run-dir"))
    var runDirectory: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Another value of a key, such as reward.guards=none.", valueName: "key=value"))
    var settings: [String] = []

    @Flag(help: "Print JSON lines, one object a crystal.")
    var json = false

    @OptionGroup var symmetry: SymmetryOptions

    func validate() throws {
        if let problem = ConfigurationOverride.problem(of: settings) { throw ValidationError(problem) }
        if runDirectory == nil, inputs.isEmpty { throw ValidationError("name structure files, or --run RUN_DIR") }
        if runDirectory != nil, !inputs.isEmpty {
            throw ValidationError("--run judges the crystals of a run's archive: leave the structure files out")
        }
        if runDirectory == nil, config == nil { throw ValidationError("name the configuration: --config FILE") }
    }

    func run() throws {
        let overrides = ConfigurationOverride.list(settings)
        let given = try RunConfiguration.given(
            file: config.map { URL(filePath: $0) }, directory: runDirectory.map { URL(filePath: $0) },
            overrides: overrides)
        if let runDirectory {
            let inputs = try RunInputs(RunDirectory.open(at: URL(filePath: runDirectory)))
            let text = try config.map { try String(contentsOfFile: $0, encoding: .utf8) } ?? ""
            if let given {
                let problem = try RewardReplay.problem(of: given, for: inputs) { key in
                    ConfigurationLoader.holds(key, in: text)
                        || overrides.contains { key == $0.key || key.hasPrefix("\($0.key).") }
                }
                if let problem { throw ToolFailure(problem) }
            }
            try judgeRun(inputs, given ?? inputs.configuration)
        } else if let given {
            try judgeStructures(given)
        }
    }

    // MARK: Structures

    private func judgeStructures(_ configuration: RunConfiguration) throws {
        let trial = try RewardTrial(configuration)
        let terms = configuration.reward.effectiveTerms
        let analysis = SymmetryAnalysis(team: ThreadTeam(threadCount: 1), symmetryTolerance: symmetry.symprec)
        let printer = AnswerPrinter(
            json: json, title: "judging",
            columns: [.init(title: "formula", width: 14), .init(title: "reward", width: 10, isNumber: true)]
                + terms.map { .init(title: $0.name, width: max(12, $0.name.count), isNumber: true) }
                + [.init(title: "", width: 1)])
        try InputFiles(paths: inputs, format: inputFormat).forEachBatch(of: 32) { entries in
            let answers = analysis.crystals(of: entries)
            var judged = try trial.verdicts(of: answers.compactMap { try? $0.result.get() })[...]
            let rows = answers.map { answer -> ToolAnswer<Judged> in
                let result = answer.result.flatMap { crystal -> Result<Judged, ToolFailure> in
                    guard let (outcome, verdict) = judged.popFirst() else {
                        return .failure(ToolFailure("it was not judged"))
                    }
                    return verdict.map { Judged(crystal: crystal, outcome, $0) }.mapError { ToolFailure($0) }
                }
                return ToolAnswer(id: answer.id, result: result)
            }
            try printer.print(rows) { row($0, terms) }
        }
        try printer.finish()
    }

    private struct Judged: Sendable {
        let crystal: Crystal
        let outcome: Outcome
        let verdict: Verdict

        init(crystal: Crystal, _ outcome: Outcome, _ verdict: Verdict) {
            self.crystal = crystal
            self.outcome = outcome
            self.verdict = verdict
        }
    }

    private func row(_ judged: Judged, _ terms: [RewardTerm]) -> AnswerPrinter.Row {
        let formula = judged.crystal.composition.reducedFormula
        let verdict = judged.verdict
        var fields: JSONFields = [("formula", .text(formula))]
        if case .failed(let failure) = judged.outcome {
            let cells = [formula, "none"] + terms.map { _ in "" } + ["\(failure)"]
            return .init(fields: fields, cells: cells, failure: ToolFailure("\(failure)"))
        }
        if let reward = verdict.reward { fields.append(("reward", .number(reward))) }
        if let reason = verdict.reason { fields.append(("reason", .text(reason))) }
        let values = terms.map { term -> (String, JSONFields) in
            var field: JSONFields = []
            if let number = verdict.numbers[term.name] { field.append(("number", .number(number))) }
            if let value = verdict.terms[term.name] { field.append(("value", .number(value))) }
            return (term.name, field + [("weight", .number(term.weight))])
        }
        fields.append(("terms", .object(values.map { (key: $0.0, value: .object($0.1)) })))
        if case .measured(let measurement) = judged.outcome {
            let measured = measurement.values.sorted { $0.key < $1.key }
            fields.append(("measured", .object(measured.map { (key: $0.key.rawValue, value: .number($0.value)) })))
        }
        let cells = terms.map { term in
            verdict.terms[term.name].map { value in
                (verdict.numbers[term.name].map { "\($0.text(decimals: 3)) > " } ?? "") + value.text(decimals: 3)
            } ?? "-"
        }
        return .init(
            fields: fields,
            cells: [formula, verdict.reward?.text(decimals: 4) ?? "abstains"] + cells + [verdict.reason ?? ""])
    }

    // MARK: A run

    private func judgeRun(_ inputs: RunInputs, _ configuration: RunConfiguration) throws {
        let run = inputs.directory
        let archive = try RunArchive(url: run.archive, access: .readOnly)
        guard let steps = try RewardReplay.steps(in: archive) else {
            throw ToolFailure("\(run.url.path): its archive has no crystals yet")
        }
        var replay = try RewardReplay(inputs.reward(configuration.reward))
        let output = StandardOutput()
        if !json { try output.write(line: Self.header) }
        for step in steps {
            let crystals = try RewardReplay.batch(of: step, in: archive, maximumStaleness: run.maximumStaleness)
            guard !crystals.isEmpty else { continue }
            let judgement = try replay.judge(crystals)
            for note in judgement.notes { writeMessage("step \(step): \(note)") }
            if json {
                for (crystal, verdict) in zip(crystals, judgement.verdicts) {
                    try output.write(line: JSONValue.object(fields(crystal, verdict, run: run.manifest.runID)).line)
                }
            } else {
                try output.write(line: Self.line(step, crystals, judgement))
            }
        }
        try output.flush()
        if !json, let front = replay.front {
            writeMessage("front: \(front.points.count) points, hypervolume \(front.hypervolume.text(decimals: 4))")
        }
    }

    /// Crystals have the ids of `druse export`.
    private func fields(_ crystal: ArchivedCrystal, _ verdict: Verdict, run: String) -> JSONFields {
        var fields: JSONFields = [("id", .text("\(run)-\(crystal.id)")), ("formula", .text(crystal.formula))]
        if let reward = verdict.reward { fields.append(("reward", .number(reward))) }
        if let reward = crystal.reward { fields.append(("reward_in_run", .number(reward))) }
        if let reason = verdict.reason { fields.append(("reason", .text(reason))) }
        let terms = verdict.terms.sorted { $0.key < $1.key }
        fields.append(("terms", .object(terms.map { (key: $0.key, value: .number($0.value)) })))
        return fields
    }

    private static let header = "   step  crystals  in the run     reward  abstain  floored  terms"

    private static func line(_ step: Int, _ crystals: [ArchivedCrystal], _ judgement: Judgement) -> String {
        func mean(_ values: [Double]) -> String {
            values.isEmpty ? "-" : (values.reduce(0, +) / Double(values.count)).text(decimals: 4)
        }
        func cell(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let tally = judgement.tally
        let terms = tally.termMeans.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.text(decimals: 3))" }
        return [
            cell("\(step)", 7), cell("\(crystals.count)", 8), cell(mean(crystals.compactMap(\.reward)), 10),
            cell(mean(judgement.verdicts.compactMap(\.reward)), 9),
            cell("\(tally.abstained.values.reduce(0, +))", 7), cell("\(tally.floored.values.reduce(0, +))", 7),
            terms.joined(separator: ", "),
        ].joined(separator: "  ")
    }
}
