import Archive
import ArgumentParser
import Base
import Crystals
import Engines
import FineTuning
import Foundation
import Matching
import Potentials
import StructureFiles
import Trajectories

/// `druse export`: crystals out of a run's archive.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write crystals of a run, with energies, heights and where they are from.",
        discussion: """
            Of the scored crystals those that --where selects, an SQL expression over the archive's columns and the \
            quantities that were measured: "e_above_hull < 0.05 AND space_group > 15". The word novel in it stands for \
            what matches no known crystal, as druse match --index says: "e_above_hull < 0.05 AND novel". The lowest \
            above the hull come first. With --geometry sampled the names stand for the numbers that are written then: \
            energies are those before the relaxation, relaxed_NAME is what was measured after it. A run that is still \
            on may be exported. The output is a file (.cif, .extxyz, .csv, .jsonl), a zip archive (.zip) or a folder; \
            --format says what stands in the latter two.
            """)

    @Argument(help: "The run's directory.")
    var runDirectory: String

    @Option(
        name: .customLong("where"), parsing: .unconditional,
        help: "Which crystals, as an SQL expression; all scored ones by default.")
    var condition: String?

    @Option(
        parsing: .unconditional,
        help: "The order, as an SQL expression, smallest first: energy_per_atom, -reward, version.")
    var sort = "e_above_hull"

    @Option(help: "How many crystals: of each group with --per, else of all.")
    var top: Int?

    @Option(help: "Takes --top crystals of each: formula, space_group, chemical_system, or any SQL expression.")
    var per: String?

    @Option(help: "The most crystals in all.")
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "The known crystals of \"novel\": default, those of the training data, or an index by druse index.",
            valueName: "default|file"))
    var known: String?

    @Flag(
        help: """
            Leaves out crystals that are the same, as druse match compares them, as one before; the others are counted.
            """)
    var unique = false

    @Flag(
        help: """
            Of the selected crystals those that no other one dominates in the aims of the run's reward: its terms, \
            where they are combined by pareto, else the factors of its product. Each record has the terms' numbers.
            """)
    var front = false

    @Flag(help: "Also crystals that are invalid or failed.")
    var all = false

    @Option(help: "cif, extxyz, poscar, csv or jsonl; by default what the output's name says.")
    var format: StructureFormat?

    @Option(help: "The geometry: relaxed, where the run relaxed, or sampled. Numbers are those of what is written.")
    var geometry = ExportRecord.Geometry.relaxed

    @Option(help: "The cell of extxyz, poscar and --vasp: primitive or conventional.")
    var cell = Cell.primitive

    @Flag(
        help: """
            Evaluates each crystal anew: energy, forces (eV/angstrom) and stress (eV/angstrom^3), for extxyz and jsonl.
            """)
    var forces = false

    @Option(help: "The potential of --forces: as for druse energy; the run's by default.")
    var potential: String?

    @Flag(help: "A folder a crystal with POSCAR and KPOINTS, ready for VASP.")
    var vasp = false

    @Option(help: "k-points per angstrom^-3 of the reciprocal cell, for --vasp.")
    var kpointDensity = KPointGrid.usualDensity

    @Option(name: [.short, .customLong("output")], help: "Where to write.")
    var output: String

    @OptionGroup var threads: ThreadOptions

    /// Crystals read, evaluated and written at a time.
    private static let batchSize = 512

    enum Cell: String, CaseIterable, ExpressibleByArgument {
        case primitive, conventional
        var choice: Crystal.CellChoice { self == .primitive ? .primitive : .conventional }
    }

    func validate() throws {
        for (name, value) in [("--top", top), ("--limit", limit)] {
            if let value, value < 1 { throw ValidationError("\(name) is \(value); it must be at least 1") }
        }
        if per != nil, top == nil { throw ValidationError("--per needs --top: how many of each") }
        if potential != nil, !forces { throw ValidationError("--potential needs --forces: else nothing is evaluated") }
        if known != nil, !query.usesOpenTruth {
            throw ValidationError("--known is for a condition with novel: --where \"e_above_hull < 0.05 AND novel\"")
        }
        guard (1...1e6).contains(kpointDensity) else {
            throw ValidationError("--kpoint-density is \(kpointDensity); it must be 1 to 1000000")
        }
        let layout = try layout().layout
        if forces, ![.together(.extxyz), .together(.jsonl)].contains(layout) {
            throw ValidationError("--forces needs --format extxyz or jsonl: the others have no place for them")
        }
    }

    /// What stands where, by the options and the output's name.
    private func layout() throws -> (layout: ExportWriter.Layout, kind: ExportDestination.Kind) {
        let isArchive = output.lowercased().hasSuffix(".zip")
        let named = isArchive ? nil : StructureFormat(path: output)
        let isFile = named != nil || OutputFile.isStream(output)
        let kind: ExportDestination.Kind = isArchive ? .archive : isFile ? .file : .folder
        if vasp {
            guard format == nil || format == .poscar, kind != .file else {
                throw ValidationError("--vasp makes folders: name a folder or a .zip, and no other format")
            }
            return (.vasp(density: kpointDensity), kind)
        }
        if let format, let named, format != named {
            throw ValidationError("--format is \(format.rawValue), but \(output) is the name of a \(named.rawValue)")
        }
        guard let format = format ?? named else {
            throw ValidationError("\(output) tells no format: give --format cif, extxyz, poscar, csv or jsonl")
        }
        switch format {
        case .json: throw ValidationError("write a .jsonl: a .json holds one value")
        case .poscar where kind == .file: throw ValidationError("a POSCAR holds one crystal: name a folder or a .zip")
        case .poscar: return (.apart(.poscar), kind)
        case .cif where kind != .file: return (.apart(.cif), kind)
        default: return (.together(format), kind)
        }
    }

    func run() throws {
        let directory = try RunDirectory.open(at: URL(filePath: runDirectory))
        let front = try front ? ExportFront(directory) : nil
        let archive = try RunArchive(url: directory.archive, access: .readOnly)
        let selection = try selected(of: archive, front)
        let ids = selection.ids
        guard !ids.isEmpty else { throw ToolFailure("no crystal of \(runDirectory) is selected; nothing was written") }
        let evaluation = try forces ? CellEvaluation(self, directory) : nil
        let (layout, kind) = try layout()
        let run = directory.manifest.runID
        let writer = ExportWriter(
            destination: try ExportDestination(path: output, kind: kind), layout: layout, cell: cell.choice,
            columns: layout.hasTable ? try columns(of: archive, selection, front, run: run) : [])
        let progress = TerminalProgress(
            title: "exporting", total: ids.count, unit: "crystals", style: .onTerminal(writesLines: false))
        var (written, leftOut) = (0, 0)
        var firstProblem = ""
        try ids.forEachBatch(of: Self.batchSize) { batch in
            let records = try archive.crystals(batch).map { try record(of: $0, selection, front, run: run) }
            for record in evaluated(records, by: evaluation) {
                do {
                    try writer.write(try record.get())
                    written += 1
                } catch let problem as ToolFailure {
                    leftOut += 1
                    if firstProblem.isEmpty { firstProblem = problem.description }
                }
            }
            progress.update(written + leftOut)
        }
        progress.finish()
        guard written > 0 else { throw ToolFailure("none of \(ids.count) crystals can be written: \(firstProblem)") }
        try writer.finish()
        if leftOut > 0 { writeMessage("\(leftOut) of \(ids.count) crystals left out; the first: \(firstProblem)") }
        let summary = "\(written) crystals in \(output)"
        if OutputFile.isStream(output) { writeMessage(summary) } else { try StandardOutput.write(line: summary) }
    }

    /// The crystals that are wanted.
    private func selected(of archive: RunArchive, _ front: ExportFront?) throws -> ExportSelection.Result {
        var selection = ExportSelection(query: query, top: top, limit: limit, isUnique: unique, geometry: geometry)
        selection.front = front
        if query.usesOpenTruth {
            let measured = Trajectories.Measurement.Quantity(rawValue: ExportSelection.novel)
            if try known == nil && archive.measuredQuantities()[measured] != nil {
                writeMessage("novel is what the run measured by that name; --known default or a file judges it anew")
                selection.query.openTruth = nil
            } else {
                selection.known = try KnownCrystalsSource.load(known ?? "default")
            }
        }
        return try selection.crystals(of: archive, team: ThreadTeam(threadCount: threads.count))
    }

    /// What is asked of the archive.
    private var query: CrystalSelection {
        var query = CrystalSelection()
        query.condition = condition
        query.order = sort
        query.group = per
        query.includesUnscored = all
        query.isAsSampled = geometry == .sampled
        query.openTruth = ExportSelection.novel
        return query
    }

    private func record(
        of crystal: ArchivedCrystal, _ selection: ExportSelection.Result, _ front: ExportFront?, run: String
    ) throws -> ExportRecord {
        var record = ExportRecord(crystal, run: run, geometry: geometry)
        if let front { record = try front.completed(record, crystal) }
        return selection.novelty[crystal.id].map { record.with($0) } ?? record
    }

    /// The columns of tables: those of all crystals, since not all of them have all quantities.
    private func columns(
        of archive: RunArchive, _ selection: ExportSelection.Result, _ front: ExportFront?, run: String
    ) throws -> [String] {
        var names: [String] = []
        var known: Set<String> = []
        try selection.ids.forEachBatch(of: Self.batchSize) { batch in
            for crystal in try archive.crystals(batch) {
                for field in try record(of: crystal, selection, front, run: run).fields
                where known.insert(field.key).inserted { names.append(field.key) }
            }
        }
        return names
    }

    // MARK: Forces

    /// The records with what the potential says of their cells.
    private func evaluated(
        _ records: [ExportRecord], by evaluation: CellEvaluation?
    ) -> [Result<ExportRecord, ToolFailure>] {
        guard let evaluation else { return records.map { .success($0) } }
        let cell = cell.choice
        return ThreadTeam(threadCount: evaluation.evaluators.count).map(records) { record, thread in
            evaluation.evaluated(record, cell: cell, thread: thread)
        }
    }
}

/// A potential that evaluates the cells that are written, each evaluator used by one thread of a team at a time.
private struct CellEvaluation: @unchecked Sendable {
    let evaluators: [any PotentialEvaluator]
    private let name: String

    /// The potential that the command names, else the run's own.
    init(_ command: ExportCommand, _ directory: RunDirectory) throws {
        let model = try PotentialSource.load(
            try command.potential ?? RunInputs(directory).engineNames.potential)
        name = model.name
        evaluators = (0..<command.threads.count).map { _ in model.makeEvaluator() }
    }

    func evaluated(
        _ record: ExportRecord, cell: Crystal.CellChoice, thread: Int
    ) -> Result<ExportRecord, ToolFailure> {
        let structure: Structure
        do { structure = try record.crystal.structure(cell: cell) } catch {
            return .failure(ToolFailure("\(record.id): \(error)"))
        }
        guard let answer = evaluators[thread].evaluate([structure], [.energy, .forces, .stress]).first else {
            return .failure(ToolFailure("\(record.id): the potential gave no answer"))
        }
        return answer.map { record.with($0, by: name) }
            .mapError { ToolFailure("\(record.id): \($0.description(for: structure))") }
    }
}

extension ExportRecord.Geometry: ExpressibleByArgument {}
