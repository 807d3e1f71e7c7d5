import ArgumentParser
import Base
import Crystals
import Foundation
import Stability

/// `druse hull-index`: a compact hull of dumps of computed entries.
struct HullIndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hull-index", abstract: "Make a hull file that opens at once of dumps of computed entries.",
        discussion: """
            Reads the dumps of Alexandria and of the Materials Project, or any JSON of computed entries ({"entries": \
            [...]}, a list, an entry a line), plain, gzip or bzip2, of any size. Of each compound the lowest entry is \
            kept: distances and decompositions are those of the whole dump. Entries that cannot be used are counted by \
            reason. A call that was interrupted goes on where it was (OUTPUT.part), if it is made again.
            """)

    @Argument(help: ArgumentHelp("The files of entries.", valueName: "dump"))
    var dumps: [String]

    @Option(name: [.short, .customLong("output")], help: "The hull file to write; with --add-to, that one by default.")
    var output: String?

    @Option(help: ArgumentHelp("A hull file that the entries are added to.", valueName: "hull"))
    var addTo: String?

    @Option(
        help: ArgumentHelp(
            """
            What the energies are: mp2020-corrected, raw-pbe or own-hull-only; mp2020-corrected by default where \
            entries carry corrections.
            """,
            valueName: "name"))
    var convention: EnergyConvention?

    @Flag(help: "Take energies without the corrections that entries carry (raw-pbe).")
    var uncorrected = false

    @Flag(help: "Print the counts as a line of JSON.")
    var json = false

    func validate() throws {
        guard output ?? addTo != nil else { throw ValidationError("name the hull file to write: --output my.hull") }
        if uncorrected, let convention, convention != .rawPBE {
            throw ValidationError("--uncorrected makes a hull of raw-pbe energies, not of \(convention.rawValue) ones")
        }
    }

    func run() throws {
        let place = output ?? addTo ?? ""
        if FileManager.default.fileExists(atPath: place), place != addTo {
            throw ToolFailure("\(place) is there already: remove it, or add to it with --add-to \(place)")
        }
        var indexing = HullIndexing(output: URL(filePath: place))
        indexing.base = addTo.map { URL(filePath: $0) }
        indexing.convention = convention
        indexing.ignoresCorrections = uncorrected
        if FileManager.default.fileExists(atPath: indexing.partURL.path) {
            writeMessage("going on from \(indexing.partURL.path)")
        }
        let bar = TerminalProgress(
            title: "reading", total: nil, unit: "entries", style: .onTerminal(writesLines: false))
        let summary = try indexing.run(dumps.map { URL(filePath: $0) }) { progress in
            bar.update(progress.entryCount, note: "\(progress.dump), \(progress.bytes >> 20) MiB")
        }
        bar.finish()
        let output = StandardOutput()
        try output.write(line: json ? Self.record(summary).line : Self.text(summary, place))
        try output.flush()
        for element in summary.elementsWithoutReference.prefix(1) {
            let others = summary.elementsWithoutReference.count - 1
            writeMessage(
                "no entry of elemental \(element.symbol)\(others > 0 ? " and \(others) other elements" : ""): what "
                    + "contains it cannot be compared; add one (--add-to)")
        }
    }

    private static func record(_ summary: HullIndexing.Summary) -> JSONValue {
        let refused: JSONFields = summary.refusals.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) }
        let fields: JSONFields = [
            ("entries", .integer(summary.entryCount + summary.resumedCount)),
            ("resumed", .integer(summary.resumedCount)),
            ("compounds", .integer(summary.compounds)),
            ("systems", .integer(summary.systems)),
            ("corrected", .integer(summary.correctedCount)),
            ("energy_convention", .text(summary.convention?.rawValue ?? "unknown")),
            ("refused", .object(refused)),
            ("without_reference", .list(summary.elementsWithoutReference.map { .text($0.symbol) })),
        ]
        return .object(fields)
    }

    private static func text(_ summary: HullIndexing.Summary, _ place: String) -> String {
        var text = "\(place): \(summary.compounds) compounds in \(summary.systems) chemical systems, of "
        text += "\(summary.entryCount + summary.resumedCount) entries"
        if summary.earlierCompounds > 0 { text += " added to \(summary.earlierCompounds) compounds" }
        text +=
            "; energies: \(summary.convention?.rawValue ?? "unknown convention") (\(summary.correctedCount) corrected)"
        let refused = summary.refusals.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        return refused.isEmpty ? text : text + "; not used: " + refused.joined(separator: ", ")
    }
}

extension EnergyConvention: ExpressibleByArgument {}
