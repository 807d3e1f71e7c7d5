import Archive
import ArgumentParser
import Base
import Crystals
import Engines
import Evaluation
import FineTuning
import Fleet
import Foundation
import Matching
import Policy
import Potentials
import Report
import Rewards
import Stability
import Trajectories

/// `druse evaluate`: how many crystals of a policy, or made elsewhere, are stable, unique and novel.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure how many crystals are valid, stable, unique and novel (S.U.N.).",
        discussion: """
            With --policy: one policy. With --run: the policies before and after a run, side by side; the figures are \
            kept in the run's directory for its report. With --structures: crystals made elsewhere. Shares are of all \
            samples; crystals that cannot be evaluated count as unstable. A kind of crystal counts once in S.U.N. \
            Examples: druse evaluate --run runs/mine --count 1000 --relax --save evaluation; \
            druse evaluate --policy base --space-groups fourteen --count 200; \
            druse evaluate --policy my.safetensors --benchmark --save submission; \
            druse evaluate --run runs/mine --relax --save evaluation --listen tcp://127.0.0.1:5556; \
            druse evaluate --run runs/mine --relax --save evaluation --connect tcp://node1:5555
            """)

    @OptionGroup var subjects: EvaluationSubjectOptions
    @OptionGroup var examination: ExaminationOptions

    @Option(help: "The potential: chgnet, or a safetensors file; the run's, or chgnet.")
    var potential: String?

    @Option(help: "The hull: default, or a file in the Alexandria layout; the run's, or default.")
    var hull: String?

    @Option(
        help: ArgumentHelp(
            "Known crystals: default, the embedded index, or one by druse index; none: novelty is not told.",
            valueName: "default|file|none"))
    var known: String?

    @OptionGroup var judging: JudgeOptions
    @OptionGroup var workerOptions: WorkerOptions

    @Option(
        help: ArgumentHelp(
            "Keep crystals, figures and page in this folder; an interrupted evaluation goes on.", valueName: "folder"))
    var save: String?

    @Flag(help: "Keep a CIF of each crystal as well, with checksums.")
    var cifs = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "With --run: structures to compare with, such as Configs/data; the page draws the front of what the run's "
                + "models predict of them.", valueName: "input"))
    var frontOf: [String] = []

    @Option(help: ArgumentHelp("Write the page here.", valueName: "file.html"))
    var page: String?

    @Option(help: "Threads; 0 for all cores.")
    var threads = 0

    @Flag(help: "JSON lines: one for each crystal with its verdicts, then one for each policy with its figures.")
    var json = false

    func validate() throws {
        if cifs, save == nil { throw ValidationError("--cifs needs --save") }
        if let potential, PotentialName(potential).externalName != nil {
            throw ValidationError(
                "--potential \(potential): crystals are relaxed and judged by a potential of Druse's own first; an "
                    + "engine of another language judges beside it: --judge \"\(potential)\" with --listen, "
                    + "--connect or --judge-engine")
        }
        if let judge = judging.judge, PotentialName(judge).externalName != nil, !workerOptions.areWanted {
            throw ValidationError(
                "--judge \(judge): reward workers bring this engine; give --listen or --connect, or --judge-engine")
        }
        if let judge = judging.judge, judging.judgeHull != nil, PotentialName(judge).externalName != nil,
            workerOptions.connectsToLearner
        {
            throw ValidationError(
                "--judge-hull: a learner does not tell what the energies of its workers' engine are, so they have no "
                    + "place on a hull; use --listen, or leave the hull out")
        }
        if !frontOf.isEmpty, subjects.runDirectory == nil {
            throw ValidationError("--front-of needs --run: a run says which models predict")
        }
        guard (0...1024).contains(threads) else { throw ValidationError("--threads must be 0 to 1024") }
    }

    func run() throws {
        let directory = try subjects.runDirectory.map { try RunDirectory.open(at: URL(filePath: $0)) }
        let inputs = try directory.map(RunInputs.init)
        let writable = directory.flatMap(Self.writable)
        let threads = threads > 0 ? threads : ThreadTeam.availableCores
        let (engine, potential) = try engine(of: inputs)
        let settings = examination.settings(seed: subjects.seed, run: inputs?.configuration)
        let stop = StopToken()
        if workerOptions.areWanted { TerminationSignals.install(stop) }
        let workers = try workerOptions.workers(
            potential: potential, isOfRun: inputs != nil && self.potential == nil, engine: engine,
            settings: settings, judge: judging.judge, stop: stop)
        var farewell = "the evaluation ends"
        defer { workers?.finish(farewell) }
        let judge = try judging.judge(threads: threads, workers: workers)
        defer { judge?.close() }
        let aims = try inputs.flatMap { try aimMeasurer(of: $0, engine: engine) }
        if aims?.aims.plane == nil, !frontOf.isEmpty {
            throw ToolFailure("--front-of: the run's reward has no two predicted numbers that are to be high together")
        }
        if let aims { Self.tellUnmeasured(aims, relaxes: settings.relaxation != nil) }
        let evaluation = CrystalEvaluation(
            engine: engine, settings: settings, kinds: KindVerdicts(known: try knownCrystals()),
            judge: judge?.judge, aims: aims, remote: workers?.examiner, threads: threads)
        let threshold = examination.stableBelow ?? inputs?.configuration.stableBelow ?? RunManifest.usualStableBelow
        let elements = try inputs?.elements()
        if let words = elements?.words { writeMessage("as in the run: \(words)") }
        let sources = try subjects.sources(
            of: directory, inputs?.configuration, constraint: elements?.constraint ?? .none,
            usualCount: examination.usualCount)
        let folder = try save.map { try EvaluationFolder(URL(filePath: $0), for: sources.map(\.name)) }
        // It may stand in that folder.
        if let path = self.page { try OutputFile.requireWritable(path) }
        let words =
            ([
                "potential \(engine.potential.digest)", "hull \(engine.hull.digest)", examination.words(settings),
                judge?.words ?? "judge none, hull none",
            ] + (aims.map { [$0.words] } ?? [])).joined(separator: ", ")
        let output = StandardOutput()
        var columns: [(title: String, figures: EvaluationFigures)] = []
        var evaluated: [(title: String, crystals: [EvaluatedCrystal])] = []
        var summaries: [EvaluationSummary] = []
        for source in sources {
            if let reason = stop.reason {
                throw Interrupted(reason: "stopped (\(reason))", keptIn: folder?.url.path)
            }
            let log = try source.words.flatMap { try folder?.log(source.name, settings: "\($0), \(words)") }
            if let log, log.count > 0 { writeMessage("going on: \(log.count) crystals are measured already") }
            if let log, log.damagedLines > 0 {
                writeMessage(
                    "warning: \(log.damagedLines) lines of the log of \(source.name) are damaged: their crystals are "
                        + "measured again")
            }
            let progress = TerminalProgress(
                title: "evaluating \(source.title)", total: source.count, unit: "crystals", style: .onTerminal())
            let crystals: [EvaluatedCrystal]
            do { crystals = try source.evaluate(evaluation, log: log, progress: { progress.update($0) }) } catch {
                if let reason = stop.reason { farewell = "the evaluation stops (\(reason))" }
                guard let reason = stop.reason.map({ "stopped (\($0))" }) ?? workers?.examiner.problem.map({ "\($0)" })
                else { throw error }
                throw Interrupted(reason: reason, keptIn: log == nil ? nil : folder?.url.path)
            }
            progress.finish()
            var figures = EvaluationFigures(
                of: crystals, threshold: threshold, tellsNovelty: evaluation.tellsNovelty, judge: evaluation.judgeName)
            if let aims {
                figures.tell(aims, of: crystals)
                evaluated.append((source.title, crystals))
            }
            columns.append((source.title, figures))
            let summary = EvaluationSummary(
                figures, policy: source.title, seed: subjects.seed, temperature: subjects.temperature)
            summaries.append(summary)
            try folder?.write(crystals, name: source.name, tellsNovelty: evaluation.tellsNovelty)
            let unjudged = crystals.filter { $0.judgeFailure != nil }
            if let first = unjudged.first, let reason = first.judgeFailure {
                writeMessage(
                    "warning: the second judge has no verdict on \(unjudged.count) of \(crystals.count) crystals of "
                        + "\(source.title), which count as not stable by it; the first: \(first.id): \(reason)")
            }
            let incomparable = crystals.filter { $0.incomparable != nil }
            if let first = incomparable.first, let reason = first.incomparable {
                writeMessage(
                    "\(incomparable.count) of \(crystals.count) crystals of \(source.title) cannot be compared with "
                        + "others, and count as neither unique nor novel; the first: \(first.id): \(reason)")
            }
            if cifs || examination.benchmark { try folder?.writeCIFs(crystals, name: source.name) }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                for crystal in crystals {
                    try output.write(line: String(decoding: encoder.encode(crystal), as: UTF8.self))
                }
                try output.write(line: String(decoding: encoder.encode(summary), as: UTF8.self))
                try output.flush()
            }
        }
        let table = EvaluationTable(columns).text
        // Shown at once; if it cannot be, the files are written all the same.
        let shown = Result<Void, any Error> {
            guard !json else { return }
            try output.write(line: table)
            if let file = sources.compactMap(\.file).last { try output.write(line: "policy after: \(file.path)") }
            try output.flush()
        }
        let section = try aims.flatMap { aims in
            AimSection(
                aims, of: evaluated, threshold: threshold, tellsNovelty: evaluation.tellsNovelty,
                known: try compared(by: aims, keptIn: writable, threads: threads))
        }
        let page = EvaluationPage(
            title: "Evaluation of \(sources.map(\.title).joined(separator: " and "))", columns: columns, table: table,
            footer: "Energies by \(engine.potential.name), heights above the hull \(engine.hull.name). "
                + "Made by druse \(RoleProcess.build).", aims: section)
        try folder?.write(columns, page: page)
        if let path = self.page { try OutputFile.write(page.html().utf8, to: path) }
        if let writable, summaries.count == 2 {
            try summaries[0].write(to: writable.evaluationBefore)
            try summaries[1].write(to: writable.evaluationAfter)
            try DurableFile.replace(writable.url.appending(path: "evaluation.html"), with: Data(page.html().utf8))
        }
        try shown.get()
    }

    /// A run's directory where what is found can be kept in it; nil, and told, where nothing can be written: the run of
    /// somebody else, or a medium that is read-only.
    private static func writable(_ directory: RunDirectory) -> RunDirectory? {
        do throws(ArchiveError) {
            try RunDirectory.checkWritable(at: directory.url)
            return directory
        } catch {
            writeMessage(
                "warning: \(error): the evaluation is not kept there; --save and --page keep it elsewhere")
            return nil
        }
    }

    /// A signal ended it, or the learner whose workers measured.
    private struct Interrupted: Error, CustomStringConvertible {
        let reason: String
        let keptIn: String?

        var description: String {
            reason
                + (keptIn.map { "; what is measured is in \($0): evaluate again with the same options to go on" } ?? "")
        }
    }

    /// What a run is rewarded for; nil where that is the height above the hull alone, and nothing is predicted.
    private func aimMeasurer(of inputs: RunInputs, engine: ScoringEngine) throws -> AimMeasurer? {
        let run = inputs.configuration
        guard !run.reward.terms.isEmpty || !run.properties.isEmpty else { return nil }
        return try AimMeasurer(
            aims: RewardAims(inputs.reward()), properties: inputs.propertyStandard(), engine: engine,
            judges: inputs.judgesOfTerms())
    }

    /// Terms of which nothing is told would be missed in the table.
    private static func tellUnmeasured(_ aims: AimMeasurer, relaxes: Bool) {
        let names = aims.unmeasured(relaxes: relaxes)
        guard !names.isEmpty else { return }
        let ofRelaxations = relaxes ? [] : Set(names).subtracting(aims.unmeasured(relaxes: true)).sorted()
        let ofOthers = names.filter { !ofRelaxations.contains($0) }
        func list(_ names: [Trajectories.Measurement.Quantity]) -> String {
            names.map(\.rawValue).joined(separator: ", ")
        }
        if !ofRelaxations.isEmpty {
            writeMessage(
                "warning: no term or front of \(list(ofRelaxations)) is told of: crystals are not relaxed; --relax "
                    + "does that")
        }
        if !ofOthers.isEmpty {
            writeMessage(
                "warning: no term or front of \(list(ofOthers)) is told of: an evaluation does not measure it; the "
                    + "run's archive has what its reward workers measured (druse export)")
        }
    }

    /// The crystals to compare with.
    private func compared(
        by aims: AimMeasurer, keptIn directory: RunDirectory?, threads: Int
    ) throws -> AimSection.Group? {
        guard !frontOf.isEmpty else { return nil }
        let compared = ComparedCrystals(
            paths: frontOf, measurer: aims, cache: directory?.url.appending(path: "evaluation-compared.json"))
        return try compared.group(team: ThreadTeam(threadCount: threads))
    }

    private func knownCrystals() throws -> KnownCrystals? {
        known == "none" ? nil : try KnownCrystalsSource.load(known ?? "default")
    }

    /// The potential and the hull asked for, else the run's own, else the embedded ones; with the potential's name.
    private func engine(of inputs: RunInputs?) throws -> (engine: ScoringEngine, potential: String) {
        let names = inputs?.engineNames ?? (potential: "chgnet", hull: "default")
        let name = potential ?? names.potential
        if let inputs, potential == nil, hull == nil { return (try inputs.engine(), name) }
        return (try ScoringEngine(potential: name, hull: hull ?? names.hull), name)
    }
}
