import ArgumentParser
import Base
import Engines
import Potentials
import StructureFiles

/// `druse property`: numbers that models predict of structures.
struct PropertyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "property",
        abstract: "Predict a property of structures: a band gap, a formation energy, a dielectric constant.",
        discussion: """
            Of the structures as they are. With --json: the value, its standard error (sigma; null where the model \
            knows none) and whether the structure resembles what the model has learned from (in_domain; null where it \
            cannot tell). A model that predicts several quantities gives the first as value and all under values.
            """)

    @OptionGroup var input: InputOptions

    @Option(
        name: [.customLong("head"), .customLong("model")],
        help: ArgumentHelp(
            """
            The model: a file (.safetensors) or folder\(known). FILE:QUANTITY,... asks for some of its quantities, \
            such as gap.safetensors:band_gap,band_gap_hse.
            """,
            valueName: "name|file"))
    var head: [String]

    func validate() throws {
        guard head.count < 2 else {
            throw ValidationError(
                "--head is given \(head.count) times (\(head.joined(separator: ", "))): ask one model at a time")
        }
        if head.isEmpty { throw ValidationError("name the model: --head NAME|FILE") }
    }

    @OptionGroup var threads: ThreadOptions

    private static var known: String {
        PropertySource.names.isEmpty ? "" : ", or one of \(PropertySource.names.joined(separator: ", "))"
    }

    func run() throws {
        let model = try PropertySource.load(head[0])
        let tool = PropertyEvaluation(model: model, threads: threads.count)
        let columns = model.predictions.flatMap { prediction in
            [
                AnswerPrinter.Column(title: Self.title(prediction), width: 14, isNumber: true),
                AnswerPrinter.Column(title: "sigma", width: 8, isNumber: true),
                AnswerPrinter.Column(title: "in domain", width: 9),
            ]
        }
        let printer = AnswerPrinter(
            json: input.json, title: "predicting",
            columns: [.init(title: "formula", width: 16), .init(title: "atoms", width: 5, isNumber: true)] + columns)
        let files = InputFiles(paths: input.inputs, format: input.inputFormat)
        try files.forEachBatch(of: PropertyEvaluation.batchSize) { entries in
            try printer.print(tool.predictions(of: entries)) { row($0, model.predictions) }
        }
        try printer.finish()
    }

    private static func title(_ prediction: PropertyPrediction.Name) -> String {
        prediction.unit == "1" ? prediction.name : "\(prediction.name) \(prediction.unit)"
    }

    private func row(_ answer: PropertyEvaluation.Predicted, _ names: [PropertyPrediction.Name]) -> AnswerPrinter.Row {
        var fields: JSONFields = []
        for (name, prediction) in zip(names, answer.predictions).prefix(1) {
            fields = [("property", .text(name.name)), ("unit", .text(name.unit))] + Self.fields(prediction)
        }
        if names.count > 1 {
            fields.append(
                ("values", .object(answer.predictions.map { ($0.name, .object(Self.fields($0))) })))
        }
        let cells = answer.predictions.flatMap { prediction in
            [
                prediction.value.text(decimals: 6), prediction.sigma.map { $0.text(decimals: 4) } ?? "-",
                prediction.isInDomain.map { $0 ? "yes" : "no" } ?? "-",
            ]
        }
        return AnswerPrinter.Row(fields: fields, cells: [answer.formula, "\(answer.atomCount)"] + cells)
    }

    private static func fields(_ prediction: PropertyPrediction) -> JSONFields {
        [
            ("value", .number(prediction.value)), ("sigma", .number(prediction.sigma ?? .nan)),
            ("in_domain", prediction.isInDomain.map { .flag($0) } ?? .number(.nan)),
        ]
    }
}
