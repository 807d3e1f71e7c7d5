import ArgumentParser
import Base
import Foundation
import Matching
import StructureFiles

/// `druse ingest`: data sets as a table of crystals.
struct IngestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", abstract: "Make a table of crystals of data sets, for trainings and all other commands.",
        discussion: """
            Reads tables with a column of CIFs (MP-20, Alex-20, perov-5), folders and zip archives of CIFs, extended \
            XYZ and all else that holds structures. The symmetry is searched, as by druse tokens; what a file states \
            is kept beside what was found. A crystal is taken if its sites rebuild the structure; what is refused is \
            counted, and listed by --refused. The same data are not ingested twice: OUT.ingest.json knows what a \
            table was made of.
            """)

    @Argument(help: ArgumentHelp("Files, folders and zip archives; - is stdin.", valueName: "data"))
    var inputs: [String]

    @Option(name: [.short, .customLong("output")], help: "The table: a .csv or .csv.gz.")
    var output: String

    @Option(help: "A table (.csv, .csv.gz) of what was refused: file, id, reason.")
    var refused: String?

    @Option(
        help: "Columns of the tables to keep, such as e_above_hull,band_gap.",
        transform: { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } })
    var keep: [String] = []

    @Option(help: "The most atoms that the primitive cell may have.")
    var maxAtoms: Int?

    @Option(help: "The most symmetry-distinct sites: a policy of n_max 21 takes 20.")
    var maxSites: Int?

    @Option(help: "The format of the data, where names do not tell it (stdin: jsonl).")
    var inputFormat: StructureFormat?

    @Flag(help: "Print the counts as JSON.")
    var json = false

    @OptionGroup var symmetry: SymmetryOptions
    @OptionGroup var threads: ThreadOptions

    private static let batchSize = 1024
    private static let columns: Set<String> = [
        "material_id", "formula", "spacegroup", "stated_spacegroup", "n_atoms", "n_sites", "split", "cif",
    ]

    func validate() throws {
        for path in [output, refused].compactMap({ $0 })
        where !path.hasSuffix(".csv") && !path.hasSuffix(".csv.gz") && !OutputFile.isStream(path) {
            throw ValidationError("cannot write \(path): the name must end in .csv or .csv.gz")
        }
        guard refused != output else { throw ValidationError("--refused and --output are the same file") }
        for (name, value) in [("--max-atoms", maxAtoms), ("--max-sites", maxSites)] {
            if let value, value < 1 { throw ValidationError("\(name) is \(value); it must be at least 1") }
        }
        for name in keep where name.isEmpty || Self.columns.contains(name) {
            throw ValidationError("--keep: \"\(name)\" is no column to keep; the table has one of that name anyway")
        }
        guard Set(keep).count == keep.count else { throw ValidationError("--keep names a column twice") }
    }

    func run() throws {
        let team = ThreadTeam(threadCount: threads.count)
        try inputs.requirePresent()
        let (places, passedOver) = StructurePlace.all(in: inputs, format: inputFormat)
        for path in [output, refused].compactMap({ $0 }) { try places.require(apartFrom: path) }
        // What goes into a pipe is not there to be looked at again.
        let isKept = ![output, refused].compactMap { $0 }.contains { OutputFile.isStream($0) }
        let record = (isKept ? IngestionRecord.inputs(places, team: team) : nil).map {
            IngestionRecord(settings: settings, inputs: $0)
        }
        if let known = record?.matching(output: output) {
            writeMessage("\(output) is made of these data already; nothing was done")
            return try show(known.summary)
        }
        let matcher = StructureMatcher()
        let ingestion = CrystalIngestion(
            symmetryTolerance: symmetry.symprec, maximumAtoms: maxAtoms ?? .max, maximumSites: maxSites ?? .max,
            isRebuilt: { original, rebuilt in (try? matcher.allows(rebuilt, asRebuilt: original)) ?? false })
        let table = try IngestionTable(
            path: output, refused: refused, columns: keep, hasSplits: UnreadStructures.tellSplits(places))
        let progress = TerminalProgress(title: "ingesting", total: nil, unit: "structures", style: .onTerminal())
        var done = 0
        try UnreadStructures(places, keeping: keep).forEachBatch(of: Self.batchSize) { pieces in
            for results in team.map(pieces, { piece, _ in piece.read().map(ingestion.take) }) {
                for result in results { try table.add(result) }
                done += results.count
            }
            progress.update(done)
        }
        progress.finish()
        try table.finish()
        var summary = table.summary
        summary.passedOver = passedOver
        guard done > 0 else { throw ToolFailure("the inputs hold no structures") }
        guard summary.taken > 0 else {
            throw ToolFailure("none of \(done) structures could be taken; the first: \(summary.firstRefusal ?? "")")
        }
        if var record {
            record.summary = summary
            record.outputs = try IngestionRecord.outputs([output] + [refused].compactMap { $0 })
            try record.write(output: output)
        } else if isKept {
            try? FileManager.default.removeItem(at: IngestionRecord.url(of: output))
        }
        try show(summary)
    }

    /// What decides the table, and where what was refused is listed.
    private var settings: [String: String] {
        [
            "symprec": "\(symmetry.symprec)", "keep": keep.joined(separator: ","),
            "max_atoms": maxAtoms.map(String.init) ?? "", "max_sites": maxSites.map(String.init) ?? "",
            "input_format": inputFormat?.rawValue ?? "", "refused": refused ?? "",
        ]
    }

    private func show(_ summary: IngestionSummary) throws {
        let output = StandardOutput()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try output.write(line: String(decoding: encoder.encode(summary), as: UTF8.self))
        } else {
            for line in summary.lines { try output.write(line: line) }
        }
        try output.flush()
    }
}
