import Archive
import ArgumentParser
import Base
import Foundation

/// `druse ledger`: the books of a run, and of two runs side by side.
struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Show what became of every crystal of a run, or compare two runs.",
        discussion: """
            druse ledger RUN_DIR shows how many crystals the run's steps took, over all its restarts, how many of them \
            were trained on, and why the others were not; the exit status is 1 if the books do not balance. \
            druse ledger diff RUN_A RUN_B compares what two runs trained on.
            """,
        subcommands: [LedgerShowCommand.self, LedgerDiffCommand.self], defaultSubcommand: LedgerShowCommand.self)
}

/// `druse ledger RUN_DIR`.
struct LedgerShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what became of every crystal of a run, finished or not.")

    @Argument(help: "The run's directory.")
    var runDirectory: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let directory = try RunDirectory.open(at: URL(filePath: runDirectory))
        let archive = try RunArchive(url: directory.archive, access: .readOnly)
        let ledger = try archive.ledger(maximumStaleness: directory.maximumStaleness)
        let output = StandardOutput()
        if json {
            try output.write(line: ledger.json.line)
        } else {
            for line in lines(ledger, run: directory.manifest.runID) { try output.write(line: line) }
        }
        try output.flush()
        if !ledger.isBalanced { throw ExitCode.failure }
    }

    private func lines(_ ledger: RunLedger, run: String) -> [String] {
        func row(_ name: String, _ count: Int, _ more: String = "") -> String {
            let number = HumanFormat.count(count)
            let line =
                name.padding(toLength: 12, withPad: " ", startingAt: 0)
                + String(repeating: " ", count: max(1, 12 - number.count)) + number
            return more.isEmpty ? line : "\(line)  \(more)"
        }
        func reasons(_ fate: CrystalFate) -> String {
            (ledger.entries[fate]?.reasons ?? [:]).sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { "\($0.key) \(HumanFormat.count($0.value))" }.joined(separator: ", ")
        }
        var lines = ["run \(run): \(HumanFormat.count(ledger.steps)) steps", row("granted", ledger.granted)]
        for fate in CrystalFate.allCases where fate != .inFlight {
            guard fate == .trained || ledger.count(fate) > 0 else { continue }
            let invalid = fate == .trained && ledger.trainedInvalid > 0 ? "invalid ones \(ledger.trainedInvalid)" : ""
            let why = [invalid, reasons(fate)].filter { !$0.isEmpty }.joined(separator: "; ")
            lines.append(row(fate.words, ledger.count(fate), why))
        }
        lines.append(row(CrystalFate.inFlight.words, ledger.count(.inFlight), reasons(.inFlight)))
        lines.append(
            "given out again: \(ledger.regranted) units, \(ledger.requeued) tasks; results that came twice: "
                + "\(ledger.duplicates)")
        return lines + (ledger.isBalanced ? ["it balances"] : ledger.problems.map { "it does not balance: \($0)" })
    }
}

/// `druse ledger diff RUN_A RUN_B`.
struct LedgerDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare what two runs trained on, to the last bit.",
        discussion: """
            Compares what both were begun with, every step's numbers, every crystal with its log-probabilities, \
            measurements, verdict and step, and the digests of every version's weights. Who sampled and measured, \
            when, and how often a run was interrupted makes no difference. Nothing is printed and the exit status is \
            0 if they are equal, 1 if not, 2 if they cannot be compared.
            """)

    @Argument(help: "A run's directory.")
    var runA: String

    @Argument(help: "Another run's directory.")
    var runB: String

    @Option(help: "How many differences are shown.")
    var limit = 20

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard (0...1_000_000).contains(limit) else { throw ValidationError("--limit must be 0 to 1000000") }
    }

    func run() throws {
        let comparison: LedgerComparison
        do {
            comparison = try RunDirectory.compareLedgers(
                RunDirectory.open(at: URL(filePath: runA)), RunDirectory.open(at: URL(filePath: runB)), limit: limit)
        } catch {
            writeMessage("Error: \(error)")
            throw ExitCode(2)
        }
        let output = StandardOutput()
        if json {
            try output.write(line: object(comparison).line)
        } else if !comparison.isEqual {
            try output.write(line: "A is \(runA), B is \(runB)")
            for difference in comparison.differences { try output.write(line: difference.line) }
            let rest = comparison.differenceCount - comparison.differences.count
            if rest > 0 { try output.write(line: "and \(HumanFormat.count(rest)) more differences (--limit)") }
        }
        try output.flush()
        if comparison.steps == 0, comparison.isEqual {
            writeMessage("neither run has made a step yet: there is nothing to compare")
        }
        if !comparison.isEqual { throw ExitCode(1) }
    }

    private func object(_ comparison: LedgerComparison) -> JSONValue {
        .object([
            ("a", .text(runA)), ("b", .text(runB)), ("equal", .flag(comparison.isEqual)),
            ("steps", .integer(comparison.steps)), ("crystals", .integer(comparison.crystals)),
            ("weights", .integer(comparison.weights)), ("difference_count", .integer(comparison.differenceCount)),
            ("differences", .list(comparison.differences.map(\.json))),
        ])
    }
}
