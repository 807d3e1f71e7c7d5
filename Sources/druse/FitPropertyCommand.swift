import ArgumentParser
import Base
import Engines
import Foundation
import Potentials
import Report
import StructureFiles

/// `druse fit-property`: a head that predicts a property, of structures with values.
struct FitPropertyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit-property",
        abstract: "Fit a head that predicts a property of crystals to structures with values.",
        discussion: """
            Of every structure the features of CHGNet 0.3.0 are taken, pooled over its atoms and bonds. Ridge \
            regressions, kernel regressions (up to 2,000 structures) and small networks are tried by cross-validation \
            in which no formula is in two folds; the best one is fitted again to all. Its error is calibrated on the \
            held-out structures, and beside its figures stand those of a regression on the composition alone. \
            Values are columns of a table, keys of JSON objects or of the second lines of an extended XYZ file.
            """)

    @Argument(help: ArgumentHelp("A file of structures with values (.csv, .json, .jsonl, .extxyz; also .gz, .bz2)."))
    var data: String

    @Option(
        help: ArgumentHelp(
            """
            The column or key of the values; given again, the sum of the values is predicted, by a model for each: \
            parts that have different causes are learned better apart.
            """,
            valueName: "name"))
    var target: [String] = []

    @Option(name: [.short, .customLong("output")], help: "The head to write, a .safetensors file.")
    var output: String

    @Option(help: "The name of what is predicted; that of the target by default.")
    var name: String?

    @Option(help: "The unit of the values; 1 for none.")
    var unit = "1"

    @Flag(
        inversion: .prefixedNo,
        help: "Learn the logarithms; by default where all values are positive and have a heavy tail.")
    var log: Bool?

    @Option(help: "Raise predictions below this to it, such as 0 for a band gap.")
    var atLeast: Double?

    @Option(help: "A sentence on the origin of the values, which the head carries.")
    var note: String?

    @Option(help: "Where to write a page with plots of the held-out predictions, .html.")
    var page: String?

    @Option(help: "Try this kind of regression alone: ridge, kernel or network; may be given again.")
    var kind: [HeadKind] = []

    @Option(help: "Of the folds and the networks.")
    var seed: UInt64 = 0

    @Option(help: "The format of the data, where its name does not tell it.")
    var inputFormat: StructureFormat?

    @Flag(help: "Print the record of the head as a line of JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard !target.isEmpty else { throw ValidationError("name the column or key of the values: --target NAME") }
        // The keys of extended XYZ have no case.
        guard Set(target.map { $0.lowercased() }).count == target.count else {
            throw ValidationError("--target names one value twice")
        }
        guard output.hasSuffix(".safetensors") else {
            throw ValidationError("cannot write \(output): the name must end in .safetensors")
        }
        if target.count > 1, name == nil { throw ValidationError("several targets need a --name for their sum") }
        if let page, !page.hasSuffix(".html") {
            throw ValidationError("cannot write \(page): the name must end in .html")
        }
        if let atLeast, !atLeast.isFinite { throw ValidationError("--at-least must be a finite number") }
        if let name = name ?? target.first, let problem = QuantityName.problem(of: name) {
            throw ValidationError("no run could predict \"\(name)\", \(problem): name what is predicted, --name NAME")
        }
        guard data != "-" else { throw ValidationError("the data must be a file: its digest goes into the head") }
    }

    func run() throws {
        // Whether they can be written is found out before the fit, which may take hours.
        let file = try OutputFile(path: output)
        let pageFile = try page.map { try OutputFile(path: $0) }
        let team = ThreadTeam(threadCount: threads.count)
        let potential = try CHGNet.embedded()
        let structures = try StructureReader.read(path: data, format: inputFormat, numbers: target)
        var reading = PropertyData(targets: target, potential: potential, team: team)
        try reading.read(structures)
        let examples = reading.examples
        guard !examples.isEmpty else {
            throw ToolFailure(
                "\(data) holds no structure with \(target.joined(separator: " and ")): \(reading.reasons)")
        }
        let digest = try Digest(of: Data(contentsOf: URL(filePath: data))).hexadecimal
        let fitting = HeadFitting(
            name: name ?? target[0], unit: unit, targets: target, learnsLogarithms: log, lowest: atLeast, note: note,
            kinds: kind.isEmpty ? nil : Set(kind), seed: seed,
            data: (URL(filePath: data).lastPathComponent, digest), leftOut: reading.leftOut)
        let counter = Counter(
            TerminalProgress(
                title: "fitting", total: fitting.pieceCount(examples), unit: "models", style: .onTerminal()))
        let fitted: HeadFitting.Fitted
        do throws(HeadFitting.Problem) {
            fitted = try fitting.fit(examples, of: potential, team: team) { counter.add() }
        } catch {
            let others = reading.leftOut.isEmpty ? "" : "; left out: \(reading.reasons)"
            throw ToolFailure("\(data): \(error)\(others)")
        }
        counter.finish()
        try file.write(fitted.head.encoded())
        try file.finish()
        try pageFile?.write(Self.page(fitted, lines: Self.lines(fitted.head.record)).html().utf8)
        try pageFile?.finish()
        let answer = StandardOutput()
        if json {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try answer.write(line: String(decoding: encoder.encode(fitted.head.record), as: UTF8.self))
        } else {
            for line in Self.lines(fitted.head.record) { try answer.write(line: line) }
        }
        try answer.flush()
    }

    /// What the head is and how well it does, for people.
    static func lines(_ record: HeadRecord) -> [String] {
        let unit = record.unit == "1" ? "" : " (\(record.unit))"
        var lines = [
            "\(record.name)\(unit): \(record.crystals) crystals of \(record.formulas) formulas, \(record.folds) folds "
                + "without a formula in common\(record.isLogarithmic ? ", logarithms learned" : "")"
        ]
        if !record.leftOut.isEmpty { lines.append("left out: \(PropertyData.text(record.leftOut))") }
        for candidate in record.tried where candidate.isTaken {
            lines.append("\(candidate.target): \(candidate.kind)")
        }
        func row(_ title: String, _ errors: HeadRecord.Errors) -> String {
            var text = "\(title): mean absolute error \(HumanFormat.fixed(errors.meanAbsoluteError, decimals: 3))"
            if let logarithmic = errors.logarithmicMeanAbsoluteError {
                text += ", of the logarithm \(HumanFormat.fixed(logarithmic, decimals: 3))"
            }
            return text + ", rank correlation \(HumanFormat.fixed(errors.rankCorrelation, decimals: 3))"
        }
        lines.append(row("held out", record.errors))
        lines.append(row("composition alone", record.compositionErrors))
        lines.append(
            "standard error: \(HumanFormat.percent(record.uncertainty.withinOne)) of the held-out crystals within one, "
                + "\(HumanFormat.percent(record.uncertainty.withinTwo)) within two (normal errors: 68.3% and 95.4%)")
        return lines
    }

    private static func page(_ fitted: HeadFitting.Fitted, lines: [String]) -> PropertyHeadPage {
        let record = fitted.head.record
        return PropertyHeadPage(
            title: "Head for \(record.name)", quantity: record.name, unit: record.unit,
            isLogarithmic: record.isLogarithmic,
            points: fitted.heldOut.map {
                .init(
                    label: "\($0.formula), \($0.id)", known: $0.known, predicted: $0.predicted, sigma: $0.sigma,
                    isInDomain: $0.isInDomain)
            },
            lines: lines,
            tried: record.tried.map { ($0.target, $0.kind, $0.meanAbsoluteError, $0.isTaken) },
            footer: "\(record.note.map { $0 + " " } ?? "")Data: \(record.data), SHA-256 \(record.dataDigest). "
                + "Features: \(record.potential). Seed \(record.seed).")
    }

    /// Counts pieces of work of several threads.
    private final class Counter: Sendable {
        private let progress: TerminalProgress
        private let count = SharedCount(0)

        init(_ progress: TerminalProgress) { self.progress = progress }

        func add() { progress.update(count.increment()) }
        func finish() { progress.finish() }
    }
}

extension HeadKind: ExpressibleByArgument {}
