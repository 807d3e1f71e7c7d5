import ArgumentParser
import Base
import Foundation
import Matching
import StructureFiles

/// `druse index`: an index of known crystals.
struct IndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Make an index of known crystals, against which novelty is judged, or add to one.",
        discussion: """
            The index holds the reduced cell, the atoms and the id of each structure in a compact file that opens at \
            once, whatever its size: druse match A --index FILE looks structures up in it. --add-to FILE puts the \
            structures behind those of an index, without building it again, in its place or as the file of -o. Any \
            file name will do. What cannot be read is left out, counted and told. The training data that come with \
            the product are in an index of their own: --index default.
            """)

    @Argument(
        help: ArgumentHelp(
            """
            Files of structures (.cif, .extxyz, .xyz, .vasp, POSCAR, .csv, .json, .jsonl; also .gz and .bz2); - is \
            stdin.
            """,
            valueName: "data"))
    var inputs: [String]

    @Option(help: "The format of the inputs, where the names do not tell it (stdin: jsonl).")
    var inputFormat: StructureFormat?

    @Option(name: [.short, .customLong("output")], help: "Where to write the index.")
    var output: String?

    @Option(help: ArgumentHelp("An index to add to; default is the embedded one (with -o).", valueName: "index"))
    var addTo: String?

    @Flag(help: "Print what was done as a JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard output != nil || addTo != nil else { throw ValidationError("say where to write the index: -o FILE") }
        if addTo == "default", output == nil {
            throw ValidationError("the embedded index is not changed: say where to write the larger one, -o FILE")
        }
    }

    func run() throws {
        guard let path = output ?? addTo else { return }
        try inputs.requirePresent()
        let files = InputFiles(paths: inputs, format: inputFormat)
        try files.require(apartFrom: path)
        let base = try addTo.map { (name) throws(KnownCrystalsError) in try KnownCrystalsSource.load(name) }
        let indexing = CrystalIndexing(threads: threads.count)
        let progress = TerminalProgress(
            title: "indexing", total: nil, unit: "crystals", style: .onTerminal(writesLines: false))
        let summary = try indexing.index(files, to: URL(filePath: path), addingTo: base) { progress.update($0) }
        progress.finish()
        for refusal in summary.refusals {
            writeMessage("refused \(refusal.count): \(refusal.reason) (the first: \(refusal.firstID))")
        }
        let output = StandardOutput()
        try output.write(line: json ? summary.json(path: path) : summary.text(path: path))
        try output.flush()
    }
}

extension CrystalIndexing.Summary {
    /// One JSON object.
    fileprivate func json(path: String) -> String {
        JSONValue.object([
            ("index", .text(path)), ("added", .integer(added)), ("refused", .integer(refusedCount)),
            ("crystals", .integer(total)), ("bytes", .integer(byteCount)),
            (
                "refusals",
                .list(
                    refusals.map {
                        .object([
                            ("reason", .text($0.reason)), ("count", .integer($0.count)),
                            ("first", .text($0.firstID)),
                        ])
                    })
            ),
        ]).line
    }

    /// A line for people.
    fileprivate func text(path: String) -> String {
        "\(path): \(added) crystals added, \(refusedCount) refused; it has \(total) crystals in "
            + "\((Double(byteCount) / 1e6).text(decimals: 1)) MB"
    }
}
